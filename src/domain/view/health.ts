import { countsForAvailability, OUTCOMES, type Outcome, type Validity } from '../measure/outcome.ts';

/**
 * How a target does at this moment, as one of a closed list. It says nothing about the contract: a target may be
 * up and its month lost, or down and its month safe.
 */
export const HEALTHS = {
  up: { word: 'Up', means: 'the last attempt was answered, and none failed in the last ten minutes' },
  unsteady: {
    word: 'Unsteady',
    means: 'the last attempt was answered, but others failed in the last ten minutes',
  },
  failing: { word: 'Failing', means: 'the last attempt failed; not yet confirmed by two more' },
  down: { word: 'Down', means: 'the last three attempts failed' },
  unmeasured: {
    word: 'Not measured',
    means: 'no attempt that says anything about the target for three intervals',
  },
  waiting: { word: 'Waiting', means: 'nothing has been measured yet' },
} as const;
export type Health = keyof typeof HEALTHS;

/** Worst first: what a reader must see before the rest. */
export const HEALTH_ORDER: readonly Health[] = ['down', 'failing', 'unsteady', 'unmeasured', 'waiting', 'up'];

const STEADY_AFTER_MS = 600_000;
export const CONFIRMED_BY = 3;

/** What health needs to know of an attempt. */
export type Attempted = {
  readonly scheduledAt: number;
  readonly outcome: Outcome;
  readonly validity: Validity;
};

/** Does the attempt say whether the target answers? */
export function isTelling(attempt: Attempted): boolean {
  return countsForAvailability(attempt.validity) && OUTCOMES[attempt.outcome].counts !== 'excluded';
}

export function isFailed(attempt: Attempted): boolean {
  return isTelling(attempt) && OUTCOMES[attempt.outcome].counts === 'bad';
}

/**
 * Judges a target by its latest attempts of any purpose, newest first. `lastFailedAt` is the tick of the latest
 * failure known, also if it is not among `attempts`; `staleAfterMs` is how long an attempt tells of the present.
 */
export function healthOf(
  attempts: readonly Attempted[],
  lastFailedAt: number | null,
  staleAfterMs: number,
  now: number,
): Health {
  if (attempts.length === 0) return 'waiting';
  const telling = attempts.filter(isTelling);
  const last = telling[0];
  if (last === undefined || now - last.scheduledAt > staleAfterMs) return 'unmeasured';
  if (isFailed(last)) {
    const run = telling.slice(0, CONFIRMED_BY);
    return run.length === CONFIRMED_BY && run.every(isFailed) ? 'down' : 'failing';
  }
  return lastFailedAt !== null && now - lastFailedAt <= STEADY_AFTER_MS ? 'unsteady' : 'up';
}
