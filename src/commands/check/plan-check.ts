import type { Loaded } from '../../config/load.ts';
import { planProbing } from '../../config/plan.ts';
import { type KeyFigures, type PlanFigures, planFigures } from '../../domain/measure/plan-figures.ts';
import type { ProbingPlan } from '../../domain/measure/probe.ts';
import type { Problem } from '../../domain/problem.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { cronGrid } from '../../pipeline/probing/cron-grid.ts';
import { impatientProbes } from './impatient-probes.ts';
import { promisedBy } from './promises.ts';

export type PlanCheck = {
  readonly plan: ProbingPlan;
  readonly figures: PlanFigures;
  /** Those of the configuration and those of the plan, errors included. */
  readonly problems: readonly Problem[];
};

/** Holds the plan of a deployment against its quotas, its spend cap and its contracts. */
export function checkPlan(
  { config, warnings, placeOf }: Extract<Loaded, { kind: 'config' }>,
  discovered: ReadonlyMap<string, readonly string[]>,
): PlanCheck {
  const plan = planProbing(config, { discovered });
  const figures = planFigures(plan, { cron: cronGrid, promisedBy: (tier) => promisedBy(config, tier) });
  const problems: Problem[] = [...warnings];
  const tell = (
    severity: Problem['severity'],
    path: (string | number)[],
    text: string,
    message: string,
  ): void => {
    const { file, line, column } = placeOf(path);
    problems.push({ severity, file, line, column, path: text, message });
  };

  for (const key of figures.keys) {
    const quota = key.requestsPerMinute;
    if (quota === null) continue;
    if (key.remedy !== null) {
      const index = config.probes.findIndex(({ probe }) => probe.id === key.remedy?.probe);
      const cadence = config.probes[index]?.cadence.kind ?? 'every';
      tell(
        'error',
        ['probes', index, cadence],
        `probes[${index}].${cadence}`,
        `${key.id} allows ${quota} requests per minute, and this plan sends up to ${key.peakPerMinute}: ${remedyText(key, plan)}`,
      );
      continue;
    }
    const burst = Math.max(0, ...config.probes.map(({ probe }) => probe.confirmation.probes));
    const left = quota - key.peakPerMinute;
    if (key.targets > 0 && left < burst) {
      const tier = key.id.split('/')[1] ?? '';
      tell(
        'warning',
        ['tiers', tier, 'requestsPerMinute'],
        `tiers.${tier}.requestsPerMinute`,
        `the schedule of ${key.id} leaves ${left} of ${quota} requests per minute: too few for a confirmation burst of ${burst}`,
      );
    }
  }
  if (figures.spend !== null && figures.spend.reachedAfterMs !== null) {
    const { currency, perDayNanos, reachedAfterMs } = figures.spend;
    tell(
      'warning',
      ['spend', 'perDay'],
      'spend.perDay',
      `answers as long as allowed would cost ${money(figures.perDay.nanos[currency] ?? 0, currency)} a day; the cap of ${money(perDayNanos, currency)} would be reached after ${formatDuration(Math.max(60_000, Math.floor(reachedAfterMs / 60_000) * 60_000))}`,
    );
  }
  if (figures.spend !== null && figures.perDay.unpricedTargets > 0) {
    tell(
      'warning',
      ['spend', 'perDay'],
      'spend.perDay',
      `${figures.perDay.unpricedTargets} targets have no price: what they cost is outside of this cap`,
    );
  }
  for (const { index, message } of impatientProbes(config, plan)) {
    tell('warning', ['probes', index, 'timeout'], `probes[${index}].timeout`, message);
  }
  const discovers = config.models.some((rule) => rule.kind === 'discover');
  config.probes.forEach(({ probe }, index) => {
    if (discovers && discovered.size === 0) return;
    if (plan.series.some((series) => series.probe.id === probe.id)) return;
    tell(
      'error',
      ['probes', index, 'id'],
      `probes[${index}]`,
      'reaches no target: its models, tiers and gateways never meet',
    );
  });
  problems.sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
  );
  return { plan, figures, problems };
}

function remedyText({ id, remedy }: KeyFigures, plan: ProbingPlan): string {
  if (remedy === null || remedy.kind === 'none') return 'not even once a day would fit; probe fewer models';
  const fits = `every: ${formatDuration(remedy.everyMs)} would fit`;
  if (remedy.kind === 'all') return `${fits}, for all probes of this key`;
  const isShared = plan.series.some(
    ({ probe, target }) => probe.id === remedy.probe && `${target.gateway}/${target.tier}` !== id,
  );
  return isShared ? `${fits}; a probe of its own for this tier would leave the others as they are` : fits;
}

/** Nano-units as an amount that a person reads, never rounded down to nothing. */
export function money(nanos: number, currency: string): string {
  const amount = nanos / 1e9;
  const digits = amount === 0 || amount >= 1 ? 2 : amount >= 0.01 ? 3 : 6;
  return `${amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: digits })} ${currency}`;
}
