import type { Deadlines } from '../domain/measure/probe.ts';
import { monotonicMs } from './monotonic.ts';

export type DeadlineName = 'connect' | 'headers' | 'firstToken' | 'stall' | 'total';

/** How far the exchange has come: decides which deadline is running and what missing it means. */
export type Progress = {
  connected: boolean;
  headers: boolean;
  /** Monotonic ms of the last event that carried a token; `null` before the first. */
  lastToken: number | null;
  /** Monotonic ms at which `[DONE]` was read; `null` before. */
  done: number | null;
};

/** The end of the body must follow `[DONE]` within this time, or we close the connection ourselves. */
const AFTER_DONE_MS = 1_000;

export type DeadlineWatch = {
  /** Call when a field of `progress` turns from its first value: the next deadline may now be nearer. */
  progressed(): void;
  clear(): void;
};

/**
 * Watches one exchange against its deadlines with one precise timer. It is moved only when it fires or when a
 * nearer deadline begins, not with each token.
 *
 * @param streams whether a token is to be expected before the end
 * @param onMissed called at most once, with the deadline that was missed, or `afterDone` if only the end of a complete
 *   answer is missing
 */
export function watchDeadlines(
  t0: number,
  deadlines: Deadlines,
  connectMs: number,
  streams: boolean,
  progress: Progress,
  onMissed: (deadline: DeadlineName | 'afterDone') => void,
): DeadlineWatch {
  const next = (): { at: number; name: DeadlineName | 'afterDone' } => {
    if (progress.done !== null) return { at: progress.done + AFTER_DONE_MS, name: 'afterDone' };
    const total = { at: t0 + deadlines.totalMs, name: 'total' as const };
    const first = t0 + deadlines.firstTokenMs;
    let phase: { at: number; name: DeadlineName };
    if (!progress.connected) phase = { at: Math.min(t0 + connectMs, first), name: 'connect' };
    else if (!progress.headers) phase = { at: first, name: 'headers' };
    else if (!streams) phase = { at: first, name: 'total' };
    else if (progress.lastToken === null) phase = { at: first, name: 'firstToken' };
    else phase = { at: progress.lastToken + deadlines.stallMs, name: 'stall' };
    // What is waited for names the failure better than the limit on the whole.
    return phase.at <= total.at || progress.lastToken === null
      ? { at: Math.min(phase.at, total.at), name: phase.name }
      : total;
  };
  let armedFor = 0;
  let timer: NodeJS.Timeout | undefined;
  const arm = (at: number): void => {
    armedFor = at;
    timer = setTimeout(check, Math.max(1, Math.ceil(at - monotonicMs())));
  };
  const check = (): void => {
    const due = next();
    // Timers have a grain of 1 ms and may fire a little early.
    if (due.at - monotonicMs() <= 0.5) onMissed(due.name);
    else arm(due.at);
  };
  arm(next().at);
  return {
    progressed() {
      const { at } = next();
      if (at >= armedFor) return;
      clearTimeout(timer);
      arm(at);
    },
    clear() {
      clearTimeout(timer);
    },
  };
}
