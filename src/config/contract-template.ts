import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nearest } from './nearest.ts';
import type { ValueProblem } from './value-problem.ts';
import { readYaml } from './yaml-source.ts';

/** Where the contract templates of this installation live. */
export const TEMPLATES = join(import.meta.dirname, '..', '..', 'probes', 'contracts');

/** The ids of the shipped templates. */
export function templateIds(): readonly string[] {
  return readdirSync(TEMPLATES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/** The file of a shipped template; `null` if there is none of that id. */
export function templateFile(id: string): string | null {
  if (!/^[\w.-]+$/.test(id)) return null;
  const file = join(TEMPLATES, `${basename(id, '.yaml')}.yaml`);
  return existsSync(file) ? file : null;
}

type Map = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys that name the kind of a mapping: with another kind the template's own keys no longer make sense. */
const KINDS = ['method', 'shape', 'form'] as const;

/** Mappings are merged key by key; lists and single values replace what the template says, `null` removes it. */
function overlay(template: Map, own: Map): Map {
  const isOtherKind = KINDS.some((key) => own[key] !== undefined && own[key] !== template[key]);
  if (isOtherKind) return own;
  const merged = new Map<string, unknown>(Object.entries(template));
  for (const [key, value] of Object.entries(own)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else merged.set(key, isMap(before) && isMap(value) ? overlay(before, value) : value);
  }
  return Object.fromEntries(merged);
}

export type Resolved = { readonly value: unknown; readonly problems: readonly ValueProblem[] };

/** The terms with their `template` filled in; terms without one as they are. */
export function resolveTemplate(value: unknown): Resolved {
  if (!isMap(value) || !('template' in value)) return { value, problems: [] };
  const { template: id, ...own } = value;
  const file = typeof id === 'string' ? templateFile(id) : null;
  if (typeof id !== 'string' || file === null) {
    const ids = templateIds();
    const near = typeof id === 'string' ? nearest(id, ids) : null;
    const message = `expected a template: ${ids.join(', ')}; found ${JSON.stringify(id)}${near === null ? '' : `; did you mean ${near}?`}`;
    return { value: own, problems: [{ severity: 'error', path: ['template'], message }] };
  }
  const source = readYaml(file, readFileSync(file, 'utf8'));
  if (!isMap(source.value)) throw new Error(`the template ${file} is no mapping`);
  // A contract made from a template goes by its own name.
  const { id: _id, ...terms } = source.value;
  return { value: overlay(terms, own), problems: [] };
}
