import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { isObject, type JsonObject, parseJson } from './json-value.ts';
import { errorIn, errorInFailure } from './openai-fields.ts';
import { newReading, noteMalformed, type Reader, type Reading } from './reading.ts';

/** No single event of a chat answer to a short prompt is near this long. */
const MAX_EVENT_CHARS = 256 * 1024;

/** What to do with one event that is a JSON object without an error. */
export type OnEvent = (reading: Reading, event: JsonObject, atUs: number) => void;

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) whose data are JSON
 * objects, ended by `[DONE]`. Errors inside the stream are found whatever the operation is.
 *
 * @param onOverflow called once if an event grows beyond `MAX_EVENT_CHARS`
 */
export function createEventStreamReader(onEvent: OnEvent, onOverflow: () => void): Reader {
  const reading = newReading();
  let now = 0;
  let overflown = false;
  /** The beginning of the text: all there is to go by when no event was found in it. */
  let opening = '';
  let ended = false;

  const take = (message: EventSourceMessage): void => {
    reading.times.firstEventUs ??= now;
    reading.chunks += 1;
    const data = message.data.trim();
    if (data === '[DONE]') {
      if (ended) reading.lenientTerminator = true;
      reading.doneSeen = true;
      reading.times.doneUs ??= now;
      return;
    }
    const event = parseJson(data);
    // Half an event at the end was cut off; a whole one only lacks its blank line.
    if (ended && event !== undefined) reading.lenientTerminator = true;
    const error = message.event === 'error' ? (errorInFailure(event) ?? textError(data)) : errorIn(event);
    if (error !== null) {
      reading.error ??= error;
      // OpenRouter's last chunk carries the error beside an ordinary choice: read that too.
      if (!isObject(event) || !Array.isArray(event.choices)) return;
    }
    if (isObject(event)) onEvent(reading, event, now);
    else noteMalformed(reading, `event ${reading.chunks} is not a JSON object`);
  };

  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: take,
    onComment() {
      reading.times.firstCommentUs ??= now;
      reading.comments += 1;
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') overflown = true;
      else if (error.type === 'unknown-field') noteMalformed(reading, 'a line that is no server-sent event');
    },
  });

  const feed = (piece: string): void => {
    if (overflown) return;
    parser.feed(piece);
    if (overflown) onOverflow();
  };

  return {
    reading,
    text(piece, atUs) {
      now = atUs;
      if (reading.chunks === 0 && opening.length < MAX_EVENT_CHARS) opening += piece;
      feed(piece);
      if (reading.chunks > 0) opening = '';
    },
    end(atUs) {
      now = atUs;
      ended = true;
      // A last event without its blank line would be lost: senders that forget it are common.
      feed('\n\n');
      if (reading.chunks > 0 || opening.trim() === '') return;
      const body = parseJson(opening);
      reading.error = errorIn(body);
      if (reading.comments === 0) noteMalformed(reading, 'no server-sent event in the body');
    },
  };
}

function textError(data: string): { message: string; type: null; code: null; limitSource: null } {
  return { message: data, type: null, code: null, limitSource: null };
}
