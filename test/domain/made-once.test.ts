import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeOnce } from '../../src/domain/made-once.ts';

test('what is made once is shared, and what could not be made is tried again by whoever asks next', async () => {
  let tries = 0;
  const read = madeOnce(async () => {
    tries += 1;
    if (tries === 1) throw new Error('too many open files');
    return { tries };
  });
  const first = [read(), read()];
  for (const one of first) await assert.rejects(one, /too many open files/);
  assert.equal(tries, 1, 'who asks meanwhile waits for the same try');
  const made = await read();
  assert.equal(await read(), made);
  assert.equal(tries, 2);
});
