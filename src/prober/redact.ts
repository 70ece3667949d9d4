/** Response and request headers whose value is never kept. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'api-key',
  'authorization',
  'cookie',
  'ocp-apim-subscription-key',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
  'x-goog-api-key',
]);

/**
 * Text that looks like a credential: `sk-…` and its kin (OpenAI, Anthropic, OpenRouter, Stripe), `ga_…`, Google's
 * `AIza…`, GitHub's `ghp_…`, Slack's `xoxb-…`, AWS access keys, JSON web tokens, and whatever follows "Bearer".
 */
const KEY_LIKE =
  /\b(?:(?:sk|pk|rk)[-_][\w-]{12,}|ga_[\w-]{12,}|gsk_[\w-]{12,}|AIza[\w-]{20,}|gh[pousr]_\w{20,}|xox[abeprs]-[\w-]{10,}|AKIA[A-Z0-9]{12,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)|\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/g;

/** No text shorter than this can match: "Basic" and eight characters. */
const SHORTEST_KEY = 14;

/** Cheap test that almost all text fails, so that the expression above hardly ever runs. */
const MAY_HOLD_KEY = /[sprk]k[-_]|ga_|gsk_|AIza|gh[pousr]_|xox|AKIA|eyJ|bearer|basic/i;

const REDACTED = '[redacted]';

/** Makes provider text fit to keep: without credentials and at most `maxLength` UTF-16 units long. */
export type Cleaner = (text: string, maxLength: number) => string;

/**
 * A cleaner that also removes each of the `secrets` wherever it occurs, plain or as JSON and URL encoding would write
 * it. The text is cut only after redaction, so that no half of a secret survives at the edge.
 */
export function createCleaner(secrets: readonly string[]): Cleaner {
  const forms = secrets
    // Shorter ones would redact half of every text.
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const found = [...new Set(forms)].sort((a, b) => b.length - a.length);
  const shortest = Math.min(SHORTEST_KEY, ...found.map((form) => form.length));
  return (text, maxLength) => {
    if (text.length < shortest) return text.length > maxLength ? text.slice(0, maxLength) : text;
    // A margin beyond the cut, so that a key which straddles it is still seen whole.
    let clean = text.length > maxLength + 1024 ? text.slice(0, maxLength + 1024) : text;
    for (const form of found) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
    if (MAY_HOLD_KEY.test(clean)) {
      clean = clean.replace(KEY_LIKE, (_, scheme: string | undefined) =>
        scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`,
      );
    }
    return clean.length > maxLength ? clean.slice(0, maxLength) : clean;
  };
}

/** Request headers by whose name the value is a credential. */
const SECRET_NAME = /auth|key|token|secret|cookie|password|credential/i;

/** The values of the operator's own request headers that a careless gateway must not echo into our evidence. */
export function secretHeaderValues(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => SECRET_NAME.test(name))
    .map(([, value]) => value.replace(/^(Bearer|Basic)\s+/i, ''));
}

const MAX_HEADERS = 100;
const MAX_HEADER_LENGTH = 512;

/** Headers as kept: lower-case names, at most 100 of them, values cleaned and cut at 512 characters. */
export function cleanHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  clean: Cleaner,
): Record<string, string> {
  const kept: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (count === MAX_HEADERS) break;
    count += 1;
    const lower = name.toLowerCase().slice(0, 128);
    const joined = typeof value === 'string' ? value : value.join(', ');
    // Defined, not assigned: a header may be called `__proto__`.
    Object.defineProperty(kept, lower, {
      value: SECRET_HEADERS.has(lower) ? REDACTED : clean(joined, MAX_HEADER_LENGTH),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return kept;
}
