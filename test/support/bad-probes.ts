import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Loaded, loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import { cronGrid } from '../../src/pipeline/probing/cron-grid.ts';

export const BAD = join(import.meta.dirname, '../fixtures/probes-bad');
const BASE = join(BAD, 'base');

export const ENV: Readonly<Record<string, string>> = {
  ACME_KEY: 'hunter2222-from-the-environment',
  EMPTY_KEY: ' ',
  BROKEN_KEY: 'hunter2222\nhunter2222',
};

/** Where a fixture says what has to be told about it: the end of the file, as comments. */
const EXPECTED = '\n# expected:\n';

export type Fixture = { readonly name: string; readonly files: readonly string[]; readonly expected: string };

export function fixtures(): Fixture[] {
  return readdirSync(BAD)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const [text = '', expected = ''] = readFileSync(join(BAD, file), 'utf8').split(EXPECTED);
      const lines = expected.split('\n').map((line) => line.replace(/^# {0,3}/, ''));
      return {
        name: basename(file, '.yaml'),
        files: text.split('--8<--\n'),
        expected: lines.join('\n').trimEnd(),
      };
    });
}

/**
 * Loads texts as the files `it.yaml`, `it2.yaml` of a folder, with the sound base for every section they do not give.
 * A first line `--without a b` leaves those sections out.
 */
export function loadBeside(files: readonly string[], visit?: (folder: string) => void): Loaded {
  const folder = join(mkdtempSync(join(tmpdir(), 'probity-config-')), 'probes');
  try {
    mkdirSync(folder);
    const [, left = '', first = ''] = /^(?:--without ([^\n]*)\n)?([\s\S]*)$/.exec(files[0] ?? '') ?? [];
    const texts = [first, ...files.slice(1)];
    texts.forEach((text, index) => {
      writeFileSync(join(folder, `it${index === 0 ? '' : index + 1}.yaml`), text);
    });
    for (const file of readdirSync(BASE)) {
      const section = basename(file, '.yaml');
      const isGiven = left.split(' ').includes(section) || new RegExp(`^${section}:`, 'm').test(first);
      const isMerged = texts.length > 1 && section === 'tiers';
      if (!isGiven || isMerged) writeFileSync(join(folder, file), readFileSync(join(BASE, file)));
    }
    visit?.(folder);
    return shorten(loadConfig(folder, ENV, { cron: cronGrid, secrets: 'required' }), folder);
  } finally {
    rmSync(join(folder, '..'), { recursive: true });
  }
}

/** Names of temporary folders are nobody's business. */
function shorten(loaded: Loaded, folder: string): Loaded {
  const bare = (text: string): string => text.replaceAll(`${folder}/`, '').replaceAll(folder, 'probes');
  const clean = <P extends { file: string; message: string }>(problem: P): P => ({
    ...problem,
    file: bare(problem.file),
    message: bare(problem.message),
  });
  return loaded.kind === 'problems'
    ? { kind: 'problems', problems: loaded.problems.map(clean) }
    : { ...loaded, warnings: loaded.warnings.map(clean) };
}

/** Everything that was told, one problem per line. */
export function told(loaded: Loaded): string {
  return (loaded.kind === 'problems' ? loaded.problems : loaded.warnings).map(formatProblem).join('\n');
}
