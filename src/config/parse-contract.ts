import type { z } from 'zod';
import type { Contract } from '../domain/contract/contract.ts';
import { gapBetween } from '../domain/contract/contract-in-force.ts';
import { instantText } from '../domain/time/period.ts';
import { contractFrom } from './contract-from-terms.ts';
import { unknownKey } from './contract-keys.ts';
import { contractTermsSchema, found } from './contract-schema.ts';
import { semanticProblems } from './contract-semantics.ts';
import { respell } from './contract-spelling.ts';
import { resolveTemplate } from './contract-template.ts';
import { nearest } from './nearest.ts';
import type { ValueProblem } from './value-problem.ts';
import type { Path } from './yaml-source.ts';

export type ParsedContracts = {
  /** By id, versions in order of their start. Complete only if no problem is an error. */
  readonly contracts: ReadonlyMap<string, readonly Contract[]>;
  readonly problems: readonly ValueProblem[];
};

type Issue = z.core.$ZodIssue;
function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function oneOf(values: readonly unknown[], input: unknown): string {
  const words = values.map(String);
  const expected = words.length === 1 ? words[0] : `one of ${words.join(', ')}`;
  const near = typeof input === 'string' ? nearest(input, words) : null;
  return `expected ${expected}, found ${found(input)}${near === null ? '' : `; did you mean ${near}?`}`;
}

function oneOfKinds(issue: Extract<Issue, { code: 'invalid_union' }>, input: unknown): string {
  const kinds = issue.errors
    .flat()
    .flatMap((one) => (one.code === 'invalid_type' && one.path.length === 0 ? [one.expected] : []));
  const words = [...new Set(kinds.map((kind) => KINDS[kind] ?? kind))];
  return words.length === 0 ? issue.message : `expected ${words.join(' or ')}, found ${found(input)}`;
}

function describe(issue: Issue, input: unknown): string {
  switch (issue.code) {
    case 'invalid_value':
      return oneOf(issue.values, input);
    case 'invalid_type':
      // Messages of our own say more than the bare kind.
      if (issue.message.startsWith('expected')) return issue.message;
      return `expected ${KINDS[issue.expected] ?? issue.expected}, found ${found(input)}`;
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options)) return oneOf(issue.options, input);
      return issue.message.startsWith('expected') ? issue.message : oneOfKinds(issue, input);
    case 'too_small':
      return `expected at least ${issue.minimum}${typeof input === 'number' ? '' : ' entries'}, found ${found(input)}`;
    case 'too_big':
      if (issue.message.startsWith('expected')) return issue.message;
      return `expected at most ${issue.maximum}, found ${found(input)}`;
    default:
      return issue.message.startsWith('expected') ? issue.message : `${issue.message}, found ${found(input)}`;
  }
}

function parentKey(path: Path): string {
  return String(path.findLast((key) => typeof key === 'string') ?? '');
}

/** A union of a scalar and a mapping reports as one issue; its own unknown keys are what the writer needs to hear. */
function nestedUnknownKeys(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flat().filter((one) => one.code === 'unrecognized_keys');
}

function problemsOf(issue: Issue, whole: unknown): ValueProblem[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  const nested = nestedUnknownKeys(issue);
  if (nested.length > 0) {
    return nested.flatMap((one) => problemsOf({ ...one, path: [...issue.path, ...one.path] }, whole));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      severity: 'error',
      path: [...path, key],
      of: 'key' as const,
      message: unknownKey(key, parentKey(path), valueAt(whole, path)),
    }));
  }
  return [{ severity: 'error', path, message: describe(issue, valueAt(whole, path)) }];
}

type Parsed = { readonly contract: Contract | null; readonly problems: readonly ValueProblem[] };

/**
 * One version of a contract. `key` is the id it is filed under, `null` in a file of its own, where it must name itself.
 * `base` is prefixed to the path of every problem. Contract only if there is no error.
 */
export function parseContract(written: unknown, key: string | null, base: Path = []): Parsed {
  const { value, writtenAt, twice } = respell(written);
  const { contract, problems } = parseTerms(value, key);
  const again = twice.map(
    (path): ValueProblem => ({
      severity: 'error',
      path,
      of: 'key',
      message: 'given twice, in two spellings or places; keep one',
    }),
  );
  const all = [...again, ...problems.map((one) => ({ ...one, path: writtenAt(one.path) }))];
  return {
    contract: again.length > 0 ? null : contract,
    problems: all.map((one) => ({ ...one, path: [...base, ...one.path] })),
  };
}

function parseTerms(respelt: unknown, key: string | null): Parsed {
  const { value, problems: ofTemplate } = resolveTemplate(respelt);
  if (ofTemplate.length > 0) return { contract: null, problems: ofTemplate };
  const parsed = contractTermsSchema.safeParse(value);
  if (!parsed.success) {
    return { contract: null, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, value)) };
  }
  const terms = parsed.data;
  const problems = semanticProblems(terms);
  const id = key ?? terms.id ?? null;
  if (id === null) {
    problems.push({
      severity: 'error',
      path: ['id'],
      message: 'expected a name for the contract, found nothing',
    });
  }
  if (key !== null && terms.id !== undefined && terms.id !== key) {
    problems.push({
      severity: 'error',
      path: ['id'],
      message: `expected ${key}, the key it is filed under, found ${terms.id}`,
    });
  }
  const hasError = problems.some((one) => one.severity === 'error');
  return { contract: id === null || hasError ? null : contractFrom(id, terms), problems };
}

function byStart(a: Contract, b: Contract): number {
  return (a.inForceFrom ?? '') < (b.inForceFrom ?? '') ? -1 : 1;
}

function sameStart(id: string, versions: readonly Contract[], base: Path): ValueProblem[] {
  const starts = new Set(versions.map((one) => one.inForceFrom));
  if (starts.size === versions.length) return [];
  return [
    {
      severity: 'error',
      path: base,
      message: `versions of ${id} start at the same time; expected a different inForceFrom in each`,
    },
  ];
}

function gaps(versions: readonly Contract[], base: Path): ValueProblem[] {
  return versions.slice(1).flatMap((later, i): ValueProblem[] => {
    const earlier = versions[i];
    const gap = earlier === undefined ? null : gapBetween(earlier, later);
    if (gap === null) return [];
    const message = `version ${later.version} changes what a window is: ${instantText(gap.fromAt)} to ${instantText(gap.toAt)} lies in no window of either version and gets no report`;
    return [{ severity: 'warning', path: base, message }];
  });
}

/** The `contracts:` mapping: an id and its terms, or a list of its versions. */
export function parseContracts(value: unknown, base: Path = []): ParsedContracts {
  const contracts = new Map<string, readonly Contract[]>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `expected a mapping of contract ids to their terms, found ${found(value)}`;
    return { contracts, problems: [{ severity: 'error', path: base, message }] };
  }
  const problems: ValueProblem[] = [];
  for (const [id, entry] of Object.entries(value)) {
    const versions = Array.isArray(entry)
      ? entry.map((one, i) => parseContract(one, id, [...base, id, i]))
      : [parseContract(entry, id, [...base, id])];
    problems.push(...versions.flatMap((one) => one.problems));
    const good = versions.flatMap((one) => (one.contract === null ? [] : [one.contract]));
    problems.push(...sameStart(id, good, [...base, id]));
    const inOrder = good.toSorted(byStart);
    problems.push(...gaps(inOrder, [...base, id]));
    if (good.length > 0) contracts.set(id, inOrder);
  }
  return { contracts, problems };
}

/** A contract file: the terms of one contract with its `id`, or a `contracts:` mapping and nothing else. */
export function parseContractFile(value: unknown): ParsedContracts {
  if (typeof value === 'object' && value !== null && 'contracts' in value) {
    const others = Object.keys(value).filter((key) => key !== 'contracts');
    const parsed = parseContracts(value.contracts, ['contracts']);
    const strays = others.map(
      (key): ValueProblem => ({
        severity: 'error',
        path: [key],
        message: `unexpected beside contracts: a file holds one contract or a contracts mapping`,
      }),
    );
    return { contracts: parsed.contracts, problems: [...parsed.problems, ...strays] };
  }
  const { contract, problems } = parseContract(value, null);
  return {
    contracts: new Map(contract === null ? [] : [[contract.id, [contract]]]),
    problems,
  };
}
