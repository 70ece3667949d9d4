import type { Config } from '../../config/config.ts';
import { versionsOf } from '../../config/contract-under-tier.ts';
import type { Promised } from '../../domain/statistics/provability.ts';

/**
 * What the latest version of a tier's contract promises, as far as a cadence can be held against it; `null` = the tier
 * has no contract.
 */
export function promisedBy(config: Config, tier: string): Promised | null {
  const id = config.tiers.find((one) => one.id === tier)?.contract ?? null;
  const contract = versionsOf(config, id).at(-1);
  if (id === null || contract === undefined) return null;
  const { availability, latency } = contract;
  const percentiles = latency.flatMap(({ form }) =>
    form.kind === 'whole_window_percentile' ? [Number(form.percentile)] : [],
  );
  const slices = latency.flatMap(({ form }) => (form.kind === 'window_attainment' ? [form.sliceMs] : []));
  if (availability !== null && availability.method.kind !== 'occurrences') slices.push(availability.sliceMs);
  return {
    contract: id,
    uptimePercent: availability?.target.value ?? null,
    percentiles: [...new Set(percentiles)].filter((percentile) => percentile > 0 && percentile < 100),
    sliceMs: slices.length === 0 ? null : Math.min(...slices),
  };
}
