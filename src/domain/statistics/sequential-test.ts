/**
 * Wald's sequential probability ratio test of a bad share: may be looked at after every sample without inflating its
 * error, unlike a test repeated on a growing window. Wald (1945), Annals of Mathematical Statistics 16(2). Alerts bound their
 * false alarms in another way; this stands for its published figures, which the tests hold it to.
 */
export type SequentialTest = {
  /** Share of bad samples if the objective is met, and if it is clearly missed. */
  readonly met: number;
  readonly breached: number;
  /** Chance to call a met objective breached, and a breached one met. */
  readonly falseBreach: number;
  readonly falseMet: number;
};

/** p99 objectives: 1 % allowed, 3 % clearly too many. */
export const P99_TEST: SequentialTest = { met: 0.01, breached: 0.03, falseBreach: 0.01, falseMet: 0.05 };

/** Where the log-likelihood ratio decides, and what each sample adds to it. */
export function thresholds({ met, breached, falseBreach, falseMet }: SequentialTest) {
  return {
    breached: Math.log((1 - falseMet) / falseBreach),
    met: Math.log(falseMet / (1 - falseBreach)),
    perBad: Math.log(breached / met),
    perGood: Math.log((1 - breached) / (1 - met)),
  };
}

/** The verdict after `n` samples of which `bad` were bad, if the test had not stopped before. */
export function sequentialVerdict(
  test: SequentialTest,
  n: number,
  bad: number,
): 'breached' | 'met' | 'undecided' {
  const { breached, met, perBad, perGood } = thresholds(test);
  const ratio = bad * perBad + (n - bad) * perGood;
  if (ratio >= breached) return 'breached';
  return ratio <= met ? 'met' : 'undecided';
}
