import assert from 'node:assert/strict';
import type { LookupFunction } from 'node:net';
import { test } from 'node:test';
import { shareLookups } from '../../src/prober/name-lookup.ts';

type Callback = Parameters<LookupFunction>[2];

function resolver() {
  const asked: { readonly name: string; readonly answer: Callback }[] = [];
  const lookup = shareLookups((name, _, answer) => void asked.push({ name, answer }));
  return { asked, lookup };
}

test('a name that nobody answers for is asked once, however many probes wait for it', () => {
  const { asked, lookup } = resolver();
  const failed: string[] = [];
  for (let i = 0; i < 50; i += 1) {
    lookup('dead.example', { all: true }, (error) => failed.push(String(error?.code)));
  }
  lookup('alive.example', { all: true }, () => {});
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['dead.example', 'alive.example'],
  );
  asked[0]?.answer(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' }), '', 0);
  assert.deepEqual(failed, Array<string>(50).fill('EAI_AGAIN'));
});

test('an answer is for those who waited, not for those who come later', () => {
  const { asked, lookup } = resolver();
  lookup('a.example', { all: true }, () => {});
  asked[0]?.answer(null, '192.0.2.1', 4);
  lookup('a.example', { all: true }, () => {});
  assert.equal(asked.length, 2);
});

test('questions that differ in anything but who asks are not shared', () => {
  const { asked, lookup } = resolver();
  lookup('a.example', { family: 4 }, () => {});
  lookup('a.example', { family: 6 }, () => {});
  assert.equal(asked.length, 2);
});
