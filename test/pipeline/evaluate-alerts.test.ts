import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledge } from '../../src/domain/alert/transition.ts';
import { maintenanceWithin } from '../../src/domain/contract/admitted-maintenance.ts';
import { liveKey, NO_LIVE_FACTS } from '../../src/pipeline/alerting/evaluate-alerts.ts';
import { declaration, target } from '../store/builders.ts';
import { DAY, HOUR, MINUTE, START } from '../support/alert-builders.ts';
import {
  type AlertStage,
  createAlertStage,
  mails,
  STAGE_POLICY,
  THREE_NINES,
} from '../support/alert-stage.ts';
import { contractOf } from '../support/contract-bench.ts';

const A = 'acme/pro/a';

/** Minutes pass; each target answers as `state` says, and alerts are evaluated and delivered at the end of each. */
async function pass(
  stage: AlertStage,
  minutes: number,
  state: (target: string, minute: number) => 'up' | 'down' | 'silent' = () => 'up',
): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const one of stage.targets) {
      const how = state(one, minute);
      if (how === 'up') await stage.probe(one);
      if (how === 'down') await stage.fail(one);
    }
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
}

const downIs =
  (...names: readonly string[]) =>
  (one: string): 'up' | 'down' =>
    names.includes(one) ? 'down' : 'up';

test('a healthy hour sends nothing', async () => {
  const stage = await createAlertStage();
  await pass(stage, 60);
  assert.deepEqual(mails(stage), []);
});

test('one failed tick whose burst succeeds sends nothing', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  await stage.probe(A, { outcome: 'gateway.5xx' });
  await stage.probe(A, { purpose: 'confirmation', scheduledAt: stage.now + 10_000 });
  await pass(stage, 30, () => 'up');
  assert.deepEqual(mails(stage), []);
});

test('an outage is one page within its first minute, with the request ids of its failures; its end is one mail', async () => {
  const stage = await createAlertStage();
  await pass(stage, 10);
  await pass(stage, 12, downIs(A));
  await pass(stage, 10);
  assert.deepEqual(mails(stage), [
    '11 on-call: Down: a (pro), since 03:10 UTC',
    '27 on-call: Up again: a (pro), after 17 min',
  ]);
  const failures = stage.mailbox[0]?.delivery.message.failures ?? [];
  assert.ok(failures.length >= 4);
  assert.ok(failures.every(({ requestId }) => requestId === 'req_7'));
  const sure = stage.mailbox[0]?.delivery.message.facts.find(({ label }) => label === 'How sure');
  assert.match(sure?.text ?? '', /^4 bad of n = 14 in \d+ min \(.*95 % interval .*\)$/);
});

test('an outage of everything is one mail that lists all of it', async () => {
  const stage = await createAlertStage({ models: ['a', 'b', 'c', 'd', 'e'] });
  await pass(stage, 5);
  await pass(stage, 10, () => 'down');
  await pass(stage, 10);
  assert.deepEqual(mails(stage), [
    '6 on-call: Down: all 5 in acme/pro, since 03:05 UTC',
    '20 on-call: Up again: all 5 in acme/pro, after 15 min',
  ]);
  assert.equal(stage.mailbox[0]?.delivery.message.cells.length, 5);
});

test('what an outage burnt is not told a second time as a burning budget', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  await pass(stage, 60, downIs(A));
  await pass(stage, 6 * 60);
  assert.deepEqual(
    mails(stage).filter((mail) => !/Down|down|Up again/.test(mail)),
    [],
  );
});

test('an error here and there that no burst confirms becomes a page when it burns the budget', async () => {
  const stage = await createAlertStage();
  await pass(stage, 60);
  for (let minute = 0; minute < 30; minute += 1) {
    for (const one of stage.targets) {
      await stage.probe(one, one === A && minute % 3 === 0 ? { outcome: 'provider.5xx' } : {});
    }
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
  const page = stage.mailbox.find(({ delivery }) => delivery.message.severity === 'page');
  assert.match(page?.delivery.message.subject ?? '', /^Failing often: a \(pro\)/);
  assert.match(
    page?.delivery.message.facts.find(({ label }) => label === 'How sure')?.text ?? '',
    /bad of n = \d+/,
  );
});

test('when stricter terms come into force, what was measured before is judged by them, without a restart', async () => {
  const stage = await createAlertStage();
  stage.objectives = [{ ...THREE_NINES, judge: () => 'good' }];
  for (let minute = 0; minute < 60; minute += 1) {
    for (const one of stage.targets) {
      await stage.probe(one, one === A && minute % 3 === 0 ? { outcome: 'provider.5xx' } : {});
    }
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
  assert.deepEqual(mails(stage), []);
  stage.objectives = [THREE_NINES];
  await pass(stage, 2);
  assert.match(mails(stage)[0] ?? '', /^6[01] on-call: Failing often: a \(pro\)/);
});

test('a restart in the middle of an outage neither repeats nor forgets', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  await pass(stage, 3, downIs(A));
  stage.restart();
  await pass(stage, 3, downIs(A));
  stage.restart();
  await pass(stage, 10);
  assert.deepEqual(
    mails(stage).map((mail) => mail.split(':')[1]?.trim()),
    ['Down', 'Up again'],
  );
});

test('a target that is renamed during its outage keeps its incident', async () => {
  const stage = await createAlertStage({ models: ['a', 'b'] });
  await pass(stage, 5);
  await pass(stage, 3, downIs(A));
  const renamed = declaration('a2', { target: target('a2', { formerIds: [A] }) });
  await stage.store.declareSeries([renamed, declaration('b')], stage.now);
  await stage.evaluate();
  const [incident] = await stage.store.readIncidents({ closedSinceAt: stage.now });
  assert.deepEqual([incident?.phase, incident?.cells[0]?.cell], ['open', 'acme/pro/a2']);
  assert.equal(stage.mailbox.length, 1);
});

test('a target that leaves the configuration during its outage ends its incident', async () => {
  const stage = await createAlertStage({ models: ['a', 'b'] });
  await pass(stage, 3, downIs(A));
  await stage.store.declareSeries([declaration('b')], stage.now);
  await stage.evaluate();
  await stage.deliver();
  assert.equal(stage.mailbox.at(-1)?.delivery.message.topic, 'recovered');
});

test('what arrives hours late is learnt in its turn, once it was told', async () => {
  const stage = await createAlertStage();
  await pass(stage, 4 * 60);
  // Three hours of failures that were on their way all that time, at ticks of their own.
  const lateFrom = stage.now - 3.5 * HOUR;
  for (let at = lateFrom; at < lateFrom + 3 * HOUR; at += 5 * MINUTE)
    await stage.probe(A, { outcome: 'provider.5xx', scheduledAt: at + 20_000 });
  await pass(stage, 10);
  assert.deepEqual(
    mails(stage).map((mail) => mail.replace(/^\d+ /, '')),
    ['on-call: Budget at risk: a (pro), 18 of 260 in 1 d'],
  );
});

test('silence of the prober is a page about us, and no statement about the gateway', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  stage.own = { proberAliveAt: stage.now };
  await pass(stage, 10, () => 'silent');
  assert.deepEqual(mails(stage), ['8 on-call: Prober silent, since 03:05 UTC']);
});

test('targets that fall silent while the prober works are one page', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  await pass(stage, 10, () => 'silent');
  assert.deepEqual(mails(stage), ['9 on-call: No data: all 3 in acme/pro, since 03:04 UTC']);
});

test('a clock that leaps ahead wakes nobody for the time it leapt over, and real silence afterwards is told', async () => {
  const stage = await createAlertStage();
  await pass(stage, 40);
  stage.own = { proberAliveAt: stage.now };
  stage.now += 6 * HOUR;
  stage.leaptMs += 6 * HOUR;
  await stage.evaluate();
  await stage.deliver();
  stage.own = {};
  await pass(stage, 60);
  assert.deepEqual(mails(stage), []);
  await pass(stage, 5, () => 'silent');
  assert.deepEqual(mails(stage), ['464 on-call: No data: all 3 in acme/pro, since 10:39 UTC']);
});

test('a key that is refused is a ticket to us, and no page about them', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  for (let minute = 0; minute < 10; minute += 1) {
    for (const one of stage.targets) await stage.probe(one, { outcome: 'config.auth', status: 401 });
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
  assert.deepEqual(mails(stage), ['6 on-call: Our key is refused: acme/pro, since 03:05 UTC']);
  assert.equal(stage.mailbox[0]?.delivery.message.severity, 'ticket');
});

test('ticks that our own quota took away are a ticket to us, and so is a prober that died and was started again', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  for (let minute = 0; minute < 12; minute += 1) {
    for (const one of stage.targets.slice(1)) await stage.probe(one);
    const [target = ''] = stage.targets;
    const { probe, region } = declaration('a');
    const skipped = { probe, target, region, scheduledAt: stage.now };
    await stage.store.record({ samples: [], notRun: [{ ...skipped, reason: 'skipped: quota' }] });
    if (minute === 8) stage.own = { proberDeaths: [stage.now] };
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
  assert.deepEqual(mails(stage), [
    '11 on-call: Our fault: acme/pro, since 03:10 UTC',
    '14 on-call: Our fault: prober, since 03:13 UTC',
  ]);
});

test('a spend cap that is reached, a disk that fills, mail that cannot be delivered: each is told once', async () => {
  const chat = { channel: 'webhook', name: 'chat' } as const;
  const policy = {
    ...STAGE_POLICY,
    routes: STAGE_POLICY.routes.map((route) => ({ ...route, to: [...route.to, chat] })),
  };
  const stage = await createAlertStage({ policy });
  await pass(stage, 3);
  stage.answer = ({ recipient }) =>
    recipient.channel === 'email' ? { kind: 'rejected', reason: '550 no such user' } : { kind: 'delivered' };
  stage.own = { spendReachedOn: '2026-03-02', diskFreePpm: 10_000 };
  await pass(stage, 5);
  assert.deepEqual(mails(stage).sort(), [
    '4 chat: Disk nearly full',
    '4 chat: Spend cap reached: 2026-03-02',
    '5 chat: Mail undeliverable: email',
  ]);
});

test('planned work is no outage', async () => {
  const stage = await createAlertStage();
  await pass(stage, 5);
  await stage.store.addPlannedWork({
    scope: 'acme/pro',
    fromAt: stage.now,
    toAt: stage.now + 30 * MINUTE,
    announcedAt: null,
    who: 'ada',
    reason: 'database',
    enteredAt: stage.now,
  });
  await pass(stage, 30, () => 'down');
  await pass(stage, 30);
  assert.deepEqual(mails(stage), []);
});

test('planned work that the contract does not honour sounds like any outage', async () => {
  const late = contractOf(`id: pro
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
maintenance: { mode: remove_from_denominator, notice: 48h, maxPerWindow: 10m }
`);
  const outcomes: (readonly string[])[] = [];
  // Announced too late; announced in time but longer than the cap of ten minutes.
  for (const announcedAt of [START - 47 * HOUR, START - 72 * HOUR]) {
    const stage = await createAlertStage({
      setAside: (_, work, span) => maintenanceWithin(late, work, span),
    });
    await pass(stage, 5);
    await stage.store.addPlannedWork({
      scope: 'acme/pro',
      fromAt: stage.now,
      toAt: stage.now + 30 * MINUTE,
      announcedAt,
      who: 'ada',
      reason: 'database',
      enteredAt: stage.now,
    });
    await pass(stage, 30, () => 'down');
    outcomes.push(mails(stage));
  }
  assert.match(outcomes[0]?.[0] ?? '', /^[6-8] on-call: Down: /);
  assert.match(outcomes[1]?.[0] ?? '', /^1[6-8] on-call: Down: /);
});

test('a silence on a tier holds its alerts back, and those of others not', async () => {
  const stage = await createAlertStage();
  await stage.store.addSilence({
    scope: A,
    kind: null,
    fromAt: START,
    untilAt: START + DAY,
    who: 'ada',
    why: 'known',
  });
  await pass(stage, 20, downIs(A));
  assert.deepEqual(mails(stage), []);
  await pass(stage, 5, downIs(A, 'acme/pro/b'));
  assert.equal(stage.mailbox.length, 1);
});

test('nobody reacts: the second list hears after a quarter of an hour; after an acknowledgement nobody is bothered', async () => {
  const stage = await createAlertStage();
  await pass(stage, 20, downIs(A));
  assert.deepEqual(mails(stage), [
    '1 on-call: Down: a (pro), since 03:00 UTC',
    '16 second: Nobody reacted, down: a (pro), for 16 min',
  ]);
  const [incident] = await stage.store.readIncidents({ closedSinceAt: stage.now });
  assert.ok(incident);
  const taken = acknowledge(incident, { who: 'bob', why: 'mine', at: stage.now, untilAt: null });
  assert.ok(taken.kind === 'change');
  await stage.store.saveDecision({
    incidents: [taken.incident],
    events: taken.events,
    messages: [],
    spendsLink: null,
    at: stage.now,
  });
  await pass(stage, 5 * 60, downIs(A));
  assert.equal(stage.mailbox.length, 2);
});

test('a lost month is told once, with what it costs', async () => {
  const stage = await createAlertStage();
  const stake = {
    contract: 'pro-channel',
    creditPercent: 'at least 10 %',
    creditMoney: 'USD 120.00',
    isCertain: true,
  };
  stage.live = {
    ...NO_LIVE_FACTS,
    objectives: new Map([[liveKey(A, THREE_NINES.id), { budget: null, stake }]]),
    breaches: [
      {
        cell: A,
        gateway: 'acme',
        contract: 'pro-channel',
        period: '2026-03',
        objective: 'availability >= 99.9 %',
        certain: true,
        count: null,
        stake,
        budget: null,
      },
    ],
  };
  await pass(stage, 60);
  const told = mails(stage);
  assert.equal(told[0], '1 on-call: Breach certain: a (pro), 2026-03');
  assert.deepEqual(
    told.slice(1).map((mail) => mail.split(' ')[1]),
    ['second:'],
  );
  assert.equal(
    stage.mailbox[0]?.delivery.message.facts.find(({ label }) => label === 'At stake')?.text,
    'pro-channel: at least 10 % credit, USD 120.00',
  );
});

test('kinds that are switched off open nothing', async () => {
  const stage = await createAlertStage({ policy: { ...STAGE_POLICY, off: ['target_down'] } });
  await pass(stage, 10, downIs(A));
  assert.ok(!mails(stage).some((mail) => mail.includes('Down')));
});
