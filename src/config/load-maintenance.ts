import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { MaintenanceWindow } from '../domain/contract/admitted-maintenance.ts';
import { parseInstant } from '../domain/time/period.ts';

const schema = z.array(
  z.strictObject({
    from: z.string(),
    to: z.string(),
    announcedAt: z.string().optional(),
    reason: z.string().optional(),
  }),
);

/** What could not be read, in words for the operator. */
export type Unreadable = { readonly message: string };

function instants(timezone: string, from: string, to: string, announcedAt: string | null) {
  const fromAt = parseInstant(from, timezone);
  const toAt = parseInstant(to, timezone);
  const announced = announcedAt === null ? null : parseInstant(announcedAt, timezone);
  if (fromAt === null || toAt === null || toAt <= fromAt) return null;
  return announcedAt !== null && announced === null ? null : { fromAt, toAt, announcedAt: announced };
}

/** `FROM/TO` or `FROM/TO@ANNOUNCED`; dates and local times are read in the given zone. `null` if it is neither. */
export function parseMaintenance(text: string, timezone: string): MaintenanceWindow | null {
  const match = /^([^/@]+)\/([^/@]+)(?:@([^/@]+))?$/.exec(text);
  if (match === null) return null;
  const found = instants(timezone, match[1] ?? '', match[2] ?? '', match[3] ?? null);
  return found === null ? null : { ...found, reason: null };
}

function readYaml(file: string): { readonly value: unknown } | Unreadable {
  try {
    return { value: parse(readFileSync(file, 'utf8')) };
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { message: `${file}: not readable: ${first}` };
  }
}

/** A YAML or JSON list of `{from, to, announcedAt?, reason?}`. */
export function loadMaintenance(file: string, timezone: string): readonly MaintenanceWindow[] | Unreadable {
  const read = readYaml(file);
  if ('message' in read) return read;
  const parsed = schema.safeParse(read.value);
  const shape = 'a list of {from, to, announcedAt, reason} with RFC 3339 times';
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { message: `${file}: expected ${shape}; ${issue?.path.join('.')}: ${issue?.message}` };
  }
  const windows: MaintenanceWindow[] = [];
  for (const [i, one] of parsed.data.entries()) {
    const found = instants(timezone, one.from, one.to, one.announcedAt ?? null);
    if (found === null) return { message: `${file}: entry ${i + 1} is no span of time; expected ${shape}` };
    windows.push({ ...found, reason: one.reason ?? null });
  }
  return windows;
}
