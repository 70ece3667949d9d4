import { isObject, type JsonObject, parseJson } from './json-value.ts';
import { errorIn, errorInFailure } from './openai-fields.ts';
import { newReading, noteMalformed, type Reader, type Reading } from './reading.ts';

/** What to do with a whole answer that is a JSON object without an error. */
export type OnBody = (reading: Reading, body: JsonObject, atUs: number) => void;

/** Reads an answer that is one JSON object. */
export function createJsonReader(onBody: OnBody): Reader {
  const reading = newReading();
  const pieces: string[] = [];
  return {
    reading,
    text(piece) {
      pieces.push(piece);
    },
    end(atUs) {
      const text = pieces.join('');
      if (text.trim() === '') return;
      const body = parseJson(text);
      reading.error = errorIn(body);
      if (reading.error !== null) return;
      if (isObject(body)) onBody(reading, body, atUs);
      else
        noteMalformed(reading, body === undefined ? 'the body is not JSON' : 'the body is not a JSON object');
    },
  };
}

/** Reads an answer that says by its status or type that it is not what was asked for: only an error is looked for. */
export function createFailureReader(malformed: string | null): Reader {
  const reading = newReading();
  const pieces: string[] = [];
  return {
    reading,
    text(piece) {
      pieces.push(piece);
    },
    end() {
      const body = parseJson(pieces.join(''));
      reading.error = malformed === null ? errorInFailure(body) : errorIn(body);
      if (reading.error === null && malformed !== null) noteMalformed(reading, malformed);
    },
  };
}
