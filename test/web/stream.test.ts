import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Request, Response } from 'express';
import { streamRoute } from '../../src/web/stream.route.ts';

test('a reader is told of an edition, and when the last one has left nothing is read any more', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  let reads = 0;
  const read = async () => {
    reads += 1;
    return { no: 7, view: { at: 1_000 }, answers: new Map() };
  };
  const route = streamRoute({
    board: { read, changed: () => {} },
    log: { error: ({ err }: { err: unknown }) => assert.fail(String(err)) },
  } as unknown as Parameters<typeof streamRoute>[0]);
  const open = () => {
    const written: string[] = [];
    const response = Object.assign(new EventEmitter(), {
      writableLength: 0,
      set: () => response,
      flushHeaders: () => {},
      write: (text: string) => written.push(text),
    });
    void route({ method: 'GET' } as Request, response as unknown as Response, () => {});
    return { written, leave: () => response.emit('close') };
  };

  const first = open();
  t.mock.timers.tick(1_000);
  await settled();
  assert.match(first.written.join(''), /^retry: 5000\n\nevent: edition\nid: 7\n/);
  assert.equal(reads, 1);
  first.leave();
  t.mock.timers.tick(10_000);
  await settled();
  assert.equal(reads, 1);

  const second = open();
  t.mock.timers.tick(1_000);
  await settled();
  assert.equal(reads, 2, 'whoever comes later is looked for again');
  second.leave();
});
