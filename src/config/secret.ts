/**
 * A value that must not be seen: it prints as `[secret]` in text, JSON, logs and the inspector, and only `reveal`
 * gives it away. It refuses to be copied to another thread, so it cannot leave by accident either.
 */
export type Secret = {
  /** Where it came from, e.g. `environment variable GATEWAY_KEY`. Safe to print. */
  readonly origin: string;
  readonly reveal: () => string;
  readonly toString: () => string;
  readonly toJSON: () => string;
};

const HIDDEN = '[secret]';

export function createSecret(value: string, origin: string): Secret {
  const hidden = (): string => HIDDEN;
  const secret = { origin, reveal: () => value, toString: hidden, toJSON: hidden };
  Object.defineProperty(secret, Symbol.for('nodejs.util.inspect.custom'), { value: hidden });
  return Object.freeze(secret);
}

/** Shapes in which providers hand out keys, and the header value that carries one. */
const KEY_SHAPES = [
  /\b(?:sk|pk|rk|ga|gsk|xai|ghp|gho|github|xox[abp]|whsec|hf)[-_][-_A-Za-z0-9.]{16,}/g,
  /\b(?:AKIA|AIza|eyJ)[-_A-Za-z0-9.]{16,}/g,
  /\b(?:Bearer|Basic)\s+[^\s"']{8,}/gi,
];
/** User and password inside an address. */
const IN_ADDRESS = /\/\/[^\s/@:]*:[^\s/@]+@/g;

/** Keys under which a literal value is a secret whatever it looks like. */
const SECRET_NAMES = /api.?key|secret|passw|token$|authorization|cookie|credential/i;

export function looksLikeKey(text: string): boolean {
  return KEY_SHAPES.some((shape) => text.search(shape) >= 0);
}

export function looksSecret(text: string): boolean {
  return looksLikeKey(text) || text.search(IN_ADDRESS) >= 0;
}

export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name);
}

/** The last line of defence: whatever a message quotes, a key in it is not shown. */
export function withoutSecrets(text: string): string {
  return [...KEY_SHAPES, IN_ADDRESS].reduce((rest, shape) => rest.replace(shape, HIDDEN), text);
}
