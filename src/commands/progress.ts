import { SingleBar } from 'cli-progress';

export type Progress = {
  /** `share` from 0 to 1. */
  readonly to: (share: number, note?: string) => void;
  readonly stop: () => void;
};

const STEPS = 1_000;

/** A bar on a terminal, nothing anywhere else. */
export function progressBar(what: string): Progress {
  if (!process.stderr.isTTY) return { to: () => {}, stop: () => {} };
  const bar = new SingleBar({
    stream: process.stderr,
    hideCursor: null,
    clearOnComplete: true,
    format: `${what} {bar} {percentage} % {note} · {eta_formatted} left`,
  });
  bar.start(STEPS, 0, { note: '' });
  return {
    to: (share, note = '') => bar.update(Math.round(Math.min(1, share) * STEPS), { note }),
    stop: () => bar.stop(),
  };
}
