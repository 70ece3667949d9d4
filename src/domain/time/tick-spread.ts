import type { SeriesPlan } from '../measure/probe.ts';
import { stableHash } from './schedule.ts';

/**
 * Gives the series that share a key and an interval evenly spaced phases, in an order that follows from their names.
 * With phases drawn one by one, 184 series on a key of 50 requests a minute would need half as long an interval
 * again: chance crowds some minutes. Evenly spread, no minute holds more than `mostTicksIn` says.
 *
 * The same series always get the same phases. One series more moves the others by less than one spacing. Series with
 * a cron schedule keep their phases.
 */
export function spreadEvenly(series: readonly SeriesPlan[], region: string): SeriesPlan[] {
  const groups = new Map<string, { readonly index: number; readonly rank: number; readonly id: string }[]>();
  for (const [index, { probe, target, schedule }] of series.entries()) {
    if (schedule.kind !== 'every') continue;
    const group = `${target.gateway}/${target.tier}\n${schedule.everyMs}`;
    const id = `${probe.id}\n${target.id}\n${region}`;
    const members = groups.get(group) ?? [];
    members.push({ index, rank: stableHash(id), id });
    groups.set(group, members);
  }
  const spread = [...series];
  for (const [group, members] of groups) {
    members.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
    for (const [place, { index }] of members.entries()) {
      const plan = series[index];
      if (plan?.schedule.kind !== 'every') continue;
      const { everyMs } = plan.schedule;
      // Each group starts somewhere else, so that the first series of all keys do not fire together.
      const start = stableHash(`${group}\n${region}`) % everyMs;
      const phaseMs = (start + Math.floor((place * everyMs) / members.length)) % everyMs;
      spread[index] = { ...plan, schedule: { kind: 'every', everyMs, phaseMs } };
    }
  }
  return spread;
}

/** The most ticks that `count` evenly spread series of one interval have in any stretch of `spanMs`. */
export function mostTicksIn(spanMs: number, count: number, everyMs: number): number {
  // Phases are whole milliseconds, which can bring two of them closer by less than one.
  return Math.ceil((count * (spanMs + 1)) / everyMs);
}
