import { countIn, type JsonObject, nonEmptyText, objectIn } from './json-value.ts';
import { readTop } from './openai-fields.ts';
import { noteMalformed, type Reader, type Reading } from './reading.ts';
import { createJsonReader } from './whole-body.ts';

/** Reads embeddings. `tokenChunks` counts the vectors that are not empty: without one the answer is empty. */
export function createEmbeddingsReader(): Reader {
  return createJsonReader((reading, body, atUs) => {
    readTop(reading, body, atUs);
    for (const entry of list(reading, body)) {
      const vector = objectIn(entry)?.embedding;
      if (Array.isArray(vector) ? typeof vector[0] === 'number' : nonEmptyText(vector))
        reading.tokenChunks += 1;
    }
  });
}

/** Reads `GET /models`. `tokenChunks` counts the models. */
export function createModelsReader(onModel: (id: string) => void = () => {}): Reader {
  return createJsonReader((reading, body) => {
    for (const entry of list(reading, body)) {
      const id = objectIn(entry)?.id;
      if (!nonEmptyText(id)) continue;
      reading.tokenChunks += 1;
      onModel(id);
    }
  });
}

function list(reading: Reading, body: JsonObject): readonly unknown[] {
  const data = body.data;
  if (Array.isArray(data)) return data;
  if (countIn(body.total) !== 0) noteMalformed(reading, 'a JSON object without a list of data');
  return [];
}
