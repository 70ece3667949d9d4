import { type JsonObject, nonEmptyText, objectIn } from './json-value.ts';
import { contentText, hasToolCall, readTop, reasoningText } from './openai-fields.ts';
import { addAnswer, noteMalformed, type Reader, type Reading } from './reading.ts';
import { createJsonReader } from './whole-body.ts';

/** Reads a chat completion that came in one piece: it has an end, but no time to first token. */
export function createChatJsonReader(): Reader {
  return createJsonReader(readCompletion);
}

function readCompletion(reading: Reading, body: JsonObject, atUs: number): void {
  readTop(reading, body, atUs);
  const choices = body.choices;
  const choice = Array.isArray(choices) ? objectIn(choices[0]) : null;
  const message = objectIn(choice?.message);
  if (choice === null || message === null) {
    if (!Array.isArray(choices)) noteMalformed(reading, 'a JSON object without choices');
    return;
  }
  const content = contentText(message.content);
  addAnswer(reading, content);
  reading.toolCalls = hasToolCall(message);
  reading.refusal = nonEmptyText(message.refusal);
  if (content !== '' || reasoningText(message) !== '' || reading.toolCalls || reading.refusal) {
    reading.tokenChunks = 1;
  }
  const finish = choice.finish_reason;
  if (nonEmptyText(finish)) {
    reading.finishReason = finish;
    reading.times.finishUs = atUs;
    if (finish === 'error') {
      reading.error = { message: 'finish_reason "error"', type: null, code: null, limitSource: null };
    }
  }
}
