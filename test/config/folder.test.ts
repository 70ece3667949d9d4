import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import { loadBeside, told } from '../support/bad-probes.ts';

const options = {
  cron: (): never => {
    throw new Error('no cron here');
  },
  secrets: 'required',
} as const;

function tellOf(folder: string): string {
  const loaded = loadConfig(folder, {}, options);
  return loaded.kind === 'problems' ? loaded.problems.map(formatProblem).join('\n') : '';
}

test('a folder that does not exist is one line', () => {
  assert.equal(tellOf('/no/such/folder'), '/no/such/folder:1:1  cannot be read: it does not exist');
});

test('a folder without YAML is one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-'));
  assert.equal(tellOf(folder), `${folder}:1:1  holds no YAML file; expected a folder with at least one`);
});

test('a file in place of a folder is one line', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'probity-')), 'a.yaml');
  writeFileSync(file, '');
  assert.equal(tellOf(file), `${file}:1:1  is a file; expected a folder of YAML files`);
});

test('a file that is not UTF-8 is told, not mended', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-'));
  writeFileSync(join(folder, 'a.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
  assert.equal(tellOf(folder), `${join(folder, 'a.yaml')}:1:1  is not UTF-8 text`);
});

test('folders within the folder, hidden files and other files are left alone', () => {
  const loaded = loadBeside([], (folder) => {
    mkdirSync(join(folder, 'inner.yaml'));
    writeFileSync(join(folder, 'inner.yaml', 'a.yaml'), 'nonsense: 1');
    writeFileSync(join(folder, '.hidden.yaml'), 'nonsense: 1');
    writeFileSync(join(folder, 'notes.txt'), 'nonsense: 1');
    writeFileSync(join(folder, 'empty.yaml'), '# only a comment\n');
  });
  assert.equal(told(loaded), '');
});

test('files ending in .yml are read too', () => {
  const loaded = loadBeside([], (folder) => writeFileSync(join(folder, 'more.yml'), 'region: eu\n'));
  assert.ok(loaded.kind === 'config');
  assert.equal(loaded.config.region, 'eu');
});

test('maps of named things may be spread over files', () => {
  const loaded = loadBeside(['tiers:\n  third: { apiKey: { env: ACME_KEY } }\n', 'tiers:\n  fourth: {}\n']);
  assert.ok(loaded.kind === 'config', told(loaded));
  assert.deepEqual(loaded.config.tiers.map(({ id }) => id).sort(), ['fourth', 'pro', 'standard', 'third']);
});

test('anchors and merged maps keep the places of what they repeat', () => {
  const text =
    'tiers:\n  standard: &same\n    apiKey: { env: ACME_KEY }\n  pro:\n    <<: *same\n    modelPrefix: Pro/\n';
  const loaded = loadBeside([text]);
  assert.ok(loaded.kind === 'config', told(loaded));
  assert.deepEqual(
    loaded.config.tiers.map(({ apiKey }) => apiKey?.reveal().length),
    [31, 31],
  );
  assert.equal(
    told(loadBeside([text.replace('ACME_KEY', 'ABSENT_KEY')])),
    [
      'it.yaml:3:20  tiers.standard.apiKey.env  environment variable ABSENT_KEY is not set',
      'it.yaml:3:20  tiers.pro.apiKey.env  environment variable ABSENT_KEY is not set',
    ].join('\n'),
  );
});

test('a configuration is frozen to its depths', () => {
  const loaded = loadBeside(['contracts: { gold: { template: pro-channel } }\n']);
  assert.ok(loaded.kind === 'config', told(loaded));
  let seen = 0;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    seen += 1;
    assert.ok(Object.isFrozen(value), JSON.stringify(value));
    Object.values(value).forEach(visit);
  };
  visit(loaded.config);
  assert.ok(seen > 50, `${seen} objects`);
});

test('an absent key is only a warning where nothing is sent', () => {
  const folder = join(import.meta.dirname, '../../probes/global-apis');
  const loaded = loadConfig(folder, {}, { ...options, secrets: 'optional' });
  assert.ok(loaded.kind === 'config');
  assert.deepEqual(
    loaded.warnings.map(({ severity, message }) => [severity, message]),
    [
      ['warning', 'environment variable GLOBAL_APIS_STANDARD_KEY is not set'],
      ['warning', 'environment variable GLOBAL_APIS_PRO_KEY is not set'],
    ],
  );
  assert.equal(loadConfig(folder, {}, options).kind, 'problems');
});
