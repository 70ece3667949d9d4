import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Problem } from '../domain/problem.ts';
import { formatPath, type Path, type Place, readYaml, type YamlSource } from './yaml-source.ts';

/** A deployment folder read and merged, but not yet understood. */
export type Folder = {
  readonly value: Readonly<Record<string, unknown>>;
  /** The place of a value in whichever file has it. */
  readonly placeOf: (path: Path, of?: 'value' | 'key') => Place;
  readonly problems: readonly Problem[];
};

/** A configuration is written by hand; anything larger is something else. */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads every `*.yaml` and `*.yml` of a folder, not of the folders in it, in the order of their names, and merges
 * them: maps key by key, everything else whole. What two files give is a problem that names both places.
 */
export function readFolder(folder: string): Folder {
  const problems: Problem[] = [];
  const refuse = (file: string, message: string): void =>
    void problems.push({ severity: 'error', file, line: 1, column: 1, path: '', message });

  const sources: YamlSource[] = [];
  for (const file of filesOf(folder, refuse)) {
    const content = contentOf(file, refuse);
    if (content === null) continue;
    const source = readYaml(file, content);
    problems.push(...source.problems);
    if (source.value === null || source.value === undefined) continue;
    if (isMap(source.value)) sources.push(source);
    else
      refuse(
        file,
        `expected a map of keys such as gateway, tiers, models, probes; found ${kindOf(source.value)}`,
      );
  }

  const placeOf = (path: Path, of?: 'value' | 'key'): Place => {
    let best: (Place & { depth: number }) | null = null;
    for (const source of sources) {
      const place = source.placeOf(path, of);
      if (place.depth > (best?.depth ?? 0)) best = place;
    }
    return best === null
      ? { file: folder, line: 1, column: 1 }
      : { file: best.file, line: best.line, column: best.column };
  };

  let value: Readonly<Record<string, unknown>> = {};
  const merged: YamlSource[] = [];
  for (const source of sources) {
    const clash = (path: Path): void => {
      const here = source.placeOf(path, 'key');
      const first = merged
        .map((other) => other.placeOf(path, 'key'))
        .find((place) => place.depth === path.length);
      problems.push({
        severity: 'error',
        file: here.file,
        line: here.line,
        column: here.column,
        path: formatPath(path),
        message: `given twice: also in ${first?.file}:${first?.line}:${first?.column}; keep one`,
      });
    };
    value = merge(value, source.value as Readonly<Record<string, unknown>>, [], clash);
    merged.push(source);
  }
  return { value, placeOf, problems };
}

function filesOf(folder: string, refuse: (file: string, message: string) => void): string[] {
  try {
    if (!statSync(folder).isDirectory()) {
      refuse(folder, 'is a file; expected a folder of YAML files');
      return [];
    }
    const files = readdirSync(folder)
      .filter((name) => /\.ya?ml$/i.test(name) && !basename(name).startsWith('.'))
      .sort()
      .map((name) => join(folder, name))
      .filter((file) => statSync(file).isFile());
    if (files.length === 0) refuse(folder, 'holds no YAML file; expected a folder with at least one');
    return files;
  } catch (error) {
    refuse(folder, `cannot be read: ${reasonOf(error)}`);
    return [];
  }
}

function contentOf(file: string, refuse: (file: string, message: string) => void): string | null {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LARGEST_FILE_BYTES) {
      refuse(file, `is ${bytes.length} bytes long; expected at most ${LARGEST_FILE_BYTES}`);
      return null;
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    refuse(file, error instanceof TypeError ? 'is not UTF-8 text' : `cannot be read: ${reasonOf(error)}`);
    return null;
  }
}

/** The reason of a failed file access in words, without the path that the message already names. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission';
  if (code === 'EISDIR') return 'it is a folder';
  return code || String(error);
}

function merge(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
  path: Path,
  clash: (path: Path) => void,
): Readonly<Record<string, unknown>> {
  const entries = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const before = entries.get(key);
    // Only maps of named things are merged; a half of a gateway or of a spend cap in another file would be a riddle.
    if (!entries.has(key)) entries.set(key, value);
    else if (path.length === 0 && MERGED.has(key) && isMap(before) && isMap(value)) {
      entries.set(key, merge(before, value, [key], clash));
    } else clash([...path, key]);
  }
  return Object.fromEntries(entries);
}

const MERGED: ReadonlySet<string> = new Set(['tiers', 'prompts', 'contracts']);

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
