import canonicalize from 'canonicalize';

/** The one text of a JSON value that everybody arrives at. RFC 8785. Throws on what is no JSON, e.g. `NaN`. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value is no JSON');
  return text;
}
