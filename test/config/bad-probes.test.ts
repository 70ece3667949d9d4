import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixtures, loadBeside, told } from '../support/bad-probes.ts';

/** Fixtures that are told about but can run. */
const WARNINGS = new Set([
  'base-url-plain-http',
  'base-url-trailing-slash',
  'prompt-without-a-nonce',
  'spend-in-another-currency',
  'spend-without-prices',
  'tier-without-a-key',
  'tiers-of-one-key',
]);

for (const { name, files, expected } of fixtures()) {
  test(`${name.replaceAll('-', ' ')} is told in full, with its place`, () => {
    assert.notEqual(expected, '', 'the fixture says what it expects');
    const loaded = loadBeside(files);
    assert.equal(told(loaded), expected);
    assert.equal(loaded.kind, WARNINGS.has(name) ? 'config' : 'problems');
  });

  test(`${name.replaceAll('-', ' ')} never shows a secret`, () => {
    assert.doesNotMatch(JSON.stringify(loadBeside(files)), /hunter2222|abcdefghijklmnop/);
  });
}

test('the base of the fixtures is sound, so that what is told is the fixture’s own', () => {
  const loaded = loadBeside([]);
  assert.equal(told(loaded), '');
  assert.equal(loaded.kind, 'config');
});
