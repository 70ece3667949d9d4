import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusView } from '../../src/domain/view/status-view.ts';
import { answerOf, createBoard } from '../../src/web/board.ts';
import { type Prepared, prepare } from '../../src/web/prepared.ts';

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

test('an answer that could not be made is forgotten, and one made since in its place is not', async () => {
  const answers = new Map<string, Promise<Prepared>>();
  const made = prepare('text/plain', 'whole');
  let fail = (_error: Error): void => undefined;
  const failing = answerOf(answers, 'page', () => new Promise((_resolve, reject) => (fail = reject)));
  for (let n = 0; n < 64; n += 1) await answerOf(answers, `other ${n}`, () => made);
  assert.equal(answers.has('page'), false, 'it gave way to those asked for since');
  const again = answerOf(answers, 'page', () => made);
  fail(new Error('the store is closed'));
  await assert.rejects(failing, /closed/);
  assert.equal(
    answerOf(answers, 'page', () => assert.fail('it is there')),
    again,
  );
  await assert.rejects(answerOf(answers, 'broken', () => Promise.reject(new Error('broken'))));
  assert.equal(await answerOf(answers, 'broken', () => made), made);
});

test('what everybody asks for is kept, however many other answers are asked for', async () => {
  const answers = new Map<string, Promise<Prepared>>();
  const made = prepare('text/plain', 'whole');
  for (let n = 0; n < 200; n += 1) {
    await answerOf(answers, `other ${n}`, () => made);
    await answerOf(answers, 'page', () => (n === 0 ? made : assert.fail('it is there')));
  }
});
