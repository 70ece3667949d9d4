import { createEventStreamReader } from './event-stream.ts';
import { type JsonObject, nonEmptyText, objectIn } from './json-value.ts';
import { contentText, hasToolCall, readTop, reasoningText } from './openai-fields.ts';
import { addAnswer, noteToken, type Reader, type Reading } from './reading.ts';

/**
 * Reads a streamed chat completion. A token is a non-empty piece of content, reasoning, refusal or tool call; the
 * chunk that only names the role is not one. https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function createChatStreamReader(onOverflow: () => void): Reader {
  return createEventStreamReader(readChunk, onOverflow);
}

function readChunk(reading: Reading, chunk: JsonObject, atUs: number): void {
  readTop(reading, chunk, atUs);
  const choices = chunk.choices;
  // The usage chunk has an empty list of choices.
  const choice = Array.isArray(choices) ? objectIn(choices[0]) : null;
  if (choice === null) return;
  const delta = objectIn(choice.delta);
  if (delta !== null) readDelta(reading, delta, atUs);
  const finish = choice.finish_reason;
  if (nonEmptyText(finish)) {
    reading.finishReason ??= finish;
    reading.times.finishUs ??= atUs;
    if (finish === 'error') {
      reading.error ??= { message: 'finish_reason "error"', type: null, code: null, limitSource: null };
    }
  }
}

function readDelta(reading: Reading, delta: JsonObject, atUs: number): void {
  const times = reading.times;
  if (nonEmptyText(delta.role)) times.roleUs ??= atUs;
  let token = false;
  if (reasoningText(delta) !== '') {
    times.firstReasoningUs ??= atUs;
    token = true;
  }
  const content = contentText(delta.content);
  if (content !== '') {
    times.firstContentUs ??= atUs;
    addAnswer(reading, content);
    token = true;
  }
  if (hasToolCall(delta)) {
    times.firstToolUs ??= atUs;
    reading.toolCalls = true;
    token = true;
  }
  if (nonEmptyText(delta.refusal)) {
    times.firstRefusalUs ??= atUs;
    reading.refusal = true;
    token = true;
  }
  if (token) noteToken(reading, atUs);
}
