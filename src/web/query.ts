import type { Request } from 'express';
import { parseInstant } from '../domain/time/period.ts';
import { AppError } from './app-error.ts';

/** One value of the query string; absent and empty are the same. Given twice is the caller's mistake. */
export function textOf(request: Request, name: string, maxLength = 2_000): string | null {
  const value: unknown = request.query[name];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string') throw new AppError('invalid', `${name} must be given once`);
  if (value.length > maxLength) {
    throw new AppError('invalid', `${name} has ${value.length} characters; at most ${maxLength} are allowed`);
  }
  return value;
}

/** An instant: ISO 8601 with a zone, of a day that the calendar has, or whole milliseconds since 1970. */
export function instantOf(request: Request, name: string): number | null {
  const text = textOf(request, name, 40);
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? parseInstant(text, 'UTC')
    : null;
  if (at === null) {
    throw new AppError(
      'invalid',
      `${name} must be an instant such as 2026-10-03T14:00:00Z or milliseconds since 1970`,
    );
  }
  return at;
}

export function wholeNumberOf(request: Request, name: string, least: number, most: number): number | null {
  const text = textOf(request, name, 20);
  if (text === null) return null;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new AppError('invalid', `${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
