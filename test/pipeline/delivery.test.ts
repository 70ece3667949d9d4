import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NotRun, Sample } from '../../src/domain/measure/sample.ts';
import { type Batch, createDelivery, type DeliveryLimits } from '../../src/pipeline/probing/delivery.ts';
import { sample } from '../store/builders.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const NOON = Date.UTC(2026, 2, 10, 12);

const BRISK: DeliveryLimits = { gatherMs: 200, rowsInBatch: 100, samples: 20_000, notRun: 200_000 };

function stage(room: Partial<DeliveryLimits> = {}) {
  const limits = { ...BRISK, ...room };
  const clock = createVirtualClock(NOON);
  const sent: ({ id: number } & Batch)[] = [];
  const delivery = createDelivery(clock, (id, batch) => sent.push({ id, ...batch }), limits);
  return { clock, sent, delivery };
}

const samples = (count: number): Sample[] =>
  Array.from({ length: count }, (_, n) => sample({ scheduledAt: NOON + n }));
const skipped = (n: number): NotRun => ({
  probe: 'chat',
  target: 'a/b/c',
  region: 'here',
  scheduledAt: NOON + n,
  reason: 'missed',
});

test('rows leave together a fifth of a second after the first', async () => {
  const { clock, sent, delivery } = stage();
  for (const one of samples(3)) delivery.sample(one);
  delivery.notRun(skipped(0));
  await clock.advance(199);
  assert.equal(sent.length, 0);
  await clock.advance(1);
  assert.deepEqual(
    sent.map((batch) => [batch.samples.length, batch.notRun.length]),
    [[3, 1]],
  );
});

test('a hundred rows do not wait', () => {
  const { sent, delivery } = stage();
  for (const one of samples(100)) delivery.sample(one);
  assert.equal(sent.length, 1);
});

test('nothing is forgotten before it is acknowledged, and order is kept', async () => {
  const { clock, sent, delivery } = stage();
  const all = samples(2500);
  for (const one of all) delivery.sample(one);
  await clock.advance(10_000);
  assert.ok(sent.length < 25, 'only so many batches are under way');
  assert.equal(delivery.waiting(), 2500);
  for (let n = 0; n < sent.length; n += 1) {
    delivery.acknowledge(sent[n]?.id ?? 0);
    await clock.advance(200);
  }
  assert.equal(delivery.waiting(), 0);
  assert.deepEqual(
    sent.flatMap((batch) => batch.samples.map((row) => row.scheduledAt)),
    all.map((row) => row.scheduledAt),
  );
});

test('an acknowledgement that comes twice, or of an unknown batch, changes nothing', async () => {
  const { clock, sent, delivery } = stage();
  for (const one of samples(5)) delivery.sample(one);
  await clock.advance(200);
  delivery.acknowledge(99);
  assert.equal(delivery.waiting(), 5);
  delivery.acknowledge(sent[0]?.id ?? 0);
  delivery.acknowledge(sent[0]?.id ?? 0);
  assert.equal(delivery.waiting(), 0);
});

test('it is full at its limit, and has room again once rows are stored', async () => {
  const { clock, sent, delivery } = stage({ samples: 10, notRun: 3 });
  for (const one of samples(9)) delivery.sample(one);
  assert.equal(delivery.isFull(), false);
  delivery.sample(sample());
  assert.equal(delivery.isFull(), true);
  await clock.advance(200);
  assert.equal(delivery.isFull(), true, 'sent is not stored');
  delivery.acknowledge(sent[0]?.id ?? 0);
  assert.equal(delivery.isFull(), false);
});

test('ticks that did not run have a limit of their own; what is beyond it is counted', () => {
  const { delivery } = stage({ samples: 10, notRun: 3 });
  for (let n = 0; n < 5; n += 1) delivery.notRun(skipped(n));
  assert.equal(delivery.waiting(), 3);
  assert.equal(delivery.dropped(), 2);
  assert.equal(delivery.isFull(), false);
});

test('a flush sends at once and ends when all is stored', async () => {
  const { clock, sent, delivery } = stage();
  for (const one of samples(3)) delivery.sample(one);
  let done = false;
  const flushed = delivery.flush().then(() => {
    done = true;
  });
  assert.equal(sent.length, 1);
  await clock.advance(1000);
  assert.equal(done, false);
  delivery.acknowledge(sent[0]?.id ?? 0);
  await flushed;
  await delivery.flush();
});
