import type { CellEvaluation, Failure } from '../../domain/alert/alert.ts';
import type { Reading } from '../../domain/alert/down-rule.ts';
import type { Store } from '../../store/store.ts';

export type RequestIds = {
  /** The evaluations with the request ids of the newest failures filled in, those of bad cells before others. */
  readonly complete: (
    evaluations: readonly CellEvaluation[],
    readingsOf: (target: string) => readonly Reading[],
  ) => Promise<readonly CellEvaluation[]>;
};

/** Evidence is looked up for so many failures at once: a message shows ten. */
const LOOKUPS = 30;
const KEPT = 2_000;
/** Ids of the provider first: it is the one who must find the request. */
const PREFERRED = ['x-request-id', 'request-id', 'x-litellm-call-id', 'cf-ray'];

/** Looks up what was kept of failed attempts, each once. */
export function createRequestIds(store: Pick<Store, 'readEvidence'>): RequestIds {
  const known = new Map<string, string | null>();

  const lookUp = async (target: string, reading: Reading): Promise<string | null> => {
    const { probe, region, at, purpose } = reading;
    const key = `${target}\n${probe}\n${region}\n${at}\n${purpose}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const evidence = await store.readEvidence({ target, probe, region, scheduledAt: at, purpose });
    const ids = evidence?.requestIds ?? {};
    const name = PREFERRED.find((one) => ids[one] !== undefined) ?? Object.keys(ids).sort()[0];
    const id = name === undefined ? null : (ids[name] ?? null);
    known.set(key, id);
    const [oldest] = known.keys();
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
    return id;
  };

  return {
    async complete(evaluations, readingsOf) {
      const wanted = evaluations
        .filter(({ verdict }) => verdict === 'bad' || verdict === 'good')
        .flatMap(({ cell, verdict, facts }) =>
          facts.failures.map((failure) => ({ cell, isBad: verdict === 'bad', failure })),
        )
        .sort((a, b) => Number(b.isBad) - Number(a.isBad) || b.failure.at - a.failure.at)
        .slice(0, LOOKUPS);
      const found = new Map<Failure, string | null>();
      for (const { cell, failure } of wanted) {
        const reading = readingsOf(cell).find(
          (one) => one.at === failure.at && one.region === failure.region && one.outcome === failure.outcome,
        );
        if (reading !== undefined) found.set(failure, await lookUp(cell, reading));
      }
      if (found.size === 0) return evaluations;
      return evaluations.map((one) => ({
        ...one,
        facts: {
          ...one.facts,
          failures: one.facts.failures.map((failure) => ({
            ...failure,
            requestId: found.get(failure) ?? failure.requestId,
          })),
        },
      }));
    },
  };
}
