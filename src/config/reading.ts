import type { z } from 'zod';
import type { ProblemList } from './problem-list.ts';
import type { ReadSecret } from './read-secret.ts';
import { looksSecret } from './secret.ts';
import { readShape } from './shape.ts';
import type { Path } from './yaml-source.ts';

/** Reads a cron pattern in a zone; throws if either is not one. `after` gives the next instant, epoch ms. */
export type ReadCron = (
  pattern: string,
  timezone: string,
) => { readonly after: (at: number) => number | null };

/** What reading a section needs: where to complain, where secrets come from, and what the file says as a whole. */
export type Reading = {
  /** The deployment folder: relative paths start here. */
  readonly folder: string;
  readonly problems: ProblemList;
  readonly secret: ReadSecret;
  readonly cron: ReadCron;
  readonly root: Readonly<Record<string, unknown>>;
};

/** A part of the configuration and where it stands. */
export type Located<T> = { readonly path: Path; readonly value: T };

/** The understandable elements of a list; a single element may stand for a list of one. Faults are reported elsewhere. */
export function elementsOf<S extends z.ZodType>(
  reading: Reading,
  key: string,
  schema: S,
): Located<z.output<S>>[] {
  const raw = reading.root[key];
  if (raw === undefined || raw === null) return [];
  const located: Located<unknown>[] = Array.isArray(raw)
    ? raw.map((value, index) => ({ path: [key, index], value }))
    : [{ path: [key], value: raw }];
  return located.flatMap(({ path, value }) => {
    const read = readShape(schema, value, path, null);
    return read === null ? [] : [{ path, value: read }];
  });
}

/** The understandable entries of a map of named things. */
export function entriesOf<S extends z.ZodType>(
  reading: Reading,
  key: string,
  schema: S,
): (Located<z.output<S>> & { readonly id: string })[] {
  return namesIn(reading, key).flatMap((id) => {
    const path = [key, id];
    const read = readShape(schema, (reading.root[key] as Record<string, unknown>)[id], path, null);
    return read === null ? [] : [{ id, path, value: read }];
  });
}

/** The names of a map of named things, understandable or not: a reference to a faulty thing is not a second fault. */
export function namesIn(reading: Reading, key: string): string[] {
  const raw = reading.root[key];
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? Object.keys(raw) : [];
}

/** The ids in a list of things with an `id`, understandable or not. */
export function idsIn(reading: Reading, key: string): string[] {
  const raw = reading.root[key];
  const items: unknown[] = Array.isArray(raw) ? raw : raw === undefined || raw === null ? [] : [raw];
  return items.flatMap((item) => {
    const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined;
    return typeof id === 'string' ? [id] : [];
  });
}

/** Tells ids that are given twice in a list. */
export function refuseTwins(
  reading: Reading,
  items: readonly Located<{ readonly id: string }>[],
  what: string,
): void {
  const seen = new Set<string>();
  for (const { path, value } of items) {
    if (seen.has(value.id))
      reading.problems.error([...path, 'id'], `the ${what} "${value.id}" is defined twice`);
    seen.add(value.id);
  }
}

/** The time zone, or `UTC` after telling that it is none. */
export function readTimezone(reading: Reading, timezone: string, path: Path): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone === ''
      ? 'UTC'
      : timezone;
  } catch {
    reading.problems.error(
      path,
      `expected an IANA time zone such as Europe/Berlin, found ${JSON.stringify(timezone)}`,
    );
    return 'UTC';
  }
}

/** Minutes since midnight of a checked `HH:MM`. */
export function minuteOfDay(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/**
 * An http or https address without its trailing slashes; `null` after telling what is wrong with it. The address
 * itself is not repeated where it holds a secret.
 */
export function readAddress(reading: Reading, address: string, path: Path, example: string): string | null {
  const { problems } = reading;
  const url = URL.parse(address);
  const shown = looksSecret(address) ? 'something else (not shown)' : JSON.stringify(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    problems.error(path, `expected an http or https address such as ${example}, found ${shown}`);
    return null;
  }
  if (url.username !== '' || url.password !== '') {
    problems.error(path, 'an address with a user or password in it is a secret (not shown); leave them out');
    return null;
  }
  if (url.search !== '' || url.hash !== '') {
    problems.error(path, 'expected an address without ? and #');
    return null;
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    problems.warning(path, `plain http to ${url.hostname}: keys and answers cross the network unencrypted`);
  }
  return address.replace(/\/+$/, '');
}

/** Hosts that never leave the machine: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3, RFC 6761 §6.3. */
export function isLoopback(hostname: string): boolean {
  return (
    /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]' || /(?:^|\.)localhost$/.test(hostname)
  );
}
