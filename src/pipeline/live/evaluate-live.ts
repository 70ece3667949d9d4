import type { LiveReport } from '../../domain/live/live-report.ts';
import { withPools } from '../../domain/live/pooled-targets.ts';
import type { Cancel, Clock } from '../clock.ts';
import { createLiveMemory, type LiveStore } from './live-memory.ts';
import type { LiveScope } from './live-scope.ts';
import { type RollUpStore, startRollUp } from './roll-up.ts';

const EVALUATE_EVERY_MS = 5_000;

/** The live figures of a deployment, kept up to date while the program runs. */
export type Live = {
  /** The latest figures; `null` until there are any. */
  readonly latest: () => LiveReport | null;
  /** Tells that a batch was recorded whose earliest tick is at `at`. */
  readonly recorded: (at: number) => void;
  readonly stop: () => Promise<void>;
};

/**
 * Counts what has changed, and evaluates every target again and again, never two at once. A fault is told and tried
 * again: the figures stay as they were, with the time they are of.
 */
export function startLive(options: {
  readonly store: LiveStore & RollUpStore;
  readonly scope: LiveScope;
  readonly clock: Clock;
  /** Called when the figures have changed. */
  readonly onEvaluated: (report: LiveReport) => void;
  readonly onFault: (what: 'count' | 'evaluate', error: unknown) => void;
  /** Counting waits for this, so that two threads do not count the same hours. */
  readonly countAfter?: Promise<unknown>;
  /** Called once, when the figures hold all that was written before counting began. */
  readonly onWhole?: () => void;
}): Live {
  const { store, scope, clock } = options;
  const stopping = new AbortController();
  /** Reading a long past takes longer than a stop may: it is broken off between two pieces. */
  const untilStopped: Clock = {
    ...clock,
    after(ms, then) {
      stopping.signal.throwIfAborted();
      return clock.after(ms, then);
    },
  };
  const memory = createLiveMemory(store, scope, untilStopped);
  let latest: LiveReport | null = null;
  /** What the latest figures were made of: each target by itself. */
  let counted: LiveReport['targets'] | null = null;
  let cancel: Cancel = () => {};
  let underWay: Promise<void> = Promise.resolve();
  let outdated: 'by told hours' | 'untold' | null = null;
  let isWhole = false;
  let counting: { readonly stop: () => Promise<void> } | null = null;

  const learnCounted = async (now: number): Promise<void> => {
    const found = outdated;
    outdated = null;
    try {
      if (found === 'untold') await memory.rebuild(now);
      else if (found === 'by told hours') await memory.advance(now);
    } catch (error) {
      if (outdated !== 'untold') outdated = found;
      throw error;
    }
  };

  const evaluate = async (): Promise<void> => {
    try {
      const now = clock.now();
      const isWritten = counting !== null;
      await learnCounted(now);
      const { retired, bySlice, ...report } = await memory.evaluate(now);
      const isNew = report.targets !== counted || report.pendingHours !== latest?.pendingHours;
      counted = report.targets;
      latest =
        isNew || latest === null
          ? { ...report, targets: withPools(counted, retired, bySlice) }
          : { ...report, targets: latest.targets };
      if (isWritten && !isWhole) {
        isWhole = true;
        options.onWhole?.();
      }
      if (isNew) options.onEvaluated(latest);
    } catch (error) {
      if (error !== stopping.signal.reason) options.onFault('evaluate', error);
    }
    if (!stopping.signal.aborted) plan(EVALUATE_EVERY_MS);
  };
  const plan = (ms: number): void => {
    cancel = clock.after(ms, () => {
      underWay = evaluate();
    });
  };
  plan(0);
  const startCounting = (): void => {
    if (stopping.signal.aborted) return;
    outdated = 'untold';
    // Whoever counted before may have written too, without a word.
    memory.touched(Number.NEGATIVE_INFINITY);
    counting = startRollUp({
      store,
      scope,
      clock,
      onSpan(grain, fromAt) {
        if (grain === 'hour') memory.counted(fromAt);
      },
      onCounted: () => {
        outdated ??= 'by told hours';
      },
      onFault: (error) => options.onFault('count', error),
    });
  };
  (options.countAfter ?? Promise.resolve()).then(startCounting, startCounting);

  return {
    latest: () => latest,
    recorded: memory.touched,
    async stop() {
      stopping.abort();
      cancel();
      await Promise.all([underWay, counting?.stop()]);
    },
  };
}
