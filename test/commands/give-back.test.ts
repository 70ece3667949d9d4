import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { giveBack } from '../../src/commands/run/give-back.ts';

test('what a large task took is back with the system before the next one begins', async () => {
  const sizes: number[] = [];
  {
    const rows = Array.from({ length: 1_500_000 }, (_, i) => ({ i, text: `row ${i}` }));
    sizes.push(process.memoryUsage.rss());
    assert.equal(rows.at(-1)?.text, 'row 1499999');
    rows.length = 0;
  }
  await turn();
  giveBack();
  const [full = 0, after = 0] = [...sizes, process.memoryUsage.rss()];
  assert.ok(full - after > 50_000_000, `${full} bytes, then ${after}`);
});
