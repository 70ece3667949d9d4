import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { test } from 'node:test';

/**
 * The house has rooms by what a line may touch. This table is the floor plan: a room, package or built-in module
 * that is not in it fails the test, so that every new door is a decision somebody sees.
 */
type Room = {
  /** Rooms (or single files) this one may import. A room may always import itself. */
  readonly rooms: readonly string[];
  /** Third-party packages that have their only home here. A trailing `/*` stands for a family. */
  readonly packages: readonly string[];
  /** Built-in modules: none, some, or all. */
  readonly node: 'all' | readonly string[];
};

const ROOMS: Readonly<Record<string, Room>> = {
  'src/domain': {
    rooms: [],
    packages: ['@stdlib/*', 'fraction.js', 'rrule-temporal', 'temporal-polyfill'],
    node: [],
  },
  'src/config': { rooms: ['src/domain'], packages: ['picomatch', 'yaml', 'zod'], node: 'all' },
  'src/prober': { rooms: ['src/domain'], packages: ['eventsource-parser', 'undici'], node: 'all' },
  'src/pipeline': { rooms: ['src/domain', 'src/store/store.ts'], packages: ['croner'], node: [] },
  'src/store': { rooms: ['src/domain'], packages: [], node: [] },
  'src/store/sqlite': {
    rooms: ['src/domain', 'src/store/store.ts'],
    packages: ['better-sqlite3'],
    node: ['node:fs', 'node:path', 'node:url', 'node:util', 'node:zlib'],
  },
  'src/evidence': {
    rooms: ['src/domain', 'src/store/store.ts'],
    packages: ['asn1js', 'canonicalize', 'pkijs'],
    node: ['node:crypto', 'node:fs', 'node:path', 'node:util', 'node:zlib'],
  },
  'src/notify': { rooms: ['src/domain'], packages: ['nodemailer'], node: 'all' },
  'src/report': {
    rooms: ['src/domain', 'dashboards'],
    packages: ['@expo-google-fonts/inter', 'csv-stringify', 'pdfkit', 'yazl'],
    node: 'all',
  },
  'src/web': {
    rooms: ['src/domain', 'src/store/store.ts', 'dashboards'],
    packages: ['express', 'helmet', 'prom-client'],
    node: 'all',
  },
  'src/practice': { rooms: ['src/domain'], packages: [], node: ['node:http', 'node:net', 'node:crypto'] },
  'src/commands': {
    rooms: [
      'dashboards',
      'src/config',
      'src/domain',
      'src/evidence',
      'src/notify',
      'src/pipeline',
      'src/practice',
      'src/prober',
      'src/report',
      'src/store',
      'src/store/sqlite',
      'src/web',
    ],
    packages: ['cli-progress', 'commander', 'papaparse', 'pino'],
    node: 'all',
  },
  'src/probity.js': {
    rooms: ['src/main.ts'],
    packages: [],
    node: ['node:fs', 'node:module', 'node:os', 'node:path'],
  },
  'src/main.ts': { rooms: ['src/commands'], packages: ['commander'], node: 'all' },
  dashboards: { rooms: ['src/domain'], packages: ['escape-html-template-tag', 'uplot'], node: [] },
};

/** Packages with two homes, and why. */
const TWO_HOMES: Readonly<Record<string, string>> = {
  commander: 'main.ts mounts what each command describes',
};

/** Where the outside may come in. Everywhere else clock, chance and environment are parameters. */
const DOORS: readonly { readonly what: string; readonly pattern: RegExp; readonly at: readonly string[] }[] =
  [
    {
      what: 'the wall clock',
      pattern: /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)|\bTemporal\.Now\b/,
      at: ['src/main.ts', 'src/commands', 'dashboards/browser'],
    },
    {
      what: 'the monotonic clock',
      pattern: /\bhrtime\b|\bperformance\b|\bmonitorEventLoopDelay\b/,
      at: ['src/prober', 'src/commands', 'dashboards/browser'],
    },
    {
      what: 'chance',
      pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\brandomInt\b|\bgetRandomValues\b/,
      at: ['src/main.ts', 'src/commands'],
    },
    {
      what: 'the environment',
      pattern: /\bprocess\.env\b/,
      at: ['src/config', 'src/commands', 'src/main.ts', 'src/probity.js'],
    },
    { what: 'the console', pattern: /\bconsole\.\w/, at: [] },
    // SQLite plans by a limit's value, and so compiles the statement anew at every call: 200 µs and more instead of 15.
    { what: 'a limit from a bare parameter, not `limit +@…`', pattern: /\blimit @/i, at: [] },
  ];

const DRAWERS = /^(utils?|helpers?|common|types?|misc|shared|lib|interfaces|services|managers)(\.|$)/;

type Source = { readonly path: string; readonly text: string };

/** Comments out, strings kept: a rule must not be broken by a sentence about it. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g, '');
}

function imports(text: string): string[] {
  const found = text.matchAll(
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bgetBuiltinModule\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
}

function roomOf(path: string): string | null {
  const candidates = Object.keys(ROOMS).filter((room) => path === room || path.startsWith(`${room}/`));
  return candidates.sort((a, b) => b.length - a.length)[0] ?? null;
}

function isOpen(from: string, room: Room, goal: string): boolean {
  const goalRoom = roomOf(goal);
  if (goalRoom === from || room.rooms.includes(goal)) return true;
  return goalRoom !== null && room.rooms.includes(goalRoom);
}

function isAtHome(room: Room, specifier: string): boolean {
  return room.packages.some((known) =>
    known.endsWith('/*')
      ? specifier.startsWith(known.slice(0, -1))
      : specifier === known || specifier.startsWith(`${known}/`),
  );
}

function badImport(path: string, name: string, room: Room, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    return room.node === 'all' || room.node.includes(specifier) ? null : `may not import ${specifier}`;
  }
  if (specifier.startsWith('.')) {
    const goal = posix.normalize(posix.join(posix.dirname(path), specifier));
    return isOpen(name, room, goal) ? null : `may not import ${goal}`;
  }
  return isAtHome(room, specifier) ? null : `${specifier} is not at home in ${name}`;
}

function violations(sources: readonly Source[]): string[] {
  const found: string[] = [];
  for (const { path, text } of sources) {
    const complain = (complaint: string): number => found.push(`${path}: ${complaint}`);
    if (path.split('/').some((part) => DRAWERS.test(part))) complain('a drawer, not a name');
    const name = roomOf(path);
    const room = name === null ? undefined : ROOMS[name];
    if (name === null || room === undefined) {
      complain('stands in no room');
      continue;
    }
    const code = withoutComments(text);
    for (const specifier of imports(code)) {
      const complaint = badImport(path, name, room, specifier);
      if (complaint !== null) complain(complaint);
    }
    for (const door of DOORS) {
      const allowed = door.at.some((place) => path === place || path.startsWith(`${place}/`));
      if (!allowed && door.pattern.test(code)) complain(`reads ${door.what}`);
    }
  }
  return found;
}

const ROOT = join(import.meta.dirname, '..');

function filesUnder(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(ROOT.length + 1), entry.name));
}

test('every file of the program keeps the rules of its room', () => {
  const sources = [...filesUnder('src'), ...filesUnder('dashboards')]
    .filter((path) => /\.(ts|js|mjs|cjs)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
  assert.ok(sources.length > 0, 'there is something to check');
  assert.deepEqual(violations(sources), []);
});

test('the probes folder holds data only', () => {
  assert.deepEqual(
    filesUnder('probes').filter((file) => !/\.(yaml|json|md)$/.test(basename(file))),
    [],
  );
});

test('no file of the tests or benches is a drawer', () => {
  const drawers = ['test', 'bench']
    .flatMap(filesUnder)
    .filter((path) => [...dirname(path).split('/'), basename(path)].some((part) => DRAWERS.test(part)));
  assert.deepEqual(drawers, []);
});

test('no package is at home in two rooms without a reason', () => {
  const homes = Object.values(ROOMS).flatMap((room) => room.packages);
  const shared = homes.filter((name, index) => homes.indexOf(name) !== index);
  assert.deepEqual(shared.sort(), Object.keys(TWO_HOMES).sort());
});

/** Violation, path of the planted file, its text, and the complaint it must cause. */
const PLANTED: readonly (readonly [violation: string, path: string, text: string, complaint: string])[] = [
  [
    'the domain reaching for the file system',
    'src/domain/a.ts',
    `import { readFileSync } from 'node:fs';`,
    'may not import node:fs',
  ],
  [
    'the domain reaching for the store',
    'src/domain/a.ts',
    `import type { Store } from '../store/store.ts';`,
    'may not import src/store/store.ts',
  ],
  [
    'a re-export through the back door',
    'src/domain/a.ts',
    `export type { Store } from '../store/store.ts';`,
    'may not import src/store/store.ts',
  ],
  [
    'an import spread over lines',
    'src/domain/a.ts',
    `import {\n  a,\n  b,\n} from '../web/server.ts';`,
    'may not import src/web/server.ts',
  ],
  [
    'a page reading the clock',
    'dashboards/a.page.ts',
    'export const at = Date.now();',
    'reads the wall clock',
  ],
  ['a page opening a file', 'dashboards/a.page.ts', `import 'node:fs';`, 'may not import node:fs'],
  [
    'a page opening a file without an import',
    'dashboards/a.page.ts',
    `const { readFileSync } = process.getBuiltinModule('node:fs');`,
    'may not import node:fs',
  ],
  [
    'the pipeline knowing an engine',
    'src/pipeline/a.ts',
    `import { open } from '../store/sqlite/open.ts';`,
    'may not import src/store/sqlite/open.ts',
  ],
  [
    'the pipeline probing by itself',
    'src/pipeline/a.ts',
    `import { createProber } from '../prober/prober.ts';`,
    'may not import src/prober/prober.ts',
  ],
  [
    'the prober storing by itself',
    'src/prober/a.ts',
    `import type { Store } from '../store/store.ts';`,
    'may not import src/store/store.ts',
  ],
  [
    'the web probing by a dynamic import',
    'src/web/a.ts',
    `const p = await import('../prober/prober.ts');`,
    'may not import src/prober/prober.ts',
  ],
  [
    'undici outside the prober',
    'src/web/a.ts',
    `import { request } from 'undici';`,
    'undici is not at home in src/web',
  ],
  [
    'SQL outside the store',
    'src/pipeline/a.ts',
    `import Database from 'better-sqlite3';`,
    'better-sqlite3 is not at home in src/pipeline',
  ],
  ['an unknown package', 'src/config/a.ts', `import _ from 'lodash';`, 'lodash is not at home in src/config'],
  [
    'a package with a similar name',
    'src/web/a.ts',
    `import x from 'express-session';`,
    'express-session is not at home in src/web',
  ],
  ['chance in the pipeline', 'src/pipeline/a.ts', 'const x = Math.random();', 'reads chance'],
  [
    'the environment in the prober',
    'src/prober/a.ts',
    'const x = process.env.HOME;',
    'reads the environment',
  ],
  ['a date made of the wall clock', 'src/domain/a.ts', 'const x = new Date();', 'reads the wall clock'],
  [
    'the monotonic clock in the store',
    'src/store/sqlite/a.ts',
    'const x = process.hrtime.bigint();',
    'reads the monotonic clock',
  ],
  [
    'a limit that is compiled at every call',
    'src/store/sqlite/a.ts',
    "const sql = 'select * from samples limit @limit';",
    'reads a limit from a bare parameter, not `limit +@…`',
  ],
  ['printing in the web', 'src/web/a.ts', `console.log('x');`, 'reads the console'],
  ['a drawer', 'src/web/utils.ts', 'export {};', 'a drawer, not a name'],
  ['a drawer of declarations', 'src/domain/types.d.ts', 'export {};', 'a drawer, not a name'],
  ['a folder that is a drawer', 'src/web/helpers/a.ts', 'export {};', 'a drawer, not a name'],
  ['a room nobody planned', 'src/adapters/a.ts', 'export {};', 'stands in no room'],
  ['main imported from inside', 'src/commands/a.ts', `import '../main.ts';`, 'may not import src/main.ts'],
];

for (const [violation, path, text, complaint] of PLANTED) {
  test(`the rules catch ${violation}`, () => {
    assert.deepEqual(violations([{ path, text }]), [`${path}: ${complaint}`]);
  });
}

test('the rules let through what they should', () => {
  assert.deepEqual(
    violations([
      {
        path: 'src/domain/a.ts',
        text: `// Date.now() would be wrong here\nimport { b } from './b.ts';\nimport F from 'fraction.js';`,
      },
      {
        path: 'src/store/sqlite/a.ts',
        text: `import type { Store } from '../store.ts';\nimport D from 'better-sqlite3';`,
      },
      { path: 'src/commands/a.ts', text: 'const now = Date.now();' },
      { path: 'src/domain/b.ts', text: 'const at = new Date(0);' },
    ]),
    [],
  );
});
