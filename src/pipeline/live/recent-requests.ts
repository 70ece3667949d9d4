import { emptyLines, forgetBefore, forgetFrom, type JudgedLines } from '../../domain/live/judged-lines.ts';
import { judgeLines } from '../../domain/live/line-counting.ts';
import { lineOfSample } from '../../domain/measure/line-of-sample.ts';
import type { Target } from '../../domain/measure/target.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../clock.ts';
import { eachDecided } from '../read-in-pieces.ts';
import type { LiveScope, LiveTerms } from './live-scope.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Windows up to this long are counted from single requests. */
const EDGE_MS = 6 * HOUR_MS;
/** What reaches further back, as after a sleep, begins anew: nobody measured in between, and columns hold 49 days. */
const LONGEST_MS = 48 * HOUR_MS;

/** The latest requests of every target, judged once: at least those of six hours, and all since the last counted hour. */
export type RecentRequests = {
  /** Tells that something was recorded for a tick at `at` or later. */
  readonly touched: (at: number) => void;
  /** Reads what is new up to the last whole minute; tells whether there was anything. */
  readonly refresh: (targets: readonly Target[], now: number, closedTo: number) => Promise<boolean>;
  /** By ascending time; `null` for a target nothing is known of. */
  readonly linesOf: (target: string) => JudgedLines | null;
  /** Everything before this instant is known; `null` before the first reading. */
  readonly learntTo: () => number | null;
};

/** The latest requests of one target, one by one, and how they were judged. */
type Edge = {
  readonly terms: LiveTerms;
  readonly lines: JudgedLines;
  basis: string;
};

export function createRecentRequests(
  store: Pick<Store, 'readDecided' | 'readPackedUntil'>,
  scope: LiveScope,
  clock: Clock,
): RecentRequests {
  const edge = new Map<string, Edge>();
  let edgeFrom = 0;
  let learntTo: number | null = null;
  let touchedFrom = Number.POSITIVE_INFINITY;

  const learn = async (targets: readonly Target[], fromAt: number, toAt: number, now: number) => {
    const byId = new Map(targets.map((target) => [target.id, target]));
    for (const [id, { lines }] of edge) {
      // What a target has until it comes back would be missing then.
      if (byId.has(id)) forgetFrom(lines, fromAt);
      else edge.delete(id);
    }
    await eachDecided(store, clock, { fromAt, toAt }, [...byId.keys()], (piece, { byTarget }) => {
      for (const [id, found] of byTarget) {
        const target = byId.get(id);
        if (target === undefined) continue;
        const { terms, lines } = edgeOf(target, now);
        const maintenance = scope.maintenanceIn(id, terms, piece);
        judgeLines(lines, terms.plan, terms.judge, found.map(lineOfSample), maintenance);
      }
    });
    const span = { fromAt: edgeFrom, toAt };
    for (const target of targets) {
      const own = edgeOf(target, now);
      own.basis = scope.basisOf(target.id, own.terms, span);
    }
  };

  const edgeOf = (target: Target, now: number): Edge => {
    const known = edge.get(target.id);
    if (known !== undefined) return known;
    const terms = scope.termsOf(target, now);
    const made = { terms, lines: emptyLines(terms.plan), basis: '' };
    edge.set(target.id, made);
    return made;
  };

  /** Whether what was judged would be judged the same way now: terms change, and planned work is announced. */
  const isJudgedAsNow = (targets: readonly Target[], now: number): boolean => {
    if (learntTo === null) return false;
    const span = { fromAt: edgeFrom, toAt: learntTo };
    return targets.every((target) => {
      const own = edge.get(target.id);
      return (
        own !== undefined &&
        own.terms === scope.termsOf(target, now) &&
        own.basis === scope.basisOf(target.id, own.terms, span)
      );
    });
  };

  const refresh = async (targets: readonly Target[], now: number, closedTo: number): Promise<boolean> => {
    const toAt = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const from = Math.min(closedTo, toAt - EDGE_MS);
    const isOverlong = toAt - edgeFrom > LONGEST_MS;
    if (
      learntTo === null ||
      learntTo > toAt ||
      from < edgeFrom ||
      isOverlong ||
      !isJudgedAsNow(targets, now)
    ) {
      edge.clear();
      edgeFrom = from;
      touchedFrom = Number.POSITIVE_INFINITY;
      learntTo = null;
      await learn(targets, edgeFrom, toAt, now);
      learntTo = toAt;
      return true;
    }
    const since = Math.max(edgeFrom, Math.min(learntTo, Math.floor(touchedFrom / MINUTE_MS) * MINUTE_MS));
    if (since >= toAt) return false;
    const before = learntTo;
    touchedFrom = Number.POSITIVE_INFINITY;
    // Where reading fails midway, the next pass begins where this one did.
    learntTo = Math.min(before, since);
    await learn(targets, since, toAt, now);
    learntTo = toAt;
    // Sometimes only, for it moves all that is left.
    if (from - edgeFrom >= HOUR_MS) {
      edgeFrom = from;
      for (const { lines } of edge.values()) forgetBefore(lines, edgeFrom);
      const span = { fromAt: edgeFrom, toAt };
      for (const [id, own] of edge) own.basis = scope.basisOf(id, own.terms, span);
    }
    return true;
  };

  return {
    touched(at) {
      touchedFrom = Math.min(touchedFrom, at);
    },
    refresh,
    linesOf: (target) => edge.get(target)?.lines ?? null,
    learntTo: () => learntTo,
  };
}
