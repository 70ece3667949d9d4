import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTickHeap } from '../../src/pipeline/probing/tick-heap.ts';

test('an empty heap has no first slot', () => {
  const heap = createTickHeap();
  assert.equal(heap.first(), -1);
  assert.equal(heap.firstAt(), Number.POSITIVE_INFINITY);
});

test('the first slot is always one with the earliest instant, whatever was set, moved and removed', () => {
  const actions = fc.array(
    fc.tuple(fc.constantFrom('set' as const, 'set' as const, 'remove' as const), fc.nat(30), fc.nat(1000)),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(actions, (steps) => {
      const heap = createTickHeap();
      const model = new Map<number, number>();
      for (const [action, slot, at] of steps) {
        if (action === 'set') {
          heap.set(slot, at);
          model.set(slot, at);
        } else {
          heap.remove(slot);
          model.delete(slot);
        }
        assert.equal(heap.size(), model.size);
        assert.equal(heap.firstAt(), Math.min(...model.values()));
        if (model.size > 0) assert.equal(model.get(heap.first()), heap.firstAt());
      }
    }),
  );
});
