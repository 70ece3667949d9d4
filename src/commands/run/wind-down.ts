type Undo = () => Promise<unknown>;

/** What has to be undone at the end, also when a later step of the start fails. */
export type WindDown = {
  /** Something at work: all of these are told to stop at the same moment, so that none waits for another's last piece. */
  readonly atWork: (stop: Undo) => void;
  /** Something the work stands on: undone when nothing is at work any more, the latest first. */
  readonly under: (undo: Undo) => void;
  /** Undoes everything, whatever fails on the way, and then rejects with the first fault. */
  readonly run: () => Promise<void>;
};

export function createWindDown(): WindDown {
  const work: Undo[] = [];
  const ground: Undo[] = [];
  return {
    atWork: (stop) => void work.push(stop),
    under: (undo) => void ground.push(undo),
    async run() {
      const results = await Promise.allSettled(work.map(async (stop) => stop()));
      for (const undo of ground.toReversed())
        results.push(...(await Promise.allSettled([(async () => undo())()])));
      const fault = results.find((result) => result.status === 'rejected');
      if (fault !== undefined) throw fault.reason;
    },
  };
}
