import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { Problem } from '../domain/problem.ts';
import { withoutSecrets } from './secret.ts';

/** The way to a value: keys of maps and indexes of lists, from the root. */
export type Path = readonly (string | number)[];

/** Where something stands in a file; `line` and `column` are 1-based. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

/** One YAML file: its plain value, what is wrong with its syntax, and where every value stands. */
export type YamlSource = {
  readonly file: string;
  /** Maps, lists, strings, numbers, booleans and `null`; `undefined` if the file could not be read as YAML. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /**
   * The place of a value, or of the nearest thing above it that exists. A scalar is found at its value, a map or list at
   * its key; `of: 'key'` always asks for the key. `depth` says how much of the path exists here.
   */
  readonly placeOf: (path: Path, of?: 'value' | 'key') => Place & { readonly depth: number };
};

/** `models[2].id`, or for a key that is no plain word `headers["x y"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w.-]*[\w-]$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.length > 60 ? `${step.slice(0, 60)}…` : step)}]`;
  }
  return withoutSecrets(text);
}

/** More aliases than this in one file are an attack or an accident, not a configuration. */
const MOST_ALIASES = 1_000;

/** Reads the text of a YAML file. Never throws for what the text says: its faults are in `problems`. */
export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const fault = (offset: number, message: string): Problem => ({
    severity: 'error',
    ...at(offset),
    path: '',
    message: withoutSecrets(message),
  });

  const problems = [...document.errors, ...document.warnings].map((error) =>
    fault(error.pos[0], syntaxMessage(error.code, error.message, keyAt(text, error.pos[0]))),
  );
  let value: unknown;
  if (document.errors.every((error) => error.code === 'DUPLICATE_KEY')) {
    try {
      const read: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
      if (holdsItself(read, new Set())) {
        problems.push(fault(0, 'an alias (*name) stands inside of what it names (&name), without an end'));
      } else value = read;
    } catch (error) {
      // Whatever the library finds in the text only now: an alias of nothing, a merge of what is no map.
      const message = error instanceof Error ? error.message : String(error);
      problems.push(fault(0, `not readable as YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`));
    }
  }

  const offsetOf = (node: Node | null | undefined): number | null => node?.range?.[0] ?? null;
  const resolve = (node: unknown): unknown => (isAlias(node) ? (node.resolve(document) ?? node) : node);

  return {
    file,
    value,
    problems,
    placeOf: (path, of = 'value') => {
      let node: unknown = document.contents;
      let key = offsetOf(document.contents) ?? 0;
      let depth = 0;
      for (const step of path) {
        const inside = resolve(node);
        const pair = isMap(inside) ? pairOf(inside.items as Pair[], String(step), resolve) : null;
        if (pair !== null) {
          key = offsetOf(pair.key as Node) ?? key;
          node = pair.value;
        } else if (isSeq(inside) && typeof step === 'number' && step < inside.items.length) {
          node = inside.items[step];
          key = offsetOf(node as Node) ?? key;
        } else break;
        depth += 1;
      }
      const scalar = of === 'value' && depth === path.length && (isScalar(node) || isAlias(node));
      const value = scalar ? offsetOf(node as Node) : null;
      return { ...at(value ?? key), depth };
    },
  };
}

/** @param above the lists and maps that `value` stands in */
function holdsItself(value: unknown, above: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const found = Object.values(value).some((inner) => holdsItself(inner, above));
  above.delete(value);
  return found;
}

/** The pair of a key, looked for in merged maps (`<<`) too. */
function pairOf(pairs: readonly Pair[], key: string, resolve: (node: unknown) => unknown): Pair | null {
  for (const pair of pairs) {
    if (isScalar(pair.key) ? String(pair.key.value) === key : String(pair.key) === key) return pair;
  }
  for (const pair of pairs) {
    if (!isScalar(pair.key) || (pair.key.value !== '<<' && typeof pair.key.value !== 'symbol')) continue;
    const merged = resolve(pair.value);
    const maps = isSeq(merged) ? merged.items.map(resolve) : [merged];
    for (const map of maps) {
      const found = isMap(map) ? pairOf(map.items as Pair[], key, resolve) : null;
      if (found !== null) return found;
    }
  }
  return null;
}

/** The library's codes in words a reader can act on; its own words where they are good enough. */
function syntaxMessage(code: string, message: string, key: string): string {
  const first = `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\.$/, '');
  switch (code) {
    case 'DUPLICATE_KEY':
      return `the key "${key}" is given twice in the same map; keep one`;
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML allows only spaces';
    case 'MULTIPLE_DOCS':
      return 'a second document starts here (---); a file holds one';
    case 'BAD_INDENT':
      return `not readable as YAML: ${first}; check the indentation`;
    default:
      return `not readable as YAML: ${first}`;
  }
}

function keyAt(text: string, offset: number): string {
  return /^["']?([^"':\n]{1,60})/.exec(text.slice(offset, offset + 80))?.[1]?.trim() ?? '';
}
