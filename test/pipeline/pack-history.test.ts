import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packHistory } from '../../src/pipeline/pack-history.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 9, 5);

test('packing goes on while there is something to pack, breathes in between and leaves the last two hours alone', async () => {
  const done: (number | 'breath')[] = [];
  let pieces = 3;
  const compact = async (beforeAt: number): Promise<boolean> => {
    done.push(NOW - beforeAt);
    pieces -= 1;
    return pieces > 0;
  };
  await packHistory({ compact }, NOW, async () => void done.push('breath'));
  assert.deepEqual(done, [2 * HOUR_MS, 'breath', 2 * HOUR_MS, 'breath', 2 * HOUR_MS]);
});
