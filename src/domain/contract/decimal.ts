/**
 * Reads a plain decimal such as `0.25` exactly, as `digits / 10^places`; `null` if it is none. Prices and fees come as
 * decimals, and a binary fraction would already have lost them.
 */
export function parseDecimal(text: string): { readonly digits: bigint; readonly places: number } | null {
  const match = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) return null;
  const [, whole = '', fraction = ''] = match;
  return { digits: BigInt(whole + fraction), places: fraction.length };
}

/** A decimal amount of money in nano-units (10^-9), or `null` if it is none or finer than that. */
export function parseNanos(text: string): number | null {
  const decimal = parseDecimal(text);
  if (decimal === null || decimal.places > 9) return null;
  const nanos = Number(decimal.digits * 10n ** BigInt(9 - decimal.places));
  return Number.isSafeInteger(nanos) ? nanos : null;
}
