import { isContractKey } from './contract-keys.ts';
import { conditionsOf } from './predicate-text.ts';
import type { Path } from './yaml-source.ts';

/**
 * Contracts are also written the way agreements and other tools print them: words joined by underscores, the target
 * beside the method, a form with its terms folded inside. This turns such terms into the one shape that is checked.
 */

/** A value with the place it was written at. */
type Node = { readonly at: Path; readonly held: unknown };
type Entries = Map<string, Node>;

export type Respelt = {
  readonly value: unknown;
  /** Where the value now found at a path was written. */
  readonly writtenAt: (path: Path) => Path;
  /** Places of keys that were given twice, once in each spelling. */
  readonly twice: readonly Path[];
};

/** Other names of keys, beside the same words joined by underscores. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    doc_date: 'documentDate',
    docDate: 'documentDate',
    value_ms: 'value',
    valueMs: 'value',
    error_code: 'code',
    errorCode: 'code',
  }),
);

function ownName(key: string): string {
  const other = OTHER_NAMES.get(key);
  if (other !== undefined) return other;
  const joined = key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return isContractKey(joined) ? joined : key;
}

function entriesOf(node: Node | undefined): Entries | null {
  return node?.held instanceof Map ? node.held : null;
}

function itemsOf(node: Node): readonly Node[] {
  return Array.isArray(node.held) ? node.held : [node];
}

function read(value: unknown, at: Path, twice: Path[]): Node {
  if (Array.isArray(value)) return { at, held: value.map((one, i) => read(one, [...at, i], twice)) };
  if (typeof value !== 'object' || value === null) return { at, held: value };
  const entries: Entries = new Map();
  for (const [key, inner] of Object.entries(value)) {
    const name = ownName(key);
    if (entries.has(name)) twice.push([...at, key]);
    else entries.set(name, read(inner, [...at, key], twice));
  }
  return { at, held: entries };
}

function write(node: Node, path: Path, places: Map<string, Path>): unknown {
  places.set(JSON.stringify(path), node.at);
  if (Array.isArray(node.held)) return node.held.map((one, i) => write(one, [...path, i], places));
  const entries = entriesOf(node);
  if (entries === null) return node.held;
  return Object.fromEntries([...entries].map(([key, one]) => [key, write(one, [...path, key], places)]));
}

/** Moves what an inner mapping holds up into the one around it. */
function hoist(into: Entries, inner: Entries, twice: Path[]): void {
  for (const [key, node] of inner) {
    if (into.has(key)) twice.push(node.at);
    else into.set(key, node);
  }
}

/** `form: { window_attainment: { … } }`, or that without `form`, as `form: window_attainment` with the rest beside it. */
function unfoldForm(latency: Entries, twice: Path[]): void {
  const folded = entriesOf(latency.get('form'));
  const holder = folded ?? latency;
  for (const name of ['window_attainment', 'whole_window_percentile']) {
    const node = holder.get(name);
    const inner = entriesOf(node);
    if (node === undefined || inner === null) continue;
    holder.delete(name);
    latency.set('form', { at: node.at, held: name });
    hoist(latency, inner, twice);
  }
}

/** What `when` says in words: `consecutive>=2`, `2 of 3`, `single_window_below: 90`. */
function whenOf(text: string): Readonly<Record<string, string | number>> | null {
  const inARow = /^consecutive\s*(?:>=|:|=|\s)\s*(\d+)$/.exec(text);
  if (inARow !== null) return { consecutive: Number(inARow[1]) };
  const some = /^(\d+)[\s_]+of[\s_]+(\d+)$/.exec(text);
  if (some !== null) return { k: Number(some[1]), m: Number(some[2]) };
  const single = /^single_window_below\s*[:=<\s]\s*"?([\d.]+)"?$/.exec(text);
  return single === null ? null : { singleWindowBelow: single[1] ?? '' };
}

function unfoldChronic(chronic: Entries): void {
  const when = chronic.get('when');
  const spoken = typeof when?.held === 'string' ? whenOf(when.held) : null;
  const at = when?.at ?? [];
  const conditions: Entries =
    entriesOf(when) ?? new Map(Object.entries(spoken ?? {}).map(([key, held]) => [key, { at, held }]));
  for (const key of ['consecutive', 'k', 'm', 'k_of_m', 'singleWindowBelow']) {
    const beside = chronic.get(key);
    if (beside === undefined || conditions.has(key)) continue;
    chronic.delete(key);
    conditions.set(key, beside);
  }
  const both = conditions.get('k_of_m');
  if (both !== undefined) {
    const [k, m] = itemsOf(both);
    const words = typeof both.held === 'string' ? whenOf(both.held) : null;
    const pair = words === null ? [k, m] : [words.k, words.m].map((held) => ({ at: both.at, held }));
    conditions.delete('k_of_m');
    for (const [i, key] of ['k', 'm'].entries()) {
      const one = pair[i];
      if (one !== undefined) conditions.set(key, one);
    }
  }
  const [first] = conditions.values();
  if (first !== undefined) chronic.set('when', { at: when?.at ?? first.at, held: conditions });
}

/** Matchers that contracts name by themselves; in the samples they are tags or outcomes. */
const TAGS: ReadonlySet<string> = new Set([
  'backoff_violation',
  'force_majeure',
  'preview',
  'preview_feature',
  'upstream_caused',
  'grounding',
  'abuse',
]);

function unfoldPredicate(holder: Entries, key: string): void {
  const node = holder.get(key);
  if (node === undefined) return;
  const entries = entriesOf(node);
  if (entries === null) {
    const texts = itemsOf(node).map((one) => one.held);
    const terms = texts.every((text) => typeof text === 'string') ? conditionsOf(texts.join(', ')) : null;
    if (terms !== null) holder.set(key, read(terms, node.at, []));
    return;
  }
  const named = [...entries].filter(([name, one]) => TAGS.has(name) && one.held === true);
  if (named.length === 1 && !entries.has('tag')) {
    const [name, one] = named[0] ?? ['', node];
    entries.delete(name);
    entries.set('tag', { at: one.at, held: name });
  }
  const transport = entries.get('transport_error');
  if (transport?.held === true && !entries.has('outcome')) {
    entries.delete('transport_error');
    entries.set('outcome', { at: transport.at, held: 'net.*' });
  }
}

/** The target beside `availability` belongs to it; without it, to the only latency objective that has one. */
function placeTarget(top: Entries): void {
  const target = top.get('target');
  if (target === undefined) return;
  const availability = entriesOf(top.get('availability'));
  const latency = top.get('latency');
  const windows = (latency === undefined ? [] : itemsOf(latency)).flatMap((one) => {
    const entries = entriesOf(one);
    return entries?.get('form')?.held === 'window_attainment' ? [entries] : [];
  });
  const home = availability ?? (windows.length === 1 ? windows[0] : undefined);
  if (home === undefined || home.has('target')) return;
  top.delete('target');
  home.set('target', target);
}

function unfold(top: Entries, twice: Path[]): void {
  const contract = entriesOf(top.get('contract'));
  if (contract !== null) {
    top.delete('contract');
    hoist(top, contract, twice);
  }
  for (const key of ['latency', 'chronic']) {
    const one = top.get(key);
    if (entriesOf(one) !== null && one !== undefined) top.set(key, { at: one.at, held: [one] });
  }
  const each = (key: string): Entries[] => {
    const node = top.get(key);
    return (node === undefined ? [] : itemsOf(node)).flatMap((one) => entriesOf(one) ?? []);
  };
  unfoldPredicate(top, 'eligible');
  for (const rule of each('classify')) unfoldPredicate(rule, 'when');
  for (const latency of each('latency')) {
    unfoldForm(latency, twice);
    unfoldPredicate(latency, 'eligible');
  }
  for (const chronic of each('chronic')) unfoldChronic(chronic);
  placeTarget(top);
}

/** Terms in the one spelling that is checked. Values are as they were written. */
export function respell(written: unknown): Respelt {
  const twice: Path[] = [];
  const root = read(written, [], twice);
  const top = entriesOf(root);
  if (top !== null) unfold(top, twice);
  const places = new Map<string, Path>();
  const value = write(root, [], places);
  const writtenAt = (path: Path): Path => {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = places.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return [...place, ...path.slice(length)];
    }
    return path;
  };
  return { value, writtenAt, twice };
}
