import { countsAlike } from '../domain/live/live-plan.ts';
import { bucketIndex, highestOf } from '../domain/statistics/latency-histogram.ts';
import { compareBlocks } from '../domain/statistics/tier-comparison.ts';
import {
  byLeastEarned,
  COMPARE_SPANS,
  type ComparedPair,
  type CompareSpan,
  type CompareView,
  type LatencyMetric,
  tierSampleOf,
  verdictOn,
} from '../domain/view/compare-view.ts';
import { isCounting, type StatusView, type TargetView } from '../domain/view/status-view.ts';
import type { Store } from '../store/store.ts';
import { breathe } from './breathe.ts';
import type { CountingOf } from './context.ts';
import { readStoredTiers } from './stored-tiers.ts';

const COMPARED_MS = 86_400_000;
/** So much is read at once: a few milliseconds of rows, however many targets there are. */
const PIECE_MS = 600_000;
const HOUR_MS = 3_600_000;
/** What is drawn again as a whole: long enough for outages to stay together, short enough for some two dozen. */
const BLOCK_MS = { '7d': 6 * HOUR_MS, '30d': 24 * HOUR_MS } as const;
const FRESH_MS = { '24h': 300_000, '7d': 1_800_000, '30d': 1_800_000 } as const;
/** While the past is still being written or counted, a comparison is soon out of date. */
const PRELIMINARY_MS = 15_000;
/** An answer may come this long after its tick. */
const SETTLE_MS = 90_000;
/** A reader waits this long for a comparison under way before being shown what there is of it. */
const PATIENCE_MS = 400;
const DRAWS = 1_000;
/** The same samples give the same verdict. */
const SEED = 20_261;

/** One and the same for all who ask before anything is compared: answers are told apart by what they show. */
const NO_PAIRS: readonly ComparedPair[] = [];

/** Times of one target in one piece: instant and time in ms by turns; not a number where the attempt failed. */
type Piece = ReadonlyMap<string, Float64Array>;
type Pair = { readonly dearer: TargetView; readonly cheaper: TargetView; readonly metric: LatencyMetric };
type Blocks = ReadonlyMap<number, Float64Array>;

/** The requests of a span, however they were had. */
type Requests = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly blocksOf: (target: string) => Blocks;
  /** The limit to count against, given the contract's in µs: one at which these requests can be counted exactly. */
  readonly thresholdMs: (limitUs: number) => number;
  /** Why two tiers cannot be compared by these requests; `null`: they can. */
  readonly obstacle: (pair: Pair) => string | null;
};

export type Comparisons = {
  /** The last comparison, or as much of the one under way as is done. Starts one if the last is no longer fresh. */
  readonly read: (view: StatusView, span: CompareSpan) => Promise<CompareView>;
  /** Something was recorded for a tick at `at` or later. */
  readonly touched: (at: number) => void;
  /** The past was rewritten: nothing that was read or compared before is believed. */
  readonly forget: () => void;
};

/**
 * Compares the tiers of every model, in small pieces with room for others in between, when somebody looks, and each span
 * at most once in minutes.
 */
export function createComparisons(
  store: Pick<Store, 'readDecided' | 'readBuckets' | 'readDirty'>,
  priceOf: (target: string) => number | null,
  countingOf: CountingOf,
  onFault: (error: unknown) => void,
): Comparisons {
  let pieces = new Map<number, Piece>();
  const lastDay = (view: StatusView) => readLastDay(store, pieces, view);
  const stored = (view: StatusView, span: '7d' | '30d') => readStored(store, countingOf, view, span);
  const compare = (span: CompareSpan) =>
    createComparison(span, (view) => (span === '24h' ? lastDay(view) : stored(view, span)), priceOf, onFault);
  const bySpan = { '24h': compare('24h'), '7d': compare('7d'), '30d': compare('30d') };
  return {
    read: (view, span) => bySpan[span].read(view),
    touched: (at) => {
      for (const from of pieces.keys()) if (from + PIECE_MS > at) pieces.delete(from);
    },
    forget: () => {
      // One that is being read goes on with its own.
      pieces = new Map();
      for (const one of Object.values(bySpan)) one.forget();
    },
  };
}

/** One span, compared again when it is asked for and no longer fresh; never twice at once. */
function createComparison(
  span: CompareSpan,
  readRequests: (view: StatusView) => Promise<Requests>,
  priceOf: (target: string) => number | null,
  onFault: (error: unknown) => void,
): { readonly read: (view: StatusView) => Promise<CompareView>; readonly forget: () => void } {
  let shown: CompareView | null = null;
  let underWay: Promise<void> | null = null;
  /** What is shown was made before something that changes it: it stands until there is another. */
  let isOutdated = false;

  const compareAll = async (view: StatusView): Promise<void> => {
    const pairs = pairsOf(view);
    const { targets: _all, ...status } = view;
    isOutdated = false;
    const requests = await readRequests(view);
    const { fromAt, toAt } = requests;
    const done: ComparedPair[] = [];
    for (const pair of pairs) {
      done.push(comparePair(pair, requests, priceOf));
      // Until this comparison is whole, an earlier whole one says more.
      if (shown === null || shown.pairs.length < shown.expected || done.length === pairs.length) {
        shown = { status, span, fromAt, toAt, expected: pairs.length, pairs: done.toSorted(byLeastEarned) };
      }
      await breathe();
    }
    if (pairs.length === 0) shown = { status, span, fromAt, toAt, expected: 0, pairs: [] };
  };

  const isFreshAt = (view: StatusView): boolean => {
    if (shown === null || isOutdated || shown.pairs.length !== shown.expected) return false;
    // The plan has changed; at a start there was none yet.
    if (shown.expected !== pairsOf(view).length) return false;
    const age = view.at - shown.status.at;
    return age >= 0 && age < (isCounting(shown.status) ? PRELIMINARY_MS : FRESH_MS[span]);
  };

  const read = async (view: StatusView): Promise<CompareView> => {
    const isFresh = isFreshAt(view);
    if (!isFresh && underWay === null) {
      underWay = compareAll(view)
        .catch(onFault)
        .finally(() => {
          underWay = null;
        });
    }
    if (underWay !== null && !isFresh) await Promise.race([underWay, patience()]);
    const { targets: _all, ...status } = view;
    const fromAt = view.at - COMPARE_SPANS[span].days * COMPARED_MS;
    return shown === null
      ? { status, span, fromAt, toAt: view.at, expected: pairsOf(view).length, pairs: NO_PAIRS }
      : { ...shown, status };
  };
  return {
    read,
    forget: () => {
      isOutdated = true;
    },
  };
}

/** The last day, attempt by attempt, of the busiest series of each target. Pieces that are over are read once. */
async function readLastDay(
  store: Pick<Store, 'readDecided'>,
  pieces: Map<number, Piece>,
  view: StatusView,
): Promise<Requests> {
  const toAt = Math.floor((view.at - SETTLE_MS) / PIECE_MS) * PIECE_MS;
  const fromAt = toAt - COMPARED_MS;
  const metrics: Metrics = new Map(
    view.targets.map((target) => [target.id, { ...leadOf(target), metric: metricOf(target) }]),
  );
  for (const at of pieces.keys()) if (at < fromAt || at >= toAt) pieces.delete(at);
  for (let at = toAt - PIECE_MS; at >= fromAt; at -= PIECE_MS) {
    if (pieces.has(at)) continue;
    const { byTarget } = await store.readDecided(at, at + PIECE_MS);
    pieces.set(at, pieceOf(byTarget, metrics));
    await breathe();
  }
  return {
    fromAt,
    toAt,
    blocksOf: (target) => hoursOf(target, pieces),
    thresholdMs: (limitUs) => limitUs / 1000,
    obstacle: () => null,
  };
}

/** Days or weeks, from what is stored of hours and days: every series of each target. */
async function readStored(
  store: Pick<Store, 'readBuckets' | 'readDirty'>,
  countingOf: CountingOf,
  view: StatusView,
  span: '7d' | '30d',
): Promise<Requests> {
  const asked = new Map(
    view.targets.map((target) => [
      target.id,
      {
        counting: countingOf(target),
        metric: metricOf(target) === 'ttft' ? ('ttft_ms' as const) : ('e2e_ms' as const),
      },
    ]),
  );
  const { fromAt, toAt, blocksOf } = await readStoredTiers(
    store,
    asked,
    COMPARE_SPANS[span].days,
    BLOCK_MS[span],
    view.at,
  );
  return {
    fromAt,
    toAt,
    blocksOf,
    // The upper end of the limit's bucket: what lies over it is counted exactly.
    thresholdMs: (limitUs) => highestOf(bucketIndex(limitUs)) / 1000,
    obstacle: ({ dearer, cheaper }) => {
      const [one, other] = [asked.get(dearer.id)?.counting, asked.get(cheaper.id)?.counting];
      if (one === undefined || other === undefined) return null;
      const isAlike =
        countsAlike(one.plan, other.plan) &&
        JSON.stringify(one.maintenanceIn({ fromAt, toAt })) ===
          JSON.stringify(other.maintenanceIn({ fromAt, toAt }));
      return isAlike
        ? null
        : `${dearer.tier} and ${cheaper.tier} count requests differently by their contracts, and only such counts are stored so far back: compare them over 24 hours.`;
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

function hoursOf(target: string, pieces: ReadonlyMap<number, Piece>): Blocks {
  const hours = new Map<number, number[]>();
  for (const piece of pieces.values()) {
    const values = piece.get(target) ?? [];
    for (let index = 0; index < values.length; index += 2) {
      const hour = Math.floor((values[index] ?? 0) / HOUR_MS);
      const ms = values[index + 1] ?? Number.NaN;
      const own = hours.get(hour) ?? [];
      if (own.length === 0) hours.set(hour, own);
      own.push(Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms);
    }
  }
  return new Map([...hours].map(([hour, own]) => [hour, Float64Array.from(own)]));
}

function comparePair(
  pair: Pair,
  requests: Requests,
  priceOf: (target: string) => number | null,
): ComparedPair {
  const { dearer, cheaper, metric } = pair;
  const obstacle = requests.obstacle(pair);
  const tierOf = (target: TargetView) => ({
    name: target.tier,
    blocks: obstacle === null ? requests.blocksOf(target.id) : new Map<number, Float64Array>(),
    price: priceOf(target.id),
  });
  const limit = metric === 'ttft' ? dearer.commitment?.ttftP99 : dearer.commitment?.totalP99;
  const comparison = compareBlocks(tierOf(dearer), tierOf(cheaper), {
    thresholdMs: limit == null ? null : requests.thresholdMs(limit.mostUs),
    seed: SEED,
    draws: DRAWS,
  });
  return {
    gateway: dearer.gateway,
    model: dearer.model,
    targets: [dearer.id, cheaper.id],
    metric,
    verdict: verdictOn(comparison),
    comparison: obstacle === null ? comparison : { ...comparison, sentence: obstacle },
  };
}

function patience(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS).unref();
  });
}
