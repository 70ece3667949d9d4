import type { DeclaredWork } from '../domain/contract/maintenance.ts';
import { parseDuration } from '../domain/time/duration.ts';
import { isTimezone, parseInstant } from '../domain/time/period.ts';
import { recurrenceFault } from '../domain/time/recurrence.ts';
import { elementsOf, idsIn, type Reading } from './reading.ts';
import { maintenanceSchema } from './schema.ts';
import { scopeFault } from './scope.ts';
import type { Path } from './yaml-source.ts';

const LONGEST_MS = 31 * 86_400_000;
const LOCAL = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2})?$/;

/** The planned work of a deployment, one entry per scope; faults are reported. */
export function readMaintenance(reading: Reading): DeclaredWork[] {
  return elementsOf(reading, 'maintenance', maintenanceSchema).flatMap(({ path, value }) => {
    const scopes = value.scope === undefined ? idsIn(reading, 'gateway') : [value.scope].flat();
    for (const [i, scope] of scopes.entries()) {
      const fault = value.scope === undefined ? null : scopeFault(reading, scope);
      const place = typeof value.scope === 'string' ? [...path, 'scope'] : [...path, 'scope', i];
      if (fault !== null) reading.problems.error(place, fault);
    }
    const times = readTimes(reading, value, path);
    return times === null ? [] : scopes.map((scope) => ({ scope, ...times, reason: value.reason }));
  });
}

type Written = ReturnType<typeof maintenanceSchema.parse>;

function readTimes(
  reading: Reading,
  value: Written,
  path: Path,
): Omit<DeclaredWork, 'scope' | 'reason'> | null {
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
  return { start, timezone, durationMs, rrule, announced };
}
