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
export type Cleaner = {
  (text: string, maxLength: number): string;
  /**
   * The same for a piece cut out of a longer text, at whose ends the half of a secret may stand: that goes too. Keeps
   * the `first` or the `last` units of it.
   */
  readonly cut: (piece: string, maxLength: number, keep: 'first' | 'last') => string;
  /** A piece that holds so much more than is kept shows a secret at the edge of what is kept whole. */
  readonly margin: number;
};

/**
 * A cleaner that also removes each of the `secrets` wherever it occurs, plain or as JSON and URL encoding would write
 * it. No half of a secret survives where a text is cut.
 */
export function createCleaner(secrets: readonly string[]): Cleaner {
  const forms = secrets
    // Shorter ones would redact half of every text.
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const found = [...new Set(forms)].sort((a, b) => b.length - a.length);
  const shortest = Math.min(SHORTEST_KEY, ...found.map((form) => form.length));
  const margin = Math.max(1024, ...found.map((form) => form.length));

  const redact = (text: string): string => {
    let clean = text;
    for (const form of found) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
    if (!MAY_HOLD_KEY.test(clean)) return clean;
    return clean.replace(KEY_LIKE, (_, scheme: string | undefined) =>
      scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`,
    );
  };
  const cut: Cleaner['cut'] = (piece, maxLength, keep) => {
    const clean = withoutHalves(redact(piece), found);
    return keep === 'first' ? clean.slice(0, maxLength) : clean.slice(Math.max(0, clean.length - maxLength));
  };
  const clean = (text: string, maxLength: number): string => {
    if (text.length < shortest) return text.length > maxLength ? text.slice(0, maxLength) : text;
    if (text.length > maxLength + margin) return cut(text.slice(0, maxLength + margin), maxLength, 'first');
    const redacted = redact(text);
    return redacted.length > maxLength ? redacted.slice(0, maxLength) : redacted;
  };
  return Object.assign(clean, { cut, margin });
}

/** So few characters of a secret give nothing away, and ordinary text would often end with them. */
const HARMLESS = 5;

function withoutHalves(text: string, secrets: readonly string[]): string {
  let from = 0;
  let to = text.length;
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > HARMLESS; length -= 1) {
      if (text.endsWith(secret.slice(0, length))) to = Math.min(to, text.length - length);
      if (text.startsWith(secret.slice(-length))) from = Math.max(from, length);
    }
  }
  return text.slice(from, Math.max(from, to));
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
    const lower = clean(name, 128).toLowerCase();
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
