import {
  byLeastEarned,
  type ComparedPair,
  type CompareView,
  type LatencyMetric,
  tierSampleOf,
  verdictOn,
} from '../domain/compare-view.ts';
import type { StatusView, TargetView } from '../domain/status-view.ts';
import { compareTiers, type TierSample } from '../domain/tier-comparison.ts';
import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';

export const COMPARED_MS = 86_400_000;
/** So much is read at once: a few milliseconds of rows, however many targets there are. */
const PIECE_MS = 600_000;
const FRESH_MS = 300_000;
/** An answer may come this long after its tick. */
const SETTLE_MS = 90_000;
/** A reader waits this long for a comparison under way before being shown what there is of it. */
const PATIENCE_MS = 400;
const DRAWS = 1_000;
/** The same samples give the same verdict. */
const SEED = 20_261;

/** Times of one target in one piece: instant and time in ms by turns; not a number where the attempt failed. */
type Piece = ReadonlyMap<string, Float64Array>;
type Pair = { readonly dearer: TargetView; readonly cheaper: TargetView; readonly metric: LatencyMetric };

export type Comparisons = {
  /** The last comparison, or as much of the one under way as is done. Starts one if the last is no longer fresh. */
  readonly read: (view: StatusView) => Promise<CompareView>;
};

/**
 * Compares the tiers of every model over the last day, in small pieces with room for others in between, when somebody
 * looks and at most once in five minutes. Pieces that are over are read once.
 */
export function createComparisons(
  store: Pick<Store, 'readDecided'>,
  priceOf: (target: string) => number | null,
  onFault: (error: unknown) => void,
): Comparisons {
  const pieces = new Map<number, Piece>();
  let shown: CompareView | null = null;
  let underWay: Promise<void> | null = null;

  const readPieces = async (fromAt: number, toAt: number, metrics: Metrics): Promise<void> => {
    for (const at of pieces.keys()) if (at < fromAt || at >= toAt) pieces.delete(at);
    for (let at = toAt - PIECE_MS; at >= fromAt; at -= PIECE_MS) {
      if (pieces.has(at)) continue;
      const { byTarget } = await store.readDecided(at, at + PIECE_MS);
      pieces.set(at, pieceOf(byTarget, metrics));
      await breathe();
    }
  };

  const compareAll = async (view: StatusView): Promise<void> => {
    const pairs = pairsOf(view);
    const toAt = Math.floor((view.at - SETTLE_MS) / PIECE_MS) * PIECE_MS;
    const fromAt = toAt - COMPARED_MS;
    const metrics: Metrics = new Map(
      view.targets.map((target) => [target.id, { ...leadOf(target), metric: metricOf(target) }]),
    );
    const { targets: _all, ...status } = view;
    await readPieces(fromAt, toAt, metrics);
    const done: ComparedPair[] = [];
    for (const pair of pairs) {
      done.push(comparePair(pair, pieces, priceOf));
      // Until this comparison is whole, an earlier whole one says more.
      if (shown === null || shown.pairs.length < shown.expected || done.length === pairs.length) {
        shown = { status, fromAt, toAt, expected: pairs.length, pairs: done.toSorted(byLeastEarned) };
      }
      await breathe();
    }
    if (pairs.length === 0) shown = { status, fromAt, toAt, expected: 0, pairs: [] };
  };

  return {
    read: async (view) => {
      const age = shown === null ? Number.POSITIVE_INFINITY : view.at - shown.status.at;
      const isFresh = shown !== null && shown.pairs.length === shown.expected && age >= 0 && age < FRESH_MS;
      if (!isFresh && underWay === null) {
        underWay = compareAll(view)
          .catch(onFault)
          .finally(() => {
            underWay = null;
          });
      }
      if (underWay !== null && !isFresh) await Promise.race([underWay, patience()]);
      const { targets: _all, ...status } = view;
      return shown === null
        ? { status, fromAt: view.at - COMPARED_MS, toAt: view.at, expected: pairsOf(view).length, pairs: [] }
        : { ...shown, status };
    },
  };
}

type Metrics = ReadonlyMap<
  string,
  { readonly probe: string | null; readonly region: string | null; readonly metric: LatencyMetric }
>;

function leadOf(target: TargetView) {
  const lead = target.series[0];
  return { probe: lead?.probe ?? null, region: lead?.region ?? null };
}

/** Embeddings and answers that are not streamed have no first token. */
function metricOf(target: TargetView): LatencyMetric {
  const lead = target.series[0];
  return lead !== undefined && lead.ttft === null && lead.total !== null ? 'total' : 'ttft';
}

/** Every tier of a model against the first one of the configuration that offers it. */
function pairsOf(view: StatusView): Pair[] {
  const models = Map.groupBy(view.targets, (target) => `${target.gateway}\n${target.model}`);
  return [...models.values()].flatMap((targets) => {
    const [cheaper, ...dearer] = view.tiers.flatMap(
      (tier) => targets.find((target) => target.tier === tier) ?? [],
    );
    return cheaper === undefined
      ? []
      : dearer.map((target) => ({ dearer: target, cheaper, metric: metricOf(target) }));
  });
}

function pieceOf(byTarget: Awaited<ReturnType<Store['readDecided']>>['byTarget'], metrics: Metrics): Piece {
  const piece = new Map<string, Float64Array>();
  for (const [target, attempts] of byTarget) {
    const wanted = metrics.get(target);
    if (wanted === undefined) continue;
    const values: number[] = [];
    for (const attempt of attempts) {
      if (attempt.probe !== wanted.probe || attempt.region !== wanted.region) continue;
      const sample = tierSampleOf(attempt, wanted.metric);
      if (sample !== null) values.push(sample.at, sample.ms ?? Number.NaN);
    }
    piece.set(target, Float64Array.from(values));
  }
  return piece;
}

function samplesOf(target: string, pieces: ReadonlyMap<number, Piece>): TierSample[] {
  const samples: TierSample[] = [];
  for (const piece of pieces.values()) {
    const values = piece.get(target) ?? [];
    for (let index = 0; index < values.length; index += 2) {
      const ms = values[index + 1] ?? Number.NaN;
      samples.push({ at: values[index] ?? 0, ms: Number.isNaN(ms) ? null : ms });
    }
  }
  return samples;
}

function comparePair(
  { dearer, cheaper, metric }: Pair,
  pieces: ReadonlyMap<number, Piece>,
  priceOf: (target: string) => number | null,
): ComparedPair {
  const tierOf = (target: TargetView) => ({
    name: target.tier,
    samples: samplesOf(target.id, pieces),
    price: priceOf(target.id),
  });
  const limit = metric === 'ttft' ? dearer.commitment?.ttftP99 : dearer.commitment?.totalP99;
  const comparison = compareTiers(tierOf(dearer), tierOf(cheaper), {
    thresholdMs: limit == null ? null : limit.mostUs / 1000,
    seed: SEED,
    draws: DRAWS,
  });
  return {
    gateway: dearer.gateway,
    model: dearer.model,
    targets: [dearer.id, cheaper.id],
    metric,
    verdict: verdictOn(comparison),
    comparison,
  };
}

function patience(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS).unref();
  });
}
