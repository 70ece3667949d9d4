import { scopeCovers } from '../domain/alert/alert-policy.ts';
import type { DeclaredWork } from '../domain/contract/maintenance.ts';
import { parseDuration } from '../domain/time/duration.ts';
import { isTimezone, parseInstant } from '../domain/time/period.ts';
import { recurrenceFault, startsAt } from '../domain/time/recurrence.ts';
import type { ContractSettings, TierSettings } from './config.ts';
import { versionsOf } from './contract-under-tier.ts';
import { elementsOf, idsIn, type Reading } from './reading.ts';
import { maintenanceSchema } from './schema.ts';
import { scopeFault } from './scope.ts';
import type { Path } from './yaml-source.ts';

const LONGEST_MS = 31 * 86_400_000;
const LOCAL = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2})?$/;

/** The planned work of a deployment, one entry per scope; faults are reported. */
export function readMaintenance(
  reading: Reading,
  tiers: readonly Pick<TierSettings, 'id' | 'contract' | 'gateways'>[],
  contracts: readonly ContractSettings[],
): DeclaredWork[] {
  return elementsOf(reading, 'maintenance', maintenanceSchema).flatMap(({ path, value }) => {
    const scopes = value.scope === undefined ? idsIn(reading, 'gateway') : [value.scope].flat();
    for (const [i, scope] of scopes.entries()) {
      const fault = value.scope === undefined ? null : scopeFault(reading, scope);
      const place = typeof value.scope === 'string' ? [...path, 'scope'] : [...path, 'scope', i];
      if (fault !== null) reading.problems.error(place, fault);
    }
    const times = readTimes(reading, value, path);
    if (value.probing === 'pause') tellUnseen(reading, tiers, contracts, scopes, path);
    const { reason, probing } = value;
    return (times ?? []).flatMap((one) => scopes.map((scope) => ({ scope, ...one, reason, probing })));
  });
}

/** A pause where the contract counts the time all the same throws evidence away, and its gain is the provider's. */
function tellUnseen(
  { problems }: Reading,
  tiers: readonly Pick<TierSettings, 'id' | 'contract' | 'gateways'>[],
  contracts: readonly ContractSettings[],
  scopes: readonly string[],
  path: Path,
): void {
  const covered = tiers.filter(({ id, gateways }) =>
    gateways.some((gateway) =>
      scopes.some((scope) => scopeCovers(scope, `${gateway}/${id}`) || scope.startsWith(`${gateway}/${id}/`)),
    ),
  );
  const counting = [...new Set(covered.map(({ contract }) => contract))].filter(
    (id) => versionsOf({ contracts, tiers }, id).at(-1)?.maintenance.mode === 'not_excluded',
  );
  if (counting.length === 0) return;
  problems.warning(
    [...path, 'probing'],
    `${counting.join(', ')} ${counting.length === 1 ? 'counts' : 'count'} planned work like any other time: what fails while probing pauses is not seen`,
  );
}

type Written = ReturnType<typeof maintenanceSchema.parse>;

type Times = Omit<DeclaredWork, 'scope' | 'reason' | 'probing'>;

/** The entry itself, and each of its further starts, which is announced for itself; `null`: it is faulty. */
function readTimes(reading: Reading, value: Written, path: Path): readonly Times[] | null {
  const { problems } = reading;
  const { start, timezone } = value;
  // A zone that is none is told where all zones are checked.
  if (!isTimezone(timezone)) return null;
  const durationMs = parseDuration(value.duration) ?? 0;
  if (durationMs <= 0 || durationMs > LONGEST_MS) {
    problems.error([...path, 'duration'], `expected a duration up to 31d, found "${value.duration}"`);
    return null;
  }
  const startAt = parseInstant(start, timezone);
  const rrule = value.rrule ?? null;
  if (startAt === null || (rrule !== null && !LOCAL.test(start))) {
    const expected =
      rrule === null
        ? 'a time such as 2026-11-01T02:00, or with an offset 2026-11-01T02:00:00Z'
        : 'the local time of the first occurrence, such as 2026-11-01T02:00; the zone is in timezone';
    problems.error([...path, 'start'], `expected ${expected}, found ${JSON.stringify(start)}`);
    return null;
  }
  if (rrule !== null) {
    const fault = recurrenceFault({ rule: rrule, start, timezone });
    if (fault !== null) {
      problems.error([...path, 'rrule'], `expected a rule such as FREQ=WEEKLY;BYDAY=SU; ${fault}`);
      return null;
    }
  }
  const dates = readDates(reading, value, path);
  if (dates === null) return null;
  const announced = value.announced ?? null;
  const announcedAt = announced === null ? null : parseInstant(announced, timezone);
  if (announced !== null && announcedAt === null) {
    problems.error(
      [...path, 'announced'],
      `expected a time such as 2026-10-20T09:00, found ${JSON.stringify(announced)}`,
    );
    return null;
  }
  if (announcedAt !== null && announcedAt > startAt) {
    problems.warning(
      [...path, 'announced'],
      'announced after it began: a contract that asks for notice does not set it aside',
    );
  }
  const { except, further } = dates;
  const common = { timezone, durationMs, announced };
  return [
    { ...common, start, rrule, except },
    ...further.map((at) => ({ ...common, start: at, rrule: null, except: [] })),
  ];
}

/** Exceptions and additions to a rule; `null` if one of them is faulty. */
function readDates(
  { problems }: Reading,
  { rrule, start, timezone, exdate = [], rdate = [] }: Written,
  path: Path,
): { readonly except: readonly string[]; readonly further: readonly string[] } | null {
  let isFaulty = false;
  const tell = (key: 'exdate' | 'rdate', i: number, message: string): void => {
    isFaulty = true;
    problems.error([...path, key, i], message);
  };
  for (const [key, dates] of Object.entries({ exdate, rdate }) as ['exdate' | 'rdate', string[]][]) {
    for (const [i, at] of dates.entries()) {
      const found = JSON.stringify(at);
      if (rrule === undefined) tell(key, i, `${key} belongs to an rrule; work that happens once has a start`);
      else if (!LOCAL.test(at) || parseInstant(at, timezone) === null)
        tell(
          key,
          i,
          `expected a local time such as 2026-12-27T02:00, the zone is in timezone; found ${found}`,
        );
      else {
        const { isStart, thatDay } = startsAt({ rule: rrule, start, timezone }, at.replace(' ', 'T'));
        const day =
          thatDay.length === 0 ? 'on that day there is none' : `on that day at ${thatDay.join(', ')}`;
        if (key === 'exdate' && !isStart) tell(key, i, `no start of the rule; ${day}, found ${found}`);
        if (key === 'rdate' && isStart && !exdate.includes(at))
          tell(key, i, `${found} is a start of the rule already`);
      }
    }
  }
  return isFaulty ? null : { except: exdate, further: rdate };
}
