import type { Config } from '../../config/config.ts';
import { versionsUnder } from '../../config/contract-under-tier.ts';
import type { ProbingPlan } from '../../domain/measure/probe.ts';
import { formatDuration } from '../../domain/time/duration.ts';

/** A probe that gives up so early that a contract does not count its time-outs. */
export type ImpatientProbe = { readonly index: number; readonly message: string };

/**
 * Probes whose first deadline is shorter than what the latest version of a contract asks of clients: where it leaves
 * such clients out, an outage in which nothing answers is no downtime.
 */
export function impatientProbes(config: Config, plan: ProbingPlan): ImpatientProbe[] {
  return config.probes.flatMap(({ probe }, index) => {
    const tiers = new Set(
      plan.series.filter((one) => one.probe.id === probe.id).map(({ target }) => target.tier),
    );
    const contracts = new Map([...tiers].map((tier) => [versionsUnder(config, tier).at(-1)?.id, tier]));
    const waitsMs = Math.min(probe.deadlines.firstTokenMs, probe.deadlines.totalMs);
    return [...contracts].flatMap(([contract, tier]) => {
      const rules = versionsUnder(config, tier).at(-1)?.classify ?? [];
      const demanded = rules.flatMap(({ as, when }) =>
        as === 'excluded' && when.timedOut !== false ? [when.clientTimeoutBelowMs ?? 0] : [],
      );
      const leastMs = Math.max(0, ...demanded);
      if (waitsMs >= leastMs) return [];
      const message = `gives up after ${formatDuration(waitsMs)}, and ${contract} leaves out clients that give up within ${formatDuration(leastMs)}: time-outs will not count`;
      return [{ index, message }];
    });
  });
}
