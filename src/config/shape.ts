import { z } from 'zod';
import { didYouMean } from './nearest.ts';
import type { ProblemList } from './problem-list.ts';
import { isSecretName, looksSecret } from './secret.ts';
import type { Path } from './yaml-source.ts';

/**
 * Reports everything in `value` that the schema refuses, each with what was found and what was expected, and returns
 * the value as far as it can be understood: unknown keys and optional parts with faults are left out, `null` if a
 * required part is missing or wrong. Whatever follows can then still be checked, so one run tells every mistake.
 * Without a list of problems nothing is reported.
 */
export function readShape<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: Path,
  problems: ProblemList | null,
): z.output<S> | null {
  let rest = value;
  // Each round removes what the last one refused; a container emptied by it may be refused in turn, but silently.
  for (let round = 0; round < 8; round += 1) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.flatMap((issue) => flatten(issue, rest));
    if (round === 0 && problems !== null) {
      for (const issue of issues) report(schema, issue, rest, path, problems);
    }
    let pruned = rest;
    for (const issue of issues) {
      const next = without(pruned, issue.path);
      if (next === undefined) return null;
      pruned = next;
    }
    rest = pruned;
  }
  return null;
}

/** The value found, in a few words; a value that may be a secret is not shown. */
export function describeFound(value: unknown, path: Path): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const name = path.findLast((step) => typeof step === 'string');
  if (typeof value === 'string') {
    if ((typeof name === 'string' && isSecretName(name)) || looksSecret(value)) return 'a text (not shown)';
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  }
  if (typeof name === 'string' && isSecretName(name)) return `a ${typeof value} (not shown)`;
  return String(value);
}

type Flat = {
  readonly kind: 'unknown' | 'key' | 'choice' | 'value';
  readonly path: Path;
  readonly message: string;
  readonly choices: readonly string[];
};

/** One row per place: unknown keys one by one, unions as the branch that came nearest. */
function flatten(issue: z.core.$ZodIssue, root: unknown): Flat[] {
  const path = issue.path as Path;
  const flat = (kind: Flat['kind'], at: Path, choices: readonly string[] = []): Flat => ({
    kind,
    path: at,
    message: issue.message,
    choices,
  });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => flat('unknown', [...path, key]));
    case 'invalid_key':
      return [{ ...flat('key', path), message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_value':
      return [flat('choice', path, issue.values.map(String))];
    case 'invalid_union': {
      const branches = issue.errors
        .filter((errors) => errors.length > 0 && errors.every((error) => !isAboutTheWhole(error)))
        .map((errors) =>
          errors.flatMap((error) => flatten({ ...error, path: [...path, ...error.path] }, root)),
        )
        .sort((a, b) => weight(a) - weight(b));
      return branches[0] ?? [flat('value', path)];
    }
    default:
      return [flat('value', path)];
  }
}

/** Where no branch got further than the value as a whole, the union says in its own words what it expects. */
function isAboutTheWhole(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

/** An unknown key speaks louder against a branch than a missing or wrong value. */
function weight(rows: readonly Flat[]): number {
  return rows.reduce((sum, row) => sum + (row.kind === 'unknown' ? 3 : 2), 0);
}

function report(schema: z.ZodType, issue: Flat, root: unknown, base: Path, problems: ProblemList): void {
  const path = [...base, ...issue.path];
  const name = String(issue.path.at(-1) ?? '');
  if (issue.kind === 'unknown') {
    const known = knownKeys(schema, issue.path.slice(0, -1));
    problems.error(path, unknownKey(schema, name, known), 'key');
    return;
  }
  if (issue.kind === 'key') {
    problems.error(path, `${issue.message}, found ${describeFound(name, base)}`, 'key');
    return;
  }
  const found = valueAt(root, issue.path);
  const expected =
    issue.kind === 'choice'
      ? `expected one of ${issue.choices.map((choice) => `"${choice}"`).join(', ')}`
      : issue.message;
  if (found === undefined) {
    problems.error(path, `missing: ${expected}`, 'key');
    return;
  }
  const guess = issue.kind === 'choice' && typeof found === 'string' ? didYouMean(found, issue.choices) : '';
  problems.error(path, `${expected}, found ${describeFound(found, path)}${guess}`);
}

function unknownKey(schema: z.ZodType, name: string, known: readonly string[]): string {
  // One branch of a union knows it, but not the one that the other keys speak for.
  if (known.includes(name)) return `"${name}" does not go together with the other keys here`;
  const start = `unknown key "${short(name)}"`;
  const guess = didYouMean(name, known);
  if (guess !== '') return start + guess;
  const homes = [...homesOf(schema, name, '')];
  return homes.length > 0 && homes.length < 4
    ? `${start}; it belongs under ${homes.join(' or ')}`
    : `${start}${listed(known)}`;
}

/** The paths of maps that know a key, anywhere in the schema. */
function homesOf(schema: z.ZodType, name: string, path: string): Set<string> {
  const inside = bare(schema);
  const below = (child: unknown, at: string): Set<string> => homesOf(child as z.ZodType, name, at);
  if (inside instanceof z.ZodUnion)
    return new Set(inside.options.flatMap((option) => [...below(option, path)]));
  if (inside instanceof z.ZodArray) return below(inside.element, path);
  if (inside instanceof z.ZodRecord) return below(inside.valueType, `${path}.<id>`);
  if (!(inside instanceof z.ZodObject)) return new Set();
  const homes = new Set(Object.hasOwn(inside.shape, name) ? [path === '' ? 'the top level' : path] : []);
  for (const [key, child] of Object.entries(inside.shape)) {
    for (const home of below(child, path === '' ? key : `${path}.${key}`)) homes.add(home);
  }
  return homes;
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function listed(known: readonly string[]): string {
  return known.length === 0 ? '' : `; known here: ${known.join(', ')}`;
}

/** The keys the schema knows at a path, over all branches of a union. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  const inside = bare(schema);
  if (inside instanceof z.ZodUnion) {
    return [...new Set(inside.options.flatMap((option) => knownKeys(option as z.ZodType, path)))];
  }
  const [step, ...rest] = path;
  if (inside instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(inside.shape);
    const child = inside.shape[String(step)];
    return child === undefined ? [] : knownKeys(child as z.ZodType, rest);
  }
  if (step === undefined) return [];
  if (inside instanceof z.ZodArray) return knownKeys(inside.element as z.ZodType, rest);
  if (inside instanceof z.ZodRecord) return knownKeys(inside.valueType as z.ZodType, rest);
  return [];
}

function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return bare(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

/**
 * A copy without the value at `path`. An element of a list takes the whole list with it, as the others would change
 * their places; a missing value takes the map that misses it. `undefined` if nothing is left.
 */
function without(root: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof root !== 'object' || root === null || Array.isArray(root))
    return undefined;
  if (!Object.hasOwn(root, step)) return undefined;
  const entries = Object.entries(root).flatMap(([key, value]) => {
    if (key !== String(step)) return [[key, value]];
    const inner = without(value, rest);
    return inner === undefined ? [] : [[key, inner]];
  });
  return Object.fromEntries(entries);
}
