/** Lets everything else that waits for the thread go first. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs a long computation in pieces of so many steps, with room for others in between. */
export async function inPieces<T>(steps: Generator<void, T>, stepsPerPiece: number): Promise<T> {
  for (;;) {
    for (let step = 0; step < stepsPerPiece; step += 1) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
    await breathe();
  }
}
