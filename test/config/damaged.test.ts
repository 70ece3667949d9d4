import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BAD, loadBeside } from '../support/bad-probes.ts';

const BASE = join(BAD, 'base');
const LINES = [
  ...readdirSync(BASE).flatMap((file) => readFileSync(join(BASE, file), 'utf8').split('\n')),
  'alerts: { routes: [{ id: a, to: [me@acme.example] }], webhooks: { w: { url: https://hooks.acme.example } } }',
  'contracts: { gold: { template: pro-channel, availability: { target: "99.95" } } }',
  'spend: { perDay: 5 USD }',
  'retention: { samples: 400d }',
];
const SHARDS = [
  'null',
  '[]',
  '{}',
  '7',
  '"x"',
  '- a',
  '*x',
  '&a b',
  '__proto__: 1',
  '<<: {a: 1}',
  '{',
  '\t',
  '\u0000',
  '1e999',
];

const damage = fc.record({
  line: fc.nat(LINES.length - 1),
  kind: fc.constantFrom('remove', 'value', 'inside', 'before'),
  at: fc.nat(80),
  shard: fc.constantFrom(...SHARDS),
});

test('however a configuration is damaged, it loads or says why, and shows no secret', () => {
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const lines: (string | null)[] = [...LINES];
      for (const { line, kind, at, shard } of damages) {
        const text = lines[line] ?? '';
        if (kind === 'remove') lines[line] = null;
        else if (kind === 'value') lines[line] = text.replace(/:.*/, `: ${shard}`);
        else if (kind === 'inside') lines[line] = text.slice(0, at) + shard + text.slice(at);
        else lines[line] = `${' '.repeat(at % 6)}${shard}\n${text}`;
      }
      const files = [
        `--without gateway tiers models prompts probes\n${lines.filter((line) => line !== null).join('\n')}`,
      ];
      const loaded = loadBeside(files);
      if (loaded.kind === 'problems') assert.ok(loaded.problems.some(({ severity }) => severity === 'error'));
      assert.doesNotMatch(JSON.stringify(loaded), /hunter2222/);
    }),
    { numRuns: 300 },
  );
});

for (const [sentence, text, message] of [
  ['a list that holds itself', 'models: &all [*all]', /inside of what it names/],
  [
    'a map that is merged into itself',
    'models: &all { <<: *all }',
    /not readable as YAML|inside of what it names/,
  ],
  [
    'a merge of what is no map',
    'models: [{ <<: [1], id: a }]',
    /not readable as YAML: merge sources must be maps/,
  ],
] as const) {
  test(`${sentence} is the file's fault, told in one line`, () => {
    const loaded = loadBeside([`--without models\n${text}`]);
    assert.ok(loaded.kind === 'problems');
    assert.match(loaded.problems[0]?.message ?? '', message);
  });
}
