import type { Target } from '../domain/measure/target.ts';
import type { TargetView } from '../domain/view/status-view.ts';
import type { Store } from '../store/store.ts';

/**
 * A target that no edition shows any more, because the deployment does not name it: what was measured stays, and pages of
 * its incidents and reports lead here. `null` if it was never planned to be probed.
 */
export async function readRetired(
  store: Pick<Store, 'readSchedules'>,
  { id, gateway, tier, model }: Target,
  now: number,
): Promise<{ readonly target: TargetView; readonly retiredAt: number } | null> {
  const ends = (await store.readSchedules(0, now + 1)).flatMap((span) =>
    span.target === id ? [span.toAt ?? now] : [],
  );
  if (ends.length === 0) return null;
  const target: TargetView = {
    id,
    gateway,
    tier,
    model,
    health: 'unmeasured',
    failingSince: null,
    commitment: null,
    standings: { uptime: 'none', ttft: 'none', total: 'none', overall: 'none' },
    series: [],
    live: null,
    periodStanding: 'none',
  };
  return { target, retiredAt: ends.reduce((last, at) => Math.max(last, at)) };
}
