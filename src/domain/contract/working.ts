import { type Exact, exactText, fixed, HUNDRED } from './exact.ts';

/** One line of arithmetic that a reader can redo with a pencil. */
export type Step = { readonly label: string; readonly working: string; readonly value: string };

export function step(label: string, working: string, value: string): Step {
  return { label, working, value };
}

/** A comparison as people write it. */
export function signOf(comparator: '<' | '<=' | '>' | '>='): string {
  return comparator.replace('>=', '≥').replace('<=', '≤');
}

/** `44,640`. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function percentText(share: Exact | null): string {
  return share === null ? '—' : `${fixed(share.mul(HUNDRED), 6)} %`;
}

/** At most three decimals, none that are zero. */
export function fixedShort(value: Exact): string {
  const text = fixed(value, 3).replace(/\.?0+$/, '');
  return text === '' ? '0' : text;
}

/** A whole number or fraction in full while it is short, else rounded to six decimals. */
export function shortExact(value: Exact): string {
  const text = exactText(value);
  return text.length <= 24 ? text : `≈ ${fixed(value, 6)}`;
}

export function spanText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
