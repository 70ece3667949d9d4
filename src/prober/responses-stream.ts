import { createEventStreamReader } from './event-stream.ts';
import { type JsonObject, nonEmptyText, objectIn, textIn } from './json-value.ts';
import { errorIn, errorInFailure, readTop } from './openai-fields.ts';
import { addAnswer, noteToken, type Reader, type Reading } from './reading.ts';

/** Which delta events carry tokens, and of what kind. */
const DELTAS: Readonly<Record<string, 'content' | 'reasoning' | 'tool' | 'refusal'>> = {
  'response.output_text.delta': 'content',
  'response.reasoning_text.delta': 'reasoning',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.function_call_arguments.delta': 'tool',
  'response.custom_tool_call_input.delta': 'tool',
  'response.refusal.delta': 'refusal',
};

/** The terminal events. There is no `[DONE]`: one of these ends the answer. */
const TERMINALS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/**
 * Reads a streamed answer of the Responses API. Its status is told in the words of chat completions: `completed` is
 * finish reason `stop`, `incomplete` for `max_output_tokens` is `length`, for `content_filter` is `content_filter`.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
export function createResponsesReader(onOverflow: () => void): Reader {
  return createEventStreamReader(readEvent, onOverflow);
}

function readEvent(reading: Reading, event: JsonObject, atUs: number): void {
  const type = textIn(event.type) ?? '';
  if (nonEmptyText(event.obfuscation)) reading.obfuscated = true;
  const kind = DELTAS[type];
  if (kind !== undefined) {
    if (nonEmptyText(event.delta)) readDelta(reading, kind, event.delta, atUs);
    return;
  }
  if (type === 'response.output_item.added') {
    const item = objectIn(event.item);
    // The counterpart of a chat stream's role chunk: it announces a message, it carries no token.
    if (item?.type === 'message') reading.times.roleUs ??= atUs;
    if (item?.type === 'function_call' && nonEmptyText(item.name)) {
      readDelta(reading, 'tool', item.name, atUs);
    }
    return;
  }
  const response = objectIn(event.response);
  if (response === null) return;
  readTop(reading, response, atUs);
  if (TERMINALS.has(type)) readTerminal(reading, type, response, atUs);
}

function readDelta(
  reading: Reading,
  kind: 'content' | 'reasoning' | 'tool' | 'refusal',
  delta: string,
  atUs: number,
): void {
  const times = reading.times;
  switch (kind) {
    case 'content':
      times.firstContentUs ??= atUs;
      addAnswer(reading, delta);
      break;
    case 'reasoning':
      times.firstReasoningUs ??= atUs;
      break;
    case 'tool':
      times.firstToolUs ??= atUs;
      reading.toolCalls = true;
      break;
    case 'refusal':
      times.firstRefusalUs ??= atUs;
      reading.refusal = true;
      break;
  }
  noteToken(reading, atUs);
}

function readTerminal(reading: Reading, type: string, response: JsonObject, atUs: number): void {
  reading.doneSeen = true;
  reading.times.doneUs ??= atUs;
  reading.times.finishUs ??= atUs;
  if (type === 'response.completed') {
    reading.finishReason ??= 'stop';
  } else if (type === 'response.incomplete') {
    const reason = textIn(objectIn(response.incomplete_details)?.reason);
    reading.finishReason ??= reason === 'max_output_tokens' ? 'length' : (reason ?? 'length');
  } else {
    reading.finishReason ??= 'error';
    reading.error ??= errorIn(response) ??
      errorInFailure(response) ?? { message: type, type: null, code: null, limitSource: null };
  }
}
