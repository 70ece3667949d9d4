import { invalid, type Refusal } from './refusal.ts';

/** What the request bodies of all operations have in common, read as leniently as gateways do. */
export type QuestionBody = {
  readonly model: string;
  /** The texts of the last question, or the inputs of an embedding. */
  readonly texts: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly limit: number;
  readonly dimensions: number;
  readonly encoding: 'float' | 'base64';
};

export const MOST_DIMENSIONS = 1024;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of a message's content, a string or a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (isRecord(part) && typeof part.text === 'string' ? part.text : ''))
    .join('');
}

function wholeNumber(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

/** The texts asked about, whichever of `messages` and `input` the operation uses; `null` if there are none. */
function textsOf(body: Readonly<Record<string, unknown>>, field: 'messages' | 'input'): string[] | null {
  const value = body[field];
  if (typeof value === 'string' && field === 'input') return [value];
  if (!Array.isArray(value) || value.length === 0) return null;
  return value.map((item: unknown) => (isRecord(item) ? textOf(item.content) : textOf(item)));
}

/** Reads a request's body; a refusal says what is wrong with it. */
export function readQuestion(
  text: string,
  field: 'messages' | 'input',
):
  | { readonly kind: 'question'; readonly body: QuestionBody }
  | { readonly kind: 'refused'; readonly refusal: Refusal } {
  const refused = (refusal: Refusal): { kind: 'refused'; refusal: Refusal } => ({ kind: 'refused', refusal });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refused(invalid('The body is not JSON.'));
  }
  if (!isRecord(body)) return refused(invalid('The body is not a JSON object.'));
  const model = body.model;
  if (typeof model !== 'string' || model === '') return refused(invalid('You must give a model.', 'model'));
  const texts = textsOf(body, field);
  if (texts === null) return refused(invalid(`You must give ${field}.`, field));
  const options = body.stream_options;
  return {
    kind: 'question',
    body: {
      model,
      texts,
      stream: body.stream === true,
      includeUsage: isRecord(options) && options.include_usage === true,
      limit: wholeNumber(
        body.max_tokens ?? body.max_completion_tokens ?? body.max_output_tokens,
        Number.MAX_SAFE_INTEGER,
      ),
      dimensions: Math.min(MOST_DIMENSIONS, wholeNumber(body.dimensions, MOST_DIMENSIONS)),
      encoding: body.encoding_format === 'base64' ? 'base64' : 'float',
    },
  };
}
