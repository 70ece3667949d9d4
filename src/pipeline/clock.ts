/** Time as the probing side sees it; a parameter, so that a test can run a day in a second. */
export type Clock = {
  /** Wall clock, epoch ms UTC. It may step in either direction. */
  readonly now: () => number;
  /** Monotonic clock in µs since any origin. It never steps, and stands still while the machine is suspended. */
  readonly monotonicUs: () => number;
  /** Runs `then` once, `ms` later by the monotonic clock or as soon after as possible. The result cancels it. */
  readonly after: (ms: number, then: () => void) => Cancel;
};

export type Cancel = () => void;

/** Resolves after `ms` by the monotonic clock. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** What `promise` resolves to, or `otherwise` if it takes longer than `ms`. Leaves no timer behind. */
export async function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  otherwise: () => T,
): Promise<T> {
  let cancel: Cancel = () => {};
  const late = new Promise<T>((resolve) => {
    cancel = clock.after(ms, () => resolve(otherwise()));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
