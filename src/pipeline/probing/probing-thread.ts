import type { ProbingPlan } from '../../domain/measure/probe.ts';
import { type RefusedRow, refusedRowOf } from '../../domain/measure/refused-row.ts';
import type { Store } from '../../store/store.ts';
import { type Clock, delay, within } from '../clock.ts';
import type { Batch } from './delivery.ts';
import type { FromProbing, Notice, ProbingHealth, Resume, ToProbing } from './probing-messages.ts';

/** The other end of a thread or a machine that probes. */
export type ProbingPort = {
  readonly post: (message: ToProbing) => void;
  /** Ends it at once, without asking. */
  readonly kill: () => void;
};

export type ProbingPortEvents = {
  readonly onMessage: (message: FromProbing) => void;
  /** It is gone; called once. `reason` says why if it did not end by itself. */
  readonly onExit: (reason: string | null) => void;
};

export type ProbingThreadParts = {
  readonly clock: Clock;
  readonly spawn: (events: ProbingPortEvents) => ProbingPort;
  readonly record: Store['record'];
  /** What a thread that starts now must know of the time before. */
  readonly resume: (plan: ProbingPlan) => Promise<Resume>;
  readonly onHealth?: (health: ProbingHealth) => void;
  readonly onNotice: (notice: ThreadNotice) => void;
  /** After each commit, with what was committed. */
  readonly onRecorded?: (batch: Batch) => void;
};

/** What is told aloud: the thread's own notices, and what becomes of the thread itself. */
export type ThreadNotice =
  | Notice
  | { readonly kind: 'thread-died'; readonly reason: string; readonly restartMs: number }
  | { readonly kind: 'record-failed'; readonly message: string; readonly rows: number }
  /** A fault of ours: one row can never be stored and is given up, so that the others are. */
  | ({ readonly kind: 'row-refused'; readonly message: string } & RowName);

type RowName = { readonly probe: string; readonly target: string; readonly scheduledAt: number };

export type ProbingThread = {
  readonly replan: (plan: ProbingPlan, fromAt: number) => void;
  readonly health: () => ThreadHealth;
  /** Drains, delivers and ends the thread; resolves within five seconds with the rows that were lost. */
  readonly stop: () => Promise<number>;
};

export type ThreadHealth = {
  readonly state: 'starting' | 'running' | 'dead' | 'stopped';
  /** Epoch ms by this side's clock; `null` = never. */
  readonly heartbeatAt: number | null;
  readonly batchAt: number | null;
  readonly restarts: number;
  /** Batches received and not yet committed. */
  readonly unrecorded: number;
  readonly last: ProbingHealth | null;
};

const FIRST_RESTART_MS = 500;
const SLOWEST_RESTART_MS = 30_000;
/** A thread that ran this long had no trouble starting. */
const STEADY_MS = 60_000;
const RECORD_AGAIN_MS = 1000;
/** A thread that says nothing for so long is stuck, and is replaced. */
const SILENT_MS = 15_000;
const LOOK_EVERY_MS = 1000;
const STOP_MS = 5000;

/**
 * Keeps a thread probing: starts it with the plan, commits what it delivers and only then acknowledges it, and
 * replaces it when it dies. A batch that cannot be stored is tried again until it can; meanwhile the thread keeps
 * its own rows and, when it has no more room, says `missed`. A row that no store would take is told and left out.
 */
export function startProbingThread(
  parts: ProbingThreadParts,
  plan: ProbingPlan,
  fromAt: number,
): ProbingThread {
  const { clock, onNotice } = parts;
  let current = { plan, fromAt };
  let port: ProbingPort | null = null;
  let generation = 0;
  let health: ThreadHealth = {
    state: 'starting',
    heartbeatAt: null,
    batchAt: null,
    restarts: 0,
    unrecorded: 0,
    last: null,
  };
  let restartMs = FIRST_RESTART_MS;
  let stopping = false;
  /** After the stop nothing is tried any more: the store may be closed. */
  let ended = false;
  let onStopped: ((undelivered: number) => void) | null = null;
  /** Batches are committed one after the other, in the order in which they came. */
  let turn: Promise<void> = Promise.resolve();

  const set = (change: Partial<ThreadHealth>): void => {
    health = { ...health, ...change };
  };

  const record = async (whole: Batch): Promise<void> => {
    let batch = whole;
    while (!ended) {
      try {
        await parts.record(batch);
        return;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const refused = refusedRowOf(error);
        if (refused !== null) {
          onNotice({ kind: 'row-refused', message, ...refusedIdentity(batch, refused) });
          batch = withoutRow(batch, refused);
          continue;
        }
        onNotice({ kind: 'record-failed', message, rows: batch.samples.length + batch.notRun.length });
        await delay(clock, RECORD_AGAIN_MS);
      }
    }
  };

  const receive = (of: number, message: FromProbing): void => {
    switch (message.kind) {
      case 'batch': {
        const { id, samples, notRun } = message;
        set({ unrecorded: health.unrecorded + 1, batchAt: clock.now() });
        turn = turn.then(async () => {
          await record({ samples, notRun });
          if (ended) return;
          set({ unrecorded: health.unrecorded - 1 });
          if (of === generation) port?.post({ kind: 'ack', batch: id });
          parts.onRecorded?.({ samples, notRun });
        });
        return;
      }
      case 'heartbeat':
        set({ state: 'running', heartbeatAt: clock.now(), last: message.health });
        parts.onHealth?.(message.health);
        return;
      case 'notice':
        onNotice(message.notice);
        return;
      case 'stopped':
        onStopped?.(message.undelivered);
        return;
    }
  };

  const start = async (): Promise<void> => {
    generation += 1;
    const mine = generation;
    const startedUs = clock.monotonicUs();
    const resume = await parts.resume(current.plan);
    if (stopping) return;
    set({ state: 'starting' });
    port = parts.spawn({
      onMessage: (message) => receive(mine, message),
      onExit: (reason) => {
        if (mine !== generation) return;
        port = null;
        if (stopping) {
          onStopped?.(0);
          return;
        }
        if (clock.monotonicUs() - startedUs > STEADY_MS * 1000) restartMs = FIRST_RESTART_MS;
        died(reason ?? 'it ended by itself');
      },
    });
    port.post({ kind: 'start', plan: current.plan, fromAt: current.fromAt, resume });
    watch(mine, startedUs);
  };

  const died = (reason: string): void => {
    onNotice({ kind: 'thread-died', reason, restartMs });
    set({ state: 'dead', restarts: health.restarts + 1 });
    clock.after(restartMs, () => {
      // What came due while nobody probed has no rows: coverage counts it as missing.
      current = { ...current, fromAt: Math.max(current.fromAt, clock.now()) };
      if (!stopping) launch();
    });
    restartMs = Math.min(restartMs * 2, SLOWEST_RESTART_MS);
  };

  const launch = (): void => {
    start().catch((error: unknown) => died(error instanceof Error ? error.message : String(error)));
  };

  /** Replaces a thread that is alive but says nothing. */
  const watch = (of: number, sinceUs: number): void => {
    let seenAt = health.heartbeatAt;
    let seenUs = sinceUs;
    let lookedUs = clock.monotonicUs();
    const look = (): void => {
      if (of !== generation || stopping || port === null) return;
      const now = clock.monotonicUs();
      // While we slept or were blocked ourselves, its signs of life lay unread.
      seenUs += Math.max(0, now - lookedUs - LOOK_EVERY_MS * 1000);
      lookedUs = now;
      if (health.heartbeatAt !== seenAt) {
        seenAt = health.heartbeatAt;
        seenUs = now;
      }
      if (now - seenUs > SILENT_MS * 1000) {
        const silent = port;
        generation += 1;
        port = null;
        silent.kill();
        died(`no sign of life for ${SILENT_MS} ms`);
        return;
      }
      clock.after(LOOK_EVERY_MS, look);
    };
    clock.after(LOOK_EVERY_MS, look);
  };

  launch();

  return {
    replan: (next, at) => {
      current = { plan: next, fromAt: at };
      port?.post({ kind: 'plan', plan: next, fromAt: at });
    },
    health: () => health,
    stop: async () => {
      stopping = true;
      const ending = port;
      let undelivered = 0;
      if (ending !== null) {
        const stopped = new Promise<number>((resolve) => {
          onStopped = resolve;
        });
        ending.post({ kind: 'stop' });
        undelivered = await within(clock, STOP_MS, stopped, () => health.last?.waiting ?? 0);
        ending.kill();
      }
      await within(clock, RECORD_AGAIN_MS, turn, () => undefined);
      ended = true;
      set({ state: 'stopped' });
      return undelivered;
    },
  };
}

function refusedIdentity(batch: Batch, { list, index }: RefusedRow): RowName {
  const { probe = '', target = '', scheduledAt = 0 } = batch[list][index] ?? {};
  return { probe, target, scheduledAt };
}

function withoutRow(batch: Batch, { list, index }: RefusedRow): Batch {
  return { ...batch, [list]: batch[list].toSpliced(index, 1) };
}
