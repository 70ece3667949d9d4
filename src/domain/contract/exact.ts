import Fraction from 'fraction.js';

/**
 * An exact rational number. Everything that decides money is compared in this form: 99.9/100 in binary floats is
 * 0.9990000000000001, and a month at exactly 99.9 % would read as a breach.
 */
export type Exact = Fraction;

export const ZERO: Exact = new Fraction(0n, 1n);
export const ONE: Exact = new Fraction(1n, 1n);
export const HUNDRED: Exact = new Fraction(100n, 1n);

/** `numerator / denominator`; both must be whole numbers (safe integers or bigints), the second not zero. */
export function ratio(numerator: number | bigint, denominator: number | bigint): Exact {
  return new Fraction(BigInt(numerator), BigInt(denominator));
}

const DECIMAL = /^[+-]?\d+(\.\d+)?$/;
const FRACTION = /^[+-]?\d+\/\d*[1-9]\d*$/;

/** Whether a text is a plain decimal (`99.9`) or a fraction (`1/365`); no exponent, no repeating digits. */
export function isExactText(text: string): boolean {
  return DECIMAL.test(text) || FRACTION.test(text);
}

/** The exact value of a decimal or fraction text. Throws on anything else: texts are checked where they enter. */
export function exact(text: string): Exact {
  if (!isExactText(text)) throw new RangeError(`not a decimal or a fraction: ${JSON.stringify(text)}`);
  return new Fraction(text);
}

/** `99/100`, or `5` for a whole number. */
export function exactText(value: Exact): string {
  return value.toFraction();
}

export type RoundingMode = 'none' | 'floor' | 'half_up';

function powerOfTen(places: number): bigint {
  return 10n ** BigInt(places);
}

/** Rounds to `places` decimals. `floor` goes toward minus infinity; `half_up` sends a half away from zero. */
export function roundExact(value: Exact, places: number, mode: RoundingMode): Exact {
  if (mode === 'none') return value;
  const scale = powerOfTen(places);
  const numerator = value.s * value.n * scale;
  const scaled = mode === 'floor' ? floorDivide(numerator, value.d) : halfUpDivide(numerator, value.d);
  return new Fraction(scaled, scale);
}

function floorDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}

function halfUpDivide(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** The value with exactly `places` decimals, rounded half up: `99.895833`. */
export function fixed(value: Exact, places: number): string {
  const rounded = roundExact(value, places, 'half_up');
  const scale = powerOfTen(places);
  const whole = (rounded.n * scale) / rounded.d;
  const digits = whole.toString().padStart(places + 1, '0');
  const sign = rounded.s < 0n && whole !== 0n ? '-' : '';
  if (places === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** The shortest decimal if the value has one of at most `places` decimals (`10`, `2.5`), else `places` decimals. */
export function shortest(value: Exact, places: number): string {
  const text = fixed(value, places);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Greatest whole number not above the value. */
export function floorExact(value: Exact): bigint {
  return floorDivide(value.s * value.n, value.d);
}

/** Least whole number not below the value. */
export function ceilExact(value: Exact): bigint {
  return -floorDivide(-value.s * value.n, value.d);
}

export function minExact(a: Exact, b: Exact): Exact {
  return a.lte(b) ? a : b;
}

export function maxExact(a: Exact, b: Exact): Exact {
  return a.gte(b) ? a : b;
}

/** Sums of many fractions with few distinct denominators: numerators are added per denominator first. */
export type ExactSum = Map<number, bigint>;

/** Adds `numerator / denominator` (safe integers). */
export function addTo(sum: ExactSum, numerator: number, denominator: number): void {
  sum.set(denominator, (sum.get(denominator) ?? 0n) + BigInt(numerator));
}

function gcd(a: bigint, b: bigint): bigint {
  let x = a;
  let y = b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The sum over its least common denominator: one reduction at the end instead of one for each term. */
export function totalOf(sum: ExactSum): Exact {
  let common = 1n;
  for (const denominator of sum.keys()) {
    const d = BigInt(denominator);
    common *= d / gcd(d, common % d);
  }
  let numerator = 0n;
  for (const [denominator, part] of sum) numerator += part * (common / BigInt(denominator));
  return new Fraction(numerator, common);
}
