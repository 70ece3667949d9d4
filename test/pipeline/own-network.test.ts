import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOwnNetwork } from '../../src/pipeline/probing/own-network.ts';

const S = 1_000_000;
const nobody = (): ReadonlySet<string> => new Set();

test('an answer that was on its way when the witness fell silent neither ends the outage nor discredits the witness', () => {
  const network = createOwnNetwork(0, nobody);
  network.alive('acme', 9 * S, 8 * S);
  network.silent(10 * S, 13 * S);
  assert.equal(network.alive('acme', 14 * S, 9 * S), false);
  network.silent(15 * S, 18 * S);
  assert.equal(network.wasDown(16 * S, 17 * S), true);
  network.answered(20 * S);
  assert.equal(network.wasDown(9 * S, 20 * S), true);
  assert.equal(network.wasDown(20 * S, 21 * S), false);
});

test('an answer read late, before anybody knew of the outage, does not hide it', () => {
  const network = createOwnNetwork(0, nobody);
  network.alive('acme', 10 * S + 200_000, 9 * S);
  network.silent(10 * S, 13 * S);
  assert.equal(network.wasDown(11 * S, 12 * S), true);
});

test('a whole exchange while the witness is silent shows that the witness is the one in trouble', () => {
  const network = createOwnNetwork(0, nobody);
  network.silent(10 * S, 13 * S);
  assert.equal(network.alive('acme', 15 * S, 14 * S), true);
  network.silent(16 * S, 19 * S);
  assert.equal(network.wasDown(17 * S, 18 * S), false, 'it is not believed again');
  network.answered(30 * S);
  network.silent(40 * S, 43 * S);
  assert.equal(network.wasDown(41 * S, 42 * S), true, 'until it answers');
});

test('an exchange that began in the very instant of the question contradicts it, one a microsecond older does not', () => {
  for (const [beganUs, down] of [
    [10 * S, false],
    [10 * S - 1, true],
  ] as const) {
    const network = createOwnNetwork(0, nobody);
    network.alive('acme', 10 * S + 1, beganUs);
    network.silent(10 * S, 13 * S);
    assert.equal(network.wasDown(11 * S, 12 * S), down);
  }
});
