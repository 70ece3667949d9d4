import { monitorEventLoopDelay } from 'node:perf_hooks';
import { monotonicMs } from './monotonic.ts';

/** Watches for how long this thread was not free to take an answer from the network. */
export type LoopWatch = {
  /** A probe begins: call just before its `t0`. */
  begin(): void;
  /**
   * A probe is over. Gives the longest block that ended in `[fromMs, now]` in whole µs. Call it at least one turn of
   * the event loop after the last time that matters, or a block in the very same turn is missed.
   */
  end(fromMs: number): number;
  /** The longest block since this was last asked, probe or no probe, whole µs. */
  takeLongestUs(): number;
  close(): void;
};

/**
 * Blocks shorter than this are not remembered: they are the thread's ordinary work, and no sample is doubted for less
 * than four times as much. The sampler's reset wipes a quarter of a megabyte, so it must stay rare.
 */
const REMEMBERED_MS = 5;
const HEARTBEAT_MS = 20;
const KEPT = 4096;

/**
 * Two witnesses. The platform's per-iteration sampler sees every turn of the loop that ran long (our own code, garbage
 * collection), without a timer of its own. A heartbeat, running only while probes are under way, sees what happens
 * outside the loop: a machine too busy to wake this thread, or a stopped process. The sampler's maximum is read and
 * reset at each start and end of a probe, so that a block is charged only to the probes it fell into.
 */
export function createLoopWatch(): LoopWatch {
  const sampler = monitorEventLoopDelay({ samplePerIteration: true });
  sampler.enable();
  /** Ascending by time, at most `KEPT`; each entry is [when the block was known, how long it was], in ms. */
  let blocks: [number, number][] = [];
  let running = 0;
  let heartbeat: NodeJS.Timeout | null = null;
  let lastBeat = 0;
  let longestMs = 0;

  const remember = (at: number, lengthMs: number): void => {
    if (lengthMs < REMEMBERED_MS) return;
    if (lengthMs > longestMs) longestMs = lengthMs;
    blocks.push([at, lengthMs]);
    if (blocks.length > KEPT) blocks = blocks.slice(KEPT / 2);
  };
  const harvest = (now: number): void => {
    const lengthMs = sampler.max / 1e6;
    if (lengthMs < REMEMBERED_MS) return;
    remember(now, lengthMs);
    sampler.reset();
  };
  const beat = (): void => {
    const now = monotonicMs();
    // A timer may be up to 1 ms late by rounding alone.
    remember(now, now - lastBeat - HEARTBEAT_MS - 1);
    harvest(now);
    lastBeat = now;
  };

  return {
    begin() {
      running += 1;
      harvest(monotonicMs());
      if (heartbeat === null) {
        lastBeat = monotonicMs();
        heartbeat = setInterval(beat, HEARTBEAT_MS);
        heartbeat.unref();
      }
    },
    end(fromMs) {
      const now = monotonicMs();
      harvest(now);
      // A heartbeat that is overdue right now has not been able to say so.
      if (heartbeat !== null) remember(now, now - lastBeat - HEARTBEAT_MS - 1);
      let longest = 0;
      for (let i = blocks.length - 1; i >= 0; i -= 1) {
        const block = blocks[i];
        if (block === undefined || block[0] < fromMs) break;
        if (block[1] > longest) longest = block[1];
      }
      running -= 1;
      if (running === 0 && heartbeat !== null) {
        clearInterval(heartbeat);
        heartbeat = null;
        blocks = [];
      }
      return Math.round(longest * 1000);
    },
    takeLongestUs() {
      const shortMs = sampler.max / 1e6;
      harvest(monotonicMs());
      const longest = Math.max(longestMs, shortMs);
      longestMs = 0;
      sampler.reset();
      return Math.round(longest * 1000);
    },
    close() {
      sampler.disable();
      if (heartbeat !== null) clearInterval(heartbeat);
      heartbeat = null;
    },
  };
}
