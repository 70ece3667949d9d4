import { PRACTICE_MODELS, type PracticeModel } from '../../src/practice/models.ts';

/** The practice models at a pace no test has to wait for. */
export const BRISK_MODELS: readonly PracticeModel[] = PRACTICE_MODELS.map((model) => {
  const profile = { medianTtftMs: 3, sigma: 0.1, tailFrom: 0.99, tailShape: 4, capMs: 8, interTokenMs: 0.5 };
  return { ...model, latency: { standard: profile, pro: profile } };
});
