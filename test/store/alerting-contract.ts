import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Recipient } from '../../src/domain/alert/alert-policy.ts';
import type { Incident, IncidentEvent } from '../../src/domain/alert/incident.ts';
import { type Message, messageOf, notice } from '../../src/domain/alert/message.ts';
import { acknowledge } from '../../src/domain/alert/transition.ts';
import type { Decision, Delivery, Store } from '../../src/store/store.ts';
import { DAY, evaluation, HOUR, MINUTE, only, START, story } from '../support/alert-builders.ts';
import type { Shelf } from './contract.ts';

const ADA: Recipient = { channel: 'email', address: 'ada@oncall.example' };
const BOB: Recipient = { channel: 'email', address: 'bob@oncall.example' };
const CHAT: Recipient = { channel: 'webhook', name: 'chat' };
const LEASE = 2 * MINUTE;

function openedAt(at: number, cell = 'acme/pro/a'): { incident: Incident; events: readonly IncidentEvent[] } {
  const { step, incidents, events } = story();
  step(at, [evaluation(cell, 'bad', at)]);
  return { incident: only(incidents), events };
}

function decision(fields: Partial<Decision> = {}): Decision {
  return { incidents: [], events: [], messages: [], spendsLink: null, at: START, ...fields };
}

function opening(incident: Incident): Message {
  return messageOf(incident, { told: 'opened', sequence: 1 }, START, false);
}

function ticket(key: string, at = START): Message {
  return notice({ key, topic: 'test', severity: 'ticket', at, practice: false, subject: key, headline: key });
}

async function opened(store: Store, recipients: readonly Recipient[] = [ADA]): Promise<Incident> {
  const { incident, events } = openedAt(START);
  const result = await store.saveDecision(
    decision({ incidents: [incident], events, messages: [{ message: opening(incident), recipients }] }),
  );
  assert.deepEqual(result, { kind: 'saved' });
  return incident;
}

async function lease(store: Store, now: number, limit = 100): Promise<readonly Delivery[]> {
  return await store.leaseDeliveries({ now, leaseMs: LEASE, limit });
}

async function leaseOne(store: Store, now: number): Promise<Delivery> {
  const [first, ...others] = await lease(store, now);
  assert.ok(first !== undefined && others.length === 0, 'exactly one delivery is due');
  return first;
}

/** What every engine promises about incidents, messages and what people asked for. */
export function alertingContract(name: string, open: () => Shelf): void {
  const promise = (sentence: string, body: (store: Store, shelf: Shelf) => Promise<void>): void => {
    test(sentence, async () => {
      const shelf = open();
      try {
        await body(shelf.store, shelf);
      } finally {
        await shelf.store.close();
        await shelf.discard();
      }
    });
  };

  describe(`${name}: decisions`, () => {
    promise('incident, timeline and message are read back as they were decided', async (store) => {
      const incident = await opened(store);
      assert.deepEqual(await store.readIncident(incident.id), incident);
      assert.deepEqual(
        (await store.readIncidentEvents(incident.id)).map(({ kind, at, cells }) => [kind, at, cells]),
        [
          ['opened', START, ['acme/pro/a']],
          ['announced', START, []],
        ],
      );
      const [delivery] = await store.readDeliveries({ incident: incident.id });
      assert.deepEqual(delivery?.message, opening(incident));
      assert.deepEqual(delivery?.recipient, ADA);
    });

    promise('a decision made from an old state is refused whole', async (store) => {
      const incident = await opened(store);
      const by = { who: 'ada', why: 'mine', at: START + 1, untilAt: null };
      const first = acknowledge(incident, by);
      const second = acknowledge(incident, { ...by, who: 'bob' });
      assert.ok(first.kind === 'change' && second.kind === 'change');
      assert.deepEqual(
        await store.saveDecision(decision({ incidents: [first.incident], events: first.events })),
        { kind: 'saved' },
      );
      assert.deepEqual(
        await store.saveDecision(
          decision({
            incidents: [second.incident],
            events: second.events,
            messages: [{ message: ticket('after'), recipients: [ADA] }],
          }),
        ),
        { kind: 'conflict', incident: incident.id },
      );
      assert.equal((await store.readIncident(incident.id))?.acknowledgement?.who, 'ada');
      assert.equal((await store.readDeliveries({ message: 'after' })).length, 0);
      assert.equal((await store.readIncidentEvents(incident.id)).length, 3);
    });

    promise('the same opening decided twice is there once', async (store) => {
      const { incident, events } = openedAt(START);
      const twice = decision({
        incidents: [incident],
        events,
        messages: [{ message: opening(incident), recipients: [ADA] }],
      });
      assert.equal((await store.saveDecision(twice)).kind, 'saved');
      assert.equal((await store.saveDecision(twice)).kind, 'conflict');
      assert.equal((await store.readDeliveries({ incident: incident.id })).length, 1);
    });

    promise('a message without an incident is kept once, however often it is decided', async (store) => {
      const again = decision({ messages: [{ message: ticket('claim:14'), recipients: [ADA, ADA, CHAT] }] });
      await store.saveDecision(again);
      await store.saveDecision(again);
      assert.deepEqual(
        (await store.readDeliveries({ message: 'claim:14' })).map(({ recipient }) => recipient),
        [ADA, CHAT],
      );
    });

    promise('a link is spent once, and a second use changes nothing', async (store) => {
      const incident = await opened(store);
      const taken = acknowledge(incident, { who: 'ada', why: '', at: START, untilAt: null });
      assert.ok(taken.kind === 'change');
      const use = decision({ incidents: [taken.incident], events: taken.events, spendsLink: 'link-1' });
      assert.deepEqual(await store.saveDecision(use), { kind: 'saved' });
      assert.deepEqual(await store.saveDecision(use), { kind: 'link spent' });
    });

    promise('a refused decision does not spend its link', async (store) => {
      const incident = await opened(store);
      const stale = decision({ incidents: [{ ...incident, version: 7 }], spendsLink: 'link-2' });
      assert.equal((await store.saveDecision(stale)).kind, 'conflict');
      assert.equal((await store.saveDecision(decision({ spendsLink: 'link-2' }))).kind, 'saved');
    });

    promise('unclosed incidents are always read, closed ones by when they closed', async (store) => {
      const incidents = [0, 1, 2].map((index) => openedAt(START + index * DAY, `acme/pro/${index}`).incident);
      const [oldest, middle, newest] = incidents;
      assert.ok(oldest && middle && newest);
      const closed = { ...middle, phase: 'closed' as const, closedAt: START + 2 * DAY };
      await store.saveDecision(decision({ incidents: [oldest, closed, newest] }));
      const ids = async (closedSinceAt: number, limit?: number): Promise<string[]> =>
        (await store.readIncidents({ closedSinceAt, ...(limit === undefined ? {} : { limit }) })).map(
          ({ id }) => id,
        );
      assert.deepEqual(await ids(START + 2 * DAY), [newest.id, middle.id, oldest.id]);
      assert.deepEqual(await ids(START + 2 * DAY + 1), [newest.id, oldest.id]);
      assert.deepEqual(await ids(0, 1), [newest.id]);
      assert.deepEqual(await store.listIncidents({ closedSinceAt: START + 2 * DAY, limit: 2 }), [
        { id: newest.id, version: 1 },
        { id: middle.id, version: 1 },
      ]);
      assert.equal(await store.readIncident('no such'), null);
    });

    promise(
      'incidents of a cell are those that touch a range, also after a change of what they are about',
      async (store) => {
        const { incident } = openedAt(START, 'acme/pro/a');
        const tier = openedAt(START + HOUR, 'acme/pro').incident;
        const other = openedAt(START + HOUR, 'acme/pro/ab').incident;
        await store.saveDecision(decision({ incidents: [incident, tier, other] }));
        const cells = ['acme', 'acme/pro', 'acme/pro/a'];
        const read = async (fromAt: number, toAt: number, limit = 10): Promise<unknown> => {
          const { incidents, total } = await store.listIncidentsOf({ cells, fromAt, toAt, limit });
          return [incidents.map(({ id }) => id), total];
        };
        assert.deepEqual(await read(START + DAY, START + 2 * DAY), [[tier.id, incident.id], 2], 'they go on');
        assert.deepEqual(await read(0, START), [[], 0], 'the end of a range is exclusive');
        assert.deepEqual(await read(0, START + 1), [[incident.id], 1]);
        assert.deepEqual(
          await read(START, START + DAY, 1),
          [[tier.id], 2],
          'the newest first, and all counted',
        );
        const closed = { ...incident, version: 2, phase: 'closed' as const, closedAt: START + 2 * HOUR };
        await store.saveDecision(decision({ incidents: [closed] }));
        assert.deepEqual(await read(START + 2 * HOUR, START + DAY), [[tier.id, incident.id], 2]);
        assert.deepEqual(await read(START + 2 * HOUR + 1, START + DAY), [[tier.id], 1]);
        const [cell] = closed.cells;
        assert.ok(cell);
        const renamed = { ...closed, version: 3, cells: [{ ...cell, cell: 'acme/pro/b' }, cell] };
        await store.saveDecision(decision({ incidents: [renamed] }));
        assert.deepEqual(await read(START, START + DAY), [[tier.id, incident.id], 2]);
        await store.saveDecision(
          decision({ incidents: [{ ...renamed, version: 4, cells: [{ ...cell, cell: 'x' }] }] }),
        );
        assert.deepEqual(await read(START, START + DAY), [[tier.id], 1]);
      },
    );
  });

  describe(`${name}: the outbox`, () => {
    promise('a message is leased to one taker at a time', async (store) => {
      await opened(store);
      assert.equal((await lease(store, START)).length, 1);
      assert.equal((await lease(store, START)).length, 0);
      assert.equal((await lease(store, START + LEASE - 1)).length, 0);
      const again = await leaseOne(store, START + LEASE);
      assert.equal(again.attempts, 2);
    });

    promise('two openers of the same data never lease the same delivery', async (store, shelf) => {
      if (shelf.openBeside === null) return assert.equal(shelf.openBeside, null);
      const beside = shelf.openBeside();
      try {
        const messages = Array.from({ length: 40 }, (_, index) => ({
          message: ticket(`m${index}`),
          recipients: [ADA],
        }));
        await store.saveDecision(decision({ messages }));
        const taken: Delivery[] = [];
        for (let turn = 0; turn < 10; turn += 1) {
          taken.push(...(await lease(store, START, 3)), ...(await lease(beside, START, 2)));
        }
        assert.equal(new Set(taken.map(({ message }) => message.key)).size, 40);
        assert.equal(taken.length, 40);
      } finally {
        await beside.close();
      }
    });

    promise('pages leave before tickets, whatever came first', async (store) => {
      await store.saveDecision(
        decision({ messages: [{ message: ticket('first'), recipients: [ADA] }], at: START - HOUR }),
      );
      await opened(store);
      const [first, second] = await lease(store, START);
      assert.deepEqual([first?.message.severity, second?.message.severity], ['page', 'ticket']);
    });

    promise('what was sent is never leased again', async (store) => {
      await opened(store);
      assert.ok(await store.settleDelivery(await leaseOne(store, START), { kind: 'sent', at: START + 1 }));
      assert.deepEqual(await lease(store, START + DAY), []);
      const [delivery] = await store.readDeliveries({ state: 'sent' });
      assert.deepEqual([delivery?.doneAt, delivery?.leaseUntilAt], [START + 1, null]);
    });

    promise('what failed comes back when it is due, with its error and its count', async (store) => {
      await opened(store);
      const failed = { kind: 'again', nextAt: START + HOUR, error: '451 later' } as const;
      assert.ok(await store.settleDelivery(await leaseOne(store, START), failed));
      assert.deepEqual(await lease(store, START + HOUR - 1), []);
      const again = await leaseOne(store, START + HOUR);
      assert.deepEqual([again.attempts, again.lastError, again.queuedAt], [2, '451 later', START]);
    });

    promise('what was held back has not been tried', async (store) => {
      await opened(store);
      await store.settleDelivery(await leaseOne(store, START), { kind: 'held', nextAt: START + HOUR });
      assert.equal((await leaseOne(store, START + HOUR)).attempts, 1);
    });

    promise('a taker whose lease has ended can no longer settle', async (store) => {
      await opened(store);
      const slow = await leaseOne(store, START);
      const quick = await leaseOne(store, START + LEASE);
      assert.equal(
        await store.settleDelivery(slow, { kind: 'dead', at: START + LEASE, error: 'late' }),
        false,
      );
      assert.equal(await store.settleDelivery(quick, { kind: 'sent', at: START + LEASE }), true);
      assert.equal((await store.readOutbox()).counts.sent, 1);
    });

    promise('a lease from a future that a clock step undid is void', async (store) => {
      await opened(store);
      await leaseOne(store, START + DAY);
      assert.equal((await leaseOne(store, START)).attempts, 2);
    });

    promise('the dead are counted, listed, and can be given another life', async (store) => {
      const incident = await opened(store, [ADA, BOB]);
      const [ada, bob] = await lease(store, START);
      assert.ok(ada && bob);
      await store.settleDelivery(ada, { kind: 'dead', at: START + DAY, error: '550 no such user' });
      await store.settleDelivery(bob, { kind: 'sent', at: START });
      assert.deepEqual(await store.readOutbox(), {
        counts: { pending: 0, leased: 0, sent: 1, dead: 1 },
        oldestQueuedAt: null,
      });
      const [dead] = await store.readDeliveries({ state: 'dead' });
      assert.deepEqual([dead?.recipient, dead?.lastError], [ADA, '550 no such user']);
      assert.equal(await store.reviveDelivery(`${incident.id}:1`, BOB, START + DAY), false);
      assert.equal(await store.reviveDelivery(`${incident.id}:1`, ADA, START + DAY), true);
      const revived = await leaseOne(store, START + DAY);
      assert.deepEqual([revived.attempts, revived.queuedAt], [1, START + DAY]);
    });

    promise('what a recipient was sent is counted from an instant on', async (store) => {
      await opened(store, [ADA, BOB]);
      for (const one of await lease(store, START))
        await store.settleDelivery(one, { kind: 'sent', at: START });
      assert.equal(await store.countSentTo(ADA, START), 1);
      assert.equal(await store.countSentTo(ADA, START + 1), 0);
      assert.equal(await store.countSentTo(CHAT, START), 0);
    });

    promise('the outbox says how long the oldest has been waiting', async (store) => {
      await opened(store);
      assert.deepEqual(await store.readOutbox(), {
        counts: { pending: 1, leased: 0, sent: 0, dead: 0 },
        oldestQueuedAt: START,
      });
    });
  });

  describe(`${name}: what people asked for`, () => {
    const silence = {
      scope: 'acme/pro',
      kind: null,
      fromAt: START,
      untilAt: START + HOUR,
      who: 'ada',
      why: 'moving',
    };

    promise('a silence is in force from its first instant and not at its last', async (store) => {
      const no = await store.addSilence(silence);
      assert.deepEqual(await store.readSilences(START), [{ no, ...silence }]);
      assert.deepEqual(await store.readSilences(START - 1), []);
      assert.deepEqual(await store.readSilences(START + HOUR), []);
    });

    promise('a silence can be ended early, once', async (store) => {
      const no = await store.addSilence(silence);
      assert.equal(await store.endSilence(no, START + MINUTE), true);
      assert.deepEqual(await store.readSilences(START + MINUTE), []);
      assert.equal(await store.endSilence(no, START + MINUTE), false);
      assert.equal(await store.endSilence(999, START), false);
    });

    const work = {
      scope: 'acme',
      fromAt: START + DAY,
      toAt: START + DAY + HOUR,
      announcedAt: START - DAY,
      who: 'ada',
      reason: 'database',
      enteredAt: START,
    };

    promise('planned work is read where it overlaps', async (store) => {
      const no = await store.addPlannedWork(work);
      const read = { no, ...work, plannedToAt: work.toAt, cancelledAt: null };
      assert.deepEqual(await store.readPlannedWork(START + DAY + HOUR - 1, START + 9 * DAY), [read]);
      assert.deepEqual(await store.readPlannedWork(START + DAY + HOUR, START + 9 * DAY), []);
      assert.deepEqual(await store.readPlannedWork(START, START + DAY), []);
    });

    promise('planned work that is cancelled before it begins never was', async (store) => {
      const no = await store.addPlannedWork(work);
      assert.equal(await store.cancelPlannedWork(no, START), true);
      assert.deepEqual(await store.readPlannedWork(0, START + 9 * DAY), []);
      assert.equal(await store.cancelPlannedWork(no, START), false);
      const [kept] = await store.readPlannedWork(0, START + 9 * DAY, 'all');
      assert.deepEqual([kept?.no, kept?.cancelledAt], [no, START]);
    });

    promise('what the configuration declares is remembered, withdrawn and never deleted', async (store) => {
      const declared = { source: 'weekly', scope: 'acme', reason: 'deployment', announcedAt: START };
      const [over, ahead] = [START + HOUR, START + DAY];
      await store.saveDeclaredWork({
        add: [over, ahead].map((fromAt) => ({ ...declared, fromAt, toAt: fromAt + HOUR })),
        withdraw: [],
        who: 'configuration',
        at: START,
      });
      await store.addPlannedWork(work);
      const remembered = await store.readDeclaredWork();
      assert.deepEqual(
        remembered.map(({ source, fromAt, enteredAt, withdrawn }) => [source, fromAt, enteredAt, withdrawn]),
        [over, ahead].map((fromAt) => ['weekly', fromAt, START, false]),
      );
      const withdraw = remembered.map(({ no }) => no);
      await store.saveDeclaredWork({ add: [], withdraw, who: 'configuration', at: over + HOUR });
      assert.deepEqual(
        (await store.readDeclaredWork()).map(({ cancelledAt, withdrawn }) => [cancelledAt, withdrawn]),
        [
          [null, false],
          [over + HOUR, true],
        ],
      );
      const left = await store.readPlannedWork(0, START + 9 * DAY);
      assert.deepEqual(
        left.map(({ fromAt, who }) => [fromAt, who]),
        [
          [over, 'configuration'],
          [work.fromAt, 'ada'],
        ],
      );
    });

    promise('planned work that is cancelled while it lasts ends there', async (store) => {
      const no = await store.addPlannedWork(work);
      assert.equal(await store.cancelPlannedWork(no, START + DAY + MINUTE), true);
      const [ended] = await store.readPlannedWork(0, START + 9 * DAY);
      assert.deepEqual([ended?.toAt, ended?.plannedToAt], [START + DAY + MINUTE, work.toAt]);
      assert.deepEqual(await store.readPlannedWork(START + DAY + MINUTE, START + 9 * DAY), []);
    });
  });
}
