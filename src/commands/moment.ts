import { parseDuration } from '../domain/time/duration.ts';
import { OperatorError } from './world.ts';

/** An instant as a person gives it: RFC 3339 with an offset, or a duration from now such as `90m`. Epoch ms. */
export function readMoment(text: string, now: number, option: string): number {
  const wait = parseDuration(text);
  if (wait !== null) return now + wait;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(at)) {
    throw new OperatorError(
      `${option}: expected a time such as 2026-11-03T22:00:00Z, or a duration from now such as 90m; found ${JSON.stringify(text)}`,
    );
  }
  return at;
}

/** A duration such as `90m`, ms. */
export function readDuration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms <= 0) {
    throw new OperatorError(
      `${option}: expected a duration such as 90m or 2d; found ${JSON.stringify(text)}`,
    );
  }
  return ms;
}
