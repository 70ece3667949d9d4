import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Severity } from '../../src/domain/alert/alert.ts';
import {
  DEFAULT_DELIVERY,
  type DeliveryPolicy,
  type Recipient,
} from '../../src/domain/alert/alert-policy.ts';
import type { DeliveryResult } from '../../src/domain/alert/letter.ts';
import { type Message, notice } from '../../src/domain/alert/message.ts';
import { backoffMs, type DeliverReport, deliverDue } from '../../src/pipeline/alerting/deliver.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, HOUR, MINUTE, SECOND, START } from '../support/alert-builders.ts';

const ADA: Recipient = { channel: 'email', address: 'ada@oncall.example' };
const BOB: Recipient = { channel: 'email', address: 'bob@oncall.example' };

function message(key: string, severity: Severity = 'page'): Message {
  return notice({ key, topic: 'opened', severity, at: START, practice: false, subject: key, headline: key });
}

type Post = {
  readonly store: Store;
  now: number;
  readonly tries: { readonly at: number; readonly key: string; readonly attempt: number }[];
  answer: (key: string) => DeliveryResult | Error;
  readonly queue: (key: string, severity?: Severity, to?: readonly Recipient[]) => Promise<void>;
  readonly run: () => Promise<DeliverReport>;
  readonly faults: unknown[];
};

function post(change: Partial<DeliveryPolicy> = {}): Post {
  const opened = openSqliteStore(':memory:');
  if (opened.kind !== 'opened') throw new Error(opened.message);
  const { store } = opened;
  const policy = { ...DEFAULT_DELIVERY, ...change };
  const self: Post = {
    store,
    now: START,
    tries: [],
    faults: [],
    answer: () => ({ kind: 'delivered' }),
    async queue(key, severity = 'page', to = [ADA]) {
      const messages = [{ message: message(key, severity), recipients: to }];
      await store.saveDecision({ incidents: [], events: [], messages, spendsLink: null, at: self.now });
    },
    run: () =>
      deliverDue({
        store,
        policy,
        now: () => self.now,
        random: () => 0.5,
        onFault: (error) => self.faults.push(error),
        send: async (delivery) => {
          self.tries.push({ at: self.now, key: delivery.message.key, attempt: delivery.attempts });
          const answer = self.answer(delivery.message.key);
          if (answer instanceof Error) throw answer;
          return answer;
        },
      }),
  };
  return self;
}

const DOWN: DeliveryResult = { kind: 'retry', reason: 'connect ECONNREFUSED', afterMs: null };

test('a message is handed over once, and never again', async () => {
  const one = post();
  await one.queue('a');
  assert.deepEqual(await one.run(), { sent: 1, again: 0, held: 0, dead: 0, late: 0 });
  one.now += DAY;
  await one.run();
  assert.equal(one.tries.length, 1);
});

test('with the mail server down for ten hours, everything arrives when it is back', async () => {
  const one = post();
  for (let index = 0; index < 30; index += 1) await one.queue(`m${index}`);
  one.answer = () => DOWN;
  for (; one.now < START + 10 * HOUR; one.now += 5 * SECOND) await one.run();
  const tried = one.tries.filter(({ key }) => key === 'm0').length;
  assert.ok(tried > 12 && tried < 25, `${tried} tries in ten hours`);
  assert.equal((await one.store.readOutbox()).counts.pending, 30);
  one.answer = () => ({ kind: 'delivered' });
  for (; one.now < START + 11 * HOUR + MINUTE; one.now += 5 * SECOND) await one.run();
  assert.deepEqual((await one.store.readOutbox()).counts, { pending: 0, leased: 0, sent: 30, dead: 0 });
});

test('a message is tried for at least a day before it is dead, and its last error is kept', async () => {
  const one = post();
  await one.queue('a');
  one.answer = () => DOWN;
  let deadAt: number | null = null;
  for (; deadAt === null && one.now < START + 9 * DAY; one.now += MINUTE) {
    if ((await one.run()).dead === 1) deadAt = one.now;
  }
  assert.ok(deadAt !== null && deadAt - START >= 3 * DAY && deadAt - START < 3 * DAY + HOUR + MINUTE);
  const [dead] = await one.store.readDeliveries({ state: 'dead' });
  assert.equal(dead?.lastError, 'given up: connect ECONNREFUSED');
});

test('a refusal for good is dead at once; the others of the message are not', async () => {
  const one = post();
  await one.queue('a', 'page', [ADA, BOB]);
  one.answer = () =>
    one.tries.length === 1 ? { kind: 'rejected', reason: '550 no such user' } : { kind: 'delivered' };
  assert.deepEqual(await one.run(), { sent: 1, again: 0, held: 0, dead: 1, late: 0 });
});

test('the other side may ask for a longer wait, not for a shorter one', async () => {
  const one = post();
  await one.queue('a');
  one.answer = () => ({ kind: 'retry', reason: 'HTTP 429', afterMs: 2 * HOUR });
  await one.run();
  one.now = START + 2 * HOUR - 1;
  assert.equal((await one.run()).again, 0);
  one.answer = () => ({ kind: 'retry', reason: 'HTTP 429', afterMs: 1 });
  one.now = START + 2 * HOUR;
  assert.equal((await one.run()).again, 1);
  one.now += 10 * SECOND;
  assert.equal((await one.run()).again, 0);
});

test('no answer can put a message off for longer than six hours', async () => {
  const one = post();
  await one.queue('a');
  one.answer = () => ({ kind: 'retry', reason: 'HTTP 503', afterMs: 8_000 * 365 * DAY });
  await one.run();
  one.now = START + 6 * HOUR - 1;
  assert.equal((await one.run()).again, 0);
  one.now = START + 6 * HOUR;
  assert.equal((await one.run()).again, 1);
});

test('a fault of ours while sending loses nothing, and is told', async () => {
  const one = post();
  await one.queue('a');
  one.answer = () => new Error('a bug');
  assert.equal((await one.run()).again, 1);
  assert.equal(one.faults.length, 1);
});

test('in quiet hours tickets wait for the morning and pages do not', async () => {
  // START is 03:00 UTC.
  const one = post({ quietHours: { timezone: 'UTC', fromMinute: 22 * 60, toMinute: 7 * 60 } });
  await one.queue('ticket', 'ticket');
  await one.queue('page', 'page');
  assert.deepEqual(await one.run(), { sent: 1, again: 0, held: 1, dead: 0, late: 0 });
  one.now = Date.UTC(2026, 2, 2, 7) - 1;
  assert.equal((await one.run()).sent, 0);
  one.now += 1;
  assert.equal((await one.run()).sent, 1);
  assert.deepEqual(one.tries.at(-1), { at: Date.UTC(2026, 2, 2, 7), key: 'ticket', attempt: 1 });
});

test('one recipient gets so many tickets an hour; the rest wait and none is lost; pages always pass', async () => {
  const one = post({ rateLimit: 3, rateWindowMs: HOUR });
  for (let index = 0; index < 10; index += 1) await one.queue(`t${index}`, 'ticket');
  await one.queue('other', 'ticket', [BOB]);
  await one.queue('page', 'page');
  const first = await one.run();
  assert.equal(first.sent, 3 + 1 + 1, 'three tickets, one for the other, and the page');
  for (let minute = 1; minute <= 5 * 60; minute += 1) {
    one.now = START + minute * MINUTE;
    await one.run();
    assert.ok((await one.store.countSentTo(ADA, one.now - HOUR + 1)) <= 4);
  }
  assert.equal((await one.store.readOutbox()).counts.sent, 12);
});

test('waits double, are capped, and leave half to chance', () => {
  const at = (attempts: number, chance: number): number => backoffMs(attempts, DEFAULT_DELIVERY, chance);
  assert.deepEqual(
    [1, 2, 3].map((attempts) => at(attempts, 1)),
    [30 * SECOND, MINUTE, 2 * MINUTE],
  );
  assert.equal(at(1, 0), 15 * SECOND);
  assert.equal(at(50, 1), HOUR);
});

test('whatever the server does, every message is sent or dead or still on its way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<'sent' | 'down' | 'refused' | 'crash'>('sent', 'down', 'refused', 'crash'), {
        minLength: 1,
        maxLength: 60,
      }),
      async (answers) => {
        const one = post();
        for (let index = 0; index < 5; index += 1) await one.queue(`m${index}`);
        let turn = 0;
        const delivered: string[] = [];
        one.answer = (key) => {
          const answer = answers[turn++ % answers.length] ?? 'sent';
          if (answer === 'crash') return new Error('a bug');
          if (answer === 'down') return DOWN;
          if (answer === 'refused') return { kind: 'rejected', reason: 'no' };
          delivered.push(key);
          return { kind: 'delivered' };
        };
        for (let hour = 0; hour < 24 * 5; hour += 1) {
          await one.run();
          one.now += HOUR;
        }
        const { counts } = await one.store.readOutbox();
        assert.equal(counts.sent + counts.dead, 5);
        assert.equal(new Set(delivered).size, counts.sent);
        assert.equal(delivered.length, counts.sent, 'nothing that was taken is sent again');
        await one.store.close();
      },
    ),
    { numRuns: 30 },
  );
});
