import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWindDown } from '../../src/commands/run/wind-down.ts';

test('a prober is told to stop although something else at work takes its time, and the store closes after both', async () => {
  const said: string[] = [];
  const slow = Promise.withResolvers<void>();
  const windDown = createWindDown();
  windDown.under(async () => said.push('the store is closed'));
  windDown.under(async () => said.push('the page is closed'));
  windDown.atWork(async () => {
    said.push('the prober is told');
  });
  windDown.atWork(async () => {
    said.push('the closing process is told');
    await slow.promise;
    said.push('the closing process has ended');
  });
  const done = windDown.run();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(said, ['the prober is told', 'the closing process is told']);
  slow.resolve();
  await done;
  assert.deepEqual(said.slice(2), [
    'the closing process has ended',
    'the page is closed',
    'the store is closed',
  ]);
});

test('a fault while stopping leaves nothing open, and is told', async () => {
  const said: string[] = [];
  const windDown = createWindDown();
  windDown.under(async () => said.push('the store is closed'));
  windDown.under(() => {
    throw new Error('the page would not close');
  });
  windDown.atWork(async () => {
    throw new Error('the prober would not stop');
  });
  windDown.atWork(async () => said.push('the mail is stopped'));
  await assert.rejects(windDown.run(), /the prober would not stop/);
  assert.deepEqual(said, ['the mail is stopped', 'the store is closed']);
});
