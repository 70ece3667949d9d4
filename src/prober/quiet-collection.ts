import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';

/** Collects what died young, at moments when that disturbs least. */
export type QuietCollection = {
  /** Call in the turn in which a probe has ended, and not in a later one: before the next, probes may begin. */
  ifFull(): void;
  close(): void;
};

type CollectionEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };

/**
 * Of the room for short-lived objects. V8 collects by itself at four fifths; what is left between the two is more than
 * some probes need to begin. A lower share collected more often, without a better p99.
 */
const FULL = 0.6;

/**
 * When the room for short-lived objects is nearly full, V8 collects as soon as the event loop next looks for events.
 * Sending a request over an open connection takes such a look, between `t0` and the first byte sent; so at 37 probes a
 * second one in a hundred began with a collection of one or two milliseconds. Others under way wait for ours as they
 * would for V8's own.
 *
 * While V8 marks the old objects, step by step, nothing is asked of it: to collect young ones it would first have to
 * finish all of that at once, tens of milliseconds long. Does nothing in a process that was started without
 * `--expose-gc`.
 */
export function createQuietCollection(): QuietCollection {
  const { gc } = globalThis;
  if (gc === undefined) return { ifFull() {}, close() {} };
  let marking = false;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as CollectionEntry).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) marking = true;
      else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) marking = false;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    ifFull() {
      if (marking) return;
      const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
      if (young === undefined) return;
      const { space_used_size: used, space_available_size: free } = young;
      if (used > FULL * (used + free)) gc({ type: 'minor' });
    },
    close: () => observer.disconnect(),
  };
}
