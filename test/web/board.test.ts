import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusView } from '../../src/domain/view/status-view.ts';
import { createBoard } from '../../src/web/board.ts';

/** A board whose editions take as long as told, and end when told. */
function stage(costMs: number) {
  let now = 1_000_000;
  let made = 0;
  let finish: (() => void) | null = null;
  const board = createBoard(
    () => now,
    async () => {
      made += 1;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      now += costMs;
      return { at: now } as StatusView;
    },
  );
  return {
    board,
    made: () => made,
    pass: (ms: number) => {
      now += ms;
    },
    finish: () => finish?.(),
  };
}

test('a reader waits for the first edition, and several readers wait for the same one', async () => {
  const { board, made, finish } = stage(100);
  const readers = Promise.all([board.read(), board.read()]);
  finish();
  const [one, other] = await readers;
  assert.equal(one, other);
  assert.equal(made(), 1);
});

test('where preparing takes long, readers get the last edition until the next is ready', async () => {
  const { board, made, pass, finish } = stage(100);
  const first = board.read();
  finish();
  const { no } = await first;
  board.changed();
  pass(5_000);
  assert.equal((await board.read()).no, no, 'nobody waits');
  assert.equal(made(), 2, 'the next one is being made');
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await board.read()).no, no + 1);
});

test('an edition of ten seconds ago is too old to be shown meanwhile', async () => {
  const { board, pass, finish } = stage(100);
  const first = board.read();
  finish();
  const { no } = await first;
  pass(10_000);
  const next = board.read();
  finish();
  assert.equal((await next).no, no + 1);
});

test('where preparing takes no time to speak of, readers always get the newest', async () => {
  const { board, pass, finish } = stage(20);
  const first = board.read();
  finish();
  const { no } = await first;
  board.changed();
  pass(2_000);
  const next = board.read();
  finish();
  assert.equal((await next).no, no + 1);
});
