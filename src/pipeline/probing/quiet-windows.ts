import type { QuietWindow } from '../../domain/measure/probe.ts';

/** Whether the operator wants no probes of a target at an instant. */
export type QuietHours = {
  readonly holds: (target: string, at: number) => boolean;
  readonly replan: (windows: readonly QuietWindow[]) => void;
};

export function createQuietWindows(initial: readonly QuietWindow[]): QuietHours {
  let windows = initial;
  return {
    holds: (target, at) =>
      windows.some(
        ({ fromAt, toAt, targets }) =>
          at >= fromAt && at < toAt && (targets === null || targets.includes(target)),
      ),
    replan: (next) => {
      windows = next;
    },
  };
}
