/** Hostile JSON, taken apart without trusting its shape. */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object, or `null`. */
export function objectIn(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

export function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function nonEmptyText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

/** No answer to a canned prompt has so many tokens; a gateway that says so is not believed. */
const MOST = 1_000_000_000;

/** A whole number from 0 to a thousand million, or `null`: token counts are nothing else. */
export function countIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST ? value : null;
}

/** Parses JSON, after a byte-order mark if need be; `undefined` (which JSON cannot express) if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}
