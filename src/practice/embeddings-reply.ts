import { stableHash } from '../domain/time/schedule.ts';
import { uniform } from './random.ts';
import { halfJsonScript, jsonScript, type Script } from './script.ts';
import type { Close } from './telling.ts';

/** A vector of length one that follows from the text alone. */
export function embed(text: string, dimensions: number): Float32Array {
  const key = stableHash(text);
  const vector = new Float32Array(dimensions);
  let square = 0;
  for (let index = 0; index < dimensions; index += 1) {
    const value = uniform(key, index) - 0.5;
    vector[index] = value;
    square += value * value;
  }
  const length = Math.sqrt(square);
  return vector.map((value) => value / length);
}

/** Embeddings of each input. https://platform.openai.com/docs/api-reference/embeddings/create */
export function embeddingsWhole(
  answer: {
    readonly model: string;
    readonly inputs: readonly string[];
    /** Answer without a vector. */
    readonly isEmpty: boolean;
    readonly dimensions: number;
    readonly encoding: 'float' | 'base64';
    readonly close: Close;
    readonly atUs: number;
  },
  headers: Readonly<Record<string, string>>,
): Script {
  const tokens = answer.inputs.reduce((sum, text) => sum + promptTokensOf(text), 0);
  const body = {
    object: 'list',
    model: answer.model,
    data: (answer.isEmpty ? [] : answer.inputs).map((text, index) => {
      const vector = embed(text, answer.dimensions);
      const embedding =
        answer.encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
      return { object: 'embedding', index, embedding };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  switch (answer.close) {
    case 'truncated':
    case 'broken':
    case 'stalled':
      return halfJsonScript(headers, body, answer.atUs, answer.close);
    case 'error':
      return jsonScript(
        200,
        headers,
        { error: { message: 'PracticeException - on purpose.', type: 'server_error', code: null } },
        answer.atUs,
      );
    case 'no-done':
    case 'complete':
      return jsonScript(200, headers, body, answer.atUs);
  }
}

/** A rough count: two tokens a word, and four around the whole. */
export function promptTokensOf(text: string): number {
  let words = 0;
  for (const _ of text.matchAll(/\S+/g)) words += 1;
  return 4 + 2 * words;
}
