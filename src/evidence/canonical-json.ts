import canonicalize from 'canonicalize';

/** The one text of a JSON value that everybody arrives at. RFC 8785. Throws on what is no JSON, e.g. `NaN`. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value is no JSON');
  return text;
}

/** The same text in pieces, one for each value `depth` levels down: a whole report takes many megabytes. */
export function* canonicalPieces(value: unknown, depth: number): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) {
    yield canonicalJson(value);
    return;
  }
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  const keys = Object.keys(value);
  // By UTF-16 code units, as RFC 8785 says; those of a list are in order as they are.
  if (!isList) keys.sort();
  for (const key of keys) {
    yield isList ? before : `${before}${canonicalJson(key)}:`;
    yield* canonicalPieces((value as Readonly<Record<string, unknown>>)[key], depth - 1);
    before = ',';
  }
  if (keys.length === 0) yield before;
  yield isList ? ']' : '}';
}
