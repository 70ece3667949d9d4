/** How long work goes on at a stretch, ms: a fifth of what an error of the time to first token may be. */
const TURN_MS = 0.5;
/** How long the thread sleeps after that, ms; longer ones were no better for the prober, and a month took longer to close. */
const REST_MS = 0.1;

/**
 * Returns what is to be called between small pieces of work. A thread that computes without a pause is left its processor
 * for milliseconds, whatever its priority; on a small machine the prober waits for that, and would count it as the gateway's
 * time. One that sleeps now and then is in nobody's way for longer than a turn. `now`: ms of a clock that does not leap.
 */
export function createShortTurns(
  now: () => number = () => performance.now(),
  rest: (ms: number) => void = sleepHere,
): () => void {
  let since = now();
  return () => {
    if (now() - since < TURN_MS) return;
    rest(REST_MS);
    since = now();
  };
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Puts the whole thread to sleep. */
function sleepHere(ms: number): void {
  Atomics.wait(nothing, 0, 0, ms);
}
