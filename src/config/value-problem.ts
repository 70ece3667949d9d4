import { exact } from '../domain/contract/exact.ts';
import type { Path } from './yaml-source.ts';

/** A problem in a value, before anybody knows its line. */
export type ValueProblem = {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** What is wrong: the value (if not said otherwise) or the key that leads to it. */
  readonly of?: 'key';
  /** What was found and what was expected. */
  readonly message: string;
};

export function error(path: Path, message: string): ValueProblem {
  return { severity: 'error', path, message };
}

export function warning(path: Path, message: string): ValueProblem {
  return { severity: 'warning', path, message };
}

/** A percentage up to 100, from or above 0. */
export function checkPercent(
  value: string | number | null | undefined,
  path: Path,
  least: 'zero' | 'more',
): ValueProblem[] {
  if (value == null) return [];
  const percent = exact(String(value));
  const isLow = least === 'zero' ? percent.lt(0) : percent.lte(0);
  if (!isLow && percent.lte(100)) return [];
  const lower = least === 'zero' ? 'from 0' : 'above 0';
  return [error(path, `must be a percentage ${lower} to 100, found ${value}`)];
}

/** More than nothing. */
export function checkAboveZero(value: string | number, path: Path): ValueProblem[] {
  return exact(String(value)).lte(0) ? [error(path, `must be above 0, found ${value}`)] : [];
}
