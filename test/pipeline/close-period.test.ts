import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { type LedgerEntry, standingOf } from '../../src/domain/report/ledger.ts';
import { closePeriods, draftReport } from '../../src/pipeline/closing/close-period.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, declaration, failure, HOUR, MINUTE, target } from '../store/builders.ts';
import { closeAt, closeDue, closingOf, MAILBOX, openStore, reportOf, termsFor } from '../support/closing.ts';
import { contractOf } from '../support/contract-bench.ts';
import { FEBRUARY, MARCH, PRO, recordMonth, sealedMonth } from '../support/month.ts';

const DUE = MARCH + 3 * HOUR;

async function messagesOf(store: Store): Promise<readonly string[]> {
  const deliveries = await store.readDeliveries({ state: 'pending' });
  return deliveries.map(({ message }) => message.key).sort();
}

test('a period is not closed before the last answers are in, and then at once', async () => {
  const { store, closing } = await sealedMonth();
  assert.deepEqual((await closeAt(closing, MARCH + 2 * HOUR - 1)).frozen, []);
  assert.deepEqual((await closeAt(closing, MARCH + 2 * HOUR)).frozen, [
    { contract: 'pro', period: '2027-02' },
  ]);
  await store.close();
});

test('a report waits for its evidence to be sealed', async () => {
  const { store, closing } = await sealedMonth();
  assert.deepEqual((await closeDue(closing, DUE)).frozen, []);
  assert.equal((await closeAt(closing, DUE)).frozen.length, 1);
  const { chain } = await reportOf(store, 'pro', '2027-02');
  const segment = await store.readSegmentUntil('eu-west', MARCH);
  assert.deepEqual(
    chain.map(({ region, head, until }) => ({ region, head, until })),
    [{ region: 'eu-west', head: segment?.head, until: '2027-03-01T00:00:00Z' }],
  );
  await store.close();
});

test('a close brings one report, one ledger entry and one mail, however often it is run', async () => {
  const { store, closing } = await sealedMonth();
  await closeAt(closing, DUE);
  const first = await store.readReport('pro', '2027-02');
  for (const later of [DUE, DUE + HOUR, DUE + 20 * MINUTE]) {
    assert.deepEqual((await closeAt(closing, later)).frozen, []);
  }
  assert.deepEqual(await store.readReport('pro', '2027-02'), first);
  assert.deepEqual(await messagesOf(store), ['period:pro:2027-02']);
  const ledger = await store.readLedger({});
  assert.deepEqual(
    ledger.map(({ kind, state, amount, currency }) => ({ kind, state, amount, currency })),
    [{ kind: 'frozen', state: 'ready', amount: '400.00', currency: 'EUR' }],
  );
  await store.close();
});

test('a report and its mail are one transaction: if the mail cannot be queued, nothing is frozen', async () => {
  const { store, closing } = await sealedMonth();
  const broken = { ...MAILBOX, channel: 'pigeon' };
  const routes = [{ id: 'x', severities: [], scopes: [], to: [broken as never], escalateTo: [] }];
  const { frozen, failures } = await closeAt({ ...closing, routes }, DUE);
  assert.deepEqual([frozen, failures.map(({ what }) => what)], [[], ['closing pro']]);
  assert.deepEqual(await store.listReports(), []);
  assert.deepEqual(await store.readLedger({}), []);
  await store.close();
});

test('deadlines are told of 14, 7, 3 and 1 days before, once each, and no more once it is claimed', async () => {
  const { store, closing } = await sealedMonth();
  // By 30 March, the whole day included.
  const deadline = Date.UTC(2027, 2, 31);
  for (let now = DUE; now < deadline - 2 * DAY; now += 6 * HOUR) await closeAt(closing, now);
  assert.deepEqual(await messagesOf(store), [
    'claim:pro:2027-02:14',
    'claim:pro:2027-02:3',
    'claim:pro:2027-02:7',
    'period:pro:2027-02',
  ]);
  const [entry] = await store.readLedger({});
  assert.ok(entry);
  const claimed = {
    ...entry,
    kind: 'state',
    state: 'claimed',
    who: 'ada',
    note: 'case 4711',
    key: 'x',
  } as const;
  assert.ok(await store.addLedgerEntry(claimed, entry.no));
  await closeAt(closing, deadline - HOUR);
  assert.equal((await messagesOf(store)).length, 4);
  await store.close();
});

test('a corrected amount is what reminders tell, and of a withdrawn report nobody is reminded; each is mailed once', async () => {
  const { store, closing } = await sealedMonth();
  await closeAt(closing, DUE);
  const [frozen] = await store.readLedger({ contract: 'pro', period: '2027-02' });
  assert.ok(frozen && frozen.state === 'ready');
  const entry = {
    ...frozen,
    kind: 'correction' as const,
    who: 'ada',
    note: 'our clock was wrong',
    at: DUE + HOUR,
    key: 'corrected:pro:2027-02:1',
  };
  assert.ok(await store.addLedgerEntry({ ...entry, amount: '120.00' }, frozen.no));
  const corrected = (await store.readLedger({})).at(-1);
  assert.ok(corrected);
  // Nothing ran for days.
  await closeAt(closing, DUE + 4 * DAY);
  const due = Date.UTC(2027, 2, 30) - 3 * DAY;
  await closeAt(closing, due);
  const reminded = (await store.readDeliveries({ state: 'pending' })).find(
    ({ message }) => message.topic === 'claim_deadline',
  );
  assert.match(reminded?.message.subject ?? '', /: EUR 120\.00$/, 'reminders go by the corrected amount');
  const withdrawal = {
    ...entry,
    state: 'no claim' as const,
    amount: null,
    at: due + 1,
    key: 'corrected:pro:2027-02:2',
  };
  assert.ok(await store.addLedgerEntry(withdrawal, corrected.no));
  for (let now = due + HOUR; now < due + 4 * DAY; now += 12 * HOUR) await closeAt(closing, now);
  const keys = await messagesOf(store);
  assert.deepEqual(keys.filter((key) => key.startsWith('corrected:')).length, 2);
  assert.equal(keys.filter((key) => key.startsWith('claim:')).length, 1, 'no reminder after the withdrawal');
  const told = (await store.readDeliveries({ state: 'pending' })).filter(
    ({ message }) => message.topic === 'report_corrected',
  );
  assert.ok(told.some(({ message }) => message.subject === '2027-02 pro: the report was withdrawn'));
  assert.ok(told.some(({ message }) => message.headline.includes('was corrected to 120.00 EUR.')));
  const standing = standingOf(await store.readLedger({ contract: 'pro', period: '2027-02' }));
  assert.deepEqual([standing?.state, standing?.amount], ['no claim', null]);
  await store.close();
});

test('whoever was mailed that a report was withdrawn is mailed once that it holds again, and what is owed until when', async () => {
  const { store, closing } = await sealedMonth();
  await closeAt(closing, DUE);
  const add = async (over: Partial<LedgerEntry>): Promise<void> => {
    const last = (await store.readLedger({})).at(-1);
    assert.ok(last);
    assert.ok(await store.addLedgerEntry({ ...last, who: 'ada', amount: null, ...over }, last.no));
  };
  await add({ kind: 'correction', state: 'no claim', note: 'wrong clock', at: DUE + HOUR, key: 'withdraw' });
  await closeAt(closing, DUE + 2 * HOUR);
  await add({ kind: 'state', state: 'ready', note: 'it was right', at: DUE + 3 * HOUR, key: 'take back' });
  for (const hours of [4, 5]) await closeAt(closing, DUE + hours * HOUR);
  const told = (await store.readDeliveries({ state: 'pending' }))
    .filter(({ message }) => message.topic === 'report_corrected')
    .toSorted((one, other) => one.message.at - other.message.at);
  const [withdrawn, again] = told;
  assert.ok(withdrawn && again && told.length === 2);
  assert.deepEqual(again.recipient, withdrawn.recipient);
  const { subject, headline, facts } = again.message;
  assert.equal(subject, '2027-02 pro: the report holds again');
  assert.equal(
    headline,
    'The report of 2027-02 for pro holds again: its withdrawal was taken back. Reminders of its claim follow.',
  );
  assert.deepEqual(
    facts.map(({ label, text }) => `${label}: ${text}`),
    [
      'Owed: 400.00 EUR',
      'Claim by: 2027-03-30 (that day included, UTC), by the earliest reading',
      'Reason: it was right',
      'By: ada',
    ],
  );
  // A claim that only moves on takes nothing back.
  await add({ kind: 'state', state: 'claimed', note: '', at: DUE + 6 * HOUR, key: 'claim' });
  await closeAt(closing, DUE + 7 * HOUR);
  assert.equal((await messagesOf(store)).filter((key) => key.startsWith('corrected:')).length, 2);
  await store.close();
});

test('a round in which nothing is due reads no report, however many there are', async () => {
  const { store, closing } = await sealedMonth();
  await closeAt(closing, DUE);
  const unread: Store = {
    ...store,
    readReport: () => assert.fail('a report was read'),
    readDecided: () => assert.fail('samples were read'),
  };
  await closeDue({ ...closing, store: unread }, DUE + HOUR);
  // Fourteen days before the deadline there is something to do.
  const { failures } = await closeDue({ ...closing, store: unread }, MARCH + 16 * DAY);
  assert.match(String(failures[0]?.error), /a report was read/);
  await store.close();
});

test('where the earliest reading is over before the period is, reminders go by the next one and say so', async () => {
  const deadlines = [
    { type: 'submit', offset: 10, unit: 'days', anchor: 'eligibility', snap: 'none' },
  ] as const;
  const terms = { ...PRO, claim: { ...PRO.claim, deadlines } };
  const { store, closing } = await sealedMonth({ versions: [terms] });
  await closeAt(closing, DUE);
  // Ten days after the outage of the 9th, and after the 28th.
  const { summary, madeAt } = await reportOf(store, 'pro', '2027-02');
  assert.equal(summary.claimBy, '2027-02-19');
  assert.ok(madeAt > '2027-02-20');
  const left = Date.UTC(2027, 2, 11);
  for (let now = DUE; now < left; now += 6 * HOUR) await closeAt(closing, now);
  assert.deepEqual(await messagesOf(store), [
    ...[14, 1, 3, 7].map((days) => `claim:pro:2027-02:${days}:${left}`),
    'period:pro:2027-02',
  ]);
  const told = (await store.readDeliveries({ state: 'pending' })).map(({ message }) => message.headline);
  assert.ok(
    told.some((headline) =>
      headline.endsWith(
        'must be in by 2027-03-10 (that day included, UTC), by a later reading: the earliest is past.',
      ),
    ),
    told.join('\n'),
  );
  await store.close();
});

test('of a day and an hour within it, the hour is the earlier deadline', async () => {
  const submit = { type: 'submit', offset: 10, unit: 'days', anchor: 'window_end', snap: 'none' } as const;
  const notify = { ...submit, type: 'notify', offset: 236, unit: 'hours' } as const;
  const terms = { ...PRO, claim: { ...PRO.claim, deadlines: [submit, notify] } };
  const { store, closing } = await sealedMonth({ versions: [terms] });
  await closeAt(closing, DUE);
  const { summary, statements } = await reportOf(store, 'pro', '2027-02');
  assert.deepEqual(
    statements[1]?.evaluation.deadlines.map(({ by }) => by),
    ['2027-03-10', '2027-03-10T20:00:00Z'],
  );
  assert.equal(summary.claimBy, '2027-03-10T20:00:00Z');
  await store.close();
});

test('a credit that waits for a second breached month says so, not that the contract names none', async () => {
  const credits = { ...PRO.credits, requiresConsecutiveWindows: 2 };
  const { store, closing } = await sealedMonth({ versions: [{ ...PRO, credits }] });
  await closeAt(closing, DUE);
  const { summary, statements } = await reportOf(store, 'pro', '2027-02');
  assert.equal(summary.claims, 0);
  const small = statements.find(({ scope }) => scope === 'acme/pro/chat-small');
  assert.equal(small?.result, 'breached');
  assert.equal(small?.claim.why, 'a credit needs 2 breached windows in a row');
  await store.close();
});

test('samples that come after the close change nothing, and are noted with what they would have changed', async () => {
  const { store, closing } = await sealedMonth();
  await closeAt(closing, DUE);
  const before = await store.readReport('pro', '2027-02');
  // A tick of chat-large that was skipped, delivered late by a distant prober, and failed.
  const scheduledAt = FEBRUARY + 441 * 10 * MINUTE;
  await store.record({ samples: [failure({ scheduledAt, target: target('chat-large').id })], notRun: [] });
  assert.equal((await store.readNotRun({ fromAt: scheduledAt, toAt: scheduledAt + 1 })).length, 1);
  await store.record({
    samples: [failure({ scheduledAt: MARCH + 3 * HOUR, target: target('chat-large').id })],
    notRun: [],
  });
  assert.equal((await closeAt(closing, DUE + 3 * HOUR)).corrections, 1);
  assert.equal((await closeAt(closing, DUE + 4 * HOUR)).corrections, 0);
  assert.deepEqual(await store.readReport('pro', '2027-02'), before);
  const [, correction] = await store.readLedger({});
  assert.equal(correction?.kind, 'correction');
  assert.match(
    correction?.note ?? '',
    /^1 rows arrived after the close; with them acme\/pro\/chat-large would read/,
  );
  await store.close();
});

test('a packed hour that cannot be read is lost coverage of ours: the period closes, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-close-'));
  const path = join(folder, 'probity.db');
  const { store, closing } = await recordMonth({ path });
  while (await store.compact(MARCH));
  await closeAt(closing, FEBRUARY + 2 * DAY);
  const damage = (at: number): void => {
    const db = new Database(path);
    db.exec(`update packed_hours set core = x'00' where hour_at_ms = ${at} and series_no = 1`);
    db.close();
  };
  // One hour that was sealed before it was damaged, and one that never will be whole.
  damage(FEBRUARY + HOUR);
  damage(FEBRUARY + 20 * DAY);
  await closeAt(closing, DUE);
  const { statements } = await reportOf(store, 'pro', '2027-02');
  const large = statements.find(({ scope }) => scope === 'acme/pro/chat-large');
  assert.equal(large?.coverage.ticks.unaccounted, 12);
  assert.equal(large?.result, 'met');
  assert.deepEqual(
    (await store.readUnreadable()).map(({ hourAt, sealed }) => [hourAt, sealed !== null]),
    [
      [FEBRUARY + HOUR, false],
      [FEBRUARY + 20 * DAY, true],
    ],
  );
  await store.close();
  rmSync(folder, { recursive: true });
});

test('a month of which too little was measured says so and claims nothing', async () => {
  // Nothing was recorded from the 20th on; what there is, is a breach.
  const { store, closing } = await recordMonth({ lost: (at) => at >= FEBRUARY + 19 * DAY });
  await closeAt(closing, DUE);
  const report = await reportOf(store, 'pro', '2027-02');
  const small = report.statements.find(({ scope }) => scope === 'acme/pro/chat-small');
  assert.ok(small);
  assert.equal(small.evaluation.objectives[0]?.result, 'breached');
  assert.equal(small.result, 'insufficient evidence');
  assert.deepEqual([small.claim.isDue, small.claim.percent, small.claim.amount], [false, '0', null]);
  assert.match(
    small.coverage.insufficient?.join('; ') ?? '',
    /^2,729 of 4,032 probes that were due can be counted \(67\.68 %\); at least 90 % are needed/,
  );
  assert.equal(small.coverage.ticks.unaccounted, 9 * 144);
  assert.equal(report.summary.claims, 0);
  assert.deepEqual(await messagesOf(store), ['period:pro:2027-02']);
  const [entry] = await store.readLedger({});
  assert.equal(entry?.state, 'no claim');
  await store.close();
});

/** How many days of February are lost, and whether the rest carries a claim. Ten ticks were skipped besides. */
for (const [lost, carries] of [
  [2, true],
  [3, false],
] as const) {
  test(`${lost} days without a prober ${carries ? 'still carry' : 'no longer carry'} a claim`, async () => {
    const { store, closing } = await recordMonth({ lost: (at) => at < FEBRUARY + lost * DAY });
    await closeAt(closing, DUE);
    const { summary } = await reportOf(store, 'pro', '2027-02');
    assert.equal(summary.claims > 0, carries);
    await store.close();
  });
}

for (const emptySlice of ['good', 'bad'] as const) {
  test(`a month in which nothing could be counted closes undecided where empty slices are ${emptySlice}`, async () => {
    assert.ok(PRO.availability);
    const terms = { ...PRO, availability: { ...PRO.availability, emptySlice } };
    const store = openStore();
    const every = { kind: 'every', everyMs: HOUR, phaseMs: 0 } as const;
    await store.declareSeries([declaration('chat-small', { schedule: every })], FEBRUARY);
    // Our key was refused all month: nothing of it is the provider's fault, and nothing is an answer.
    const ticks = Array.from({ length: 28 * 24 }, (_, i) => FEBRUARY + i * HOUR);
    const samples = ticks.map((scheduledAt) => failure({ scheduledAt, outcome: 'config.auth' }));
    await store.record({ samples, notRun: [] });
    const { failures } = await closeAt({ ...closingOf(store, termsFor([terms])), store }, DUE);
    assert.deepEqual(failures, []);
    const report = await reportOf(store, 'pro', '2027-02');
    const [statement] = report.statements;
    assert.equal(statement?.evaluation.objectives[0]?.result, 'undecided');
    assert.equal(statement?.evaluation.objectives[0]?.value, null);
    assert.deepEqual(statement?.workings[0]?.steps.slice(-2), [
      { label: 'Uptime', working: 'no request was counted', value: '—' },
      { label: 'Against the target', working: 'no data', value: 'undecided' },
    ]);
    assert.equal(report.summary.claims, 0);
    await store.close();
  });
}

test('a contract whose report cannot be made holds up no other, and says why', async () => {
  const { store, closing, terms } = await sealedMonth();
  let asked = 0;
  const faulty: Store = {
    ...store,
    readPlannedWork: (...span) => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('the counts disagree')) : store.readPlannedWork(...span);
    },
  };
  const both = [{ ...terms, contract: 'first' }, terms];
  const { frozen, failures } = await closeAt({ ...closing, store: faulty, terms: both }, DUE);
  assert.deepEqual(frozen, [{ contract: 'pro', period: '2027-02' }]);
  assert.deepEqual(
    failures.map(({ what, error }) => `${what}: ${String(error)}`),
    ['closing first: Error: the counts disagree'],
  );
  assert.deepEqual((await closeAt({ ...closing, terms: both }, DUE)).frozen, [
    { contract: 'first', period: '2027-02' },
  ]);
  await store.close();
});

test('a report is told once it is frozen, before the next is begun', async () => {
  const { store, closing, terms } = await sealedMonth();
  await closeAt({ ...closing, terms: [] }, DUE);
  const told: string[] = [];
  const begun: string[] = [];
  const watched: Store = {
    ...store,
    readPlannedWork: (...span) => {
      begun.push(told.join());
      return store.readPlannedWork(...span);
    },
  };
  const both = [{ ...terms, contract: 'first' }, terms];
  await closePeriods({ ...closing, store: watched, terms: both }, DUE, (news) => {
    told.push(news.kind === 'closed' ? news.contract : news.kind);
  });
  assert.deepEqual(begun, ['', 'first']);
  assert.deepEqual(told, ['first', 'pro']);
  await store.close();
});

test('an open period gives a draft of what there is, and no claim', async () => {
  const { store, terms } = await sealedMonth();
  const now = FEBRUARY + 15 * DAY;
  const period = { label: '2027-02', fromAt: FEBRUARY, toAt: MARCH, timezone: 'UTC', isWindow: true };
  const draft = await draftReport(store, terms, period, now, async () => {});
  assert.equal(draft?.state, 'draft');
  assert.equal(draft?.period.to, '2027-02-16T00:00:00Z');
  assert.equal(draft?.statements[1]?.result, 'breached');
  assert.equal(draft?.statements[1]?.claim.why, 'the period is still open');
  assert.deepEqual(await store.listReports(), []);
  await store.close();
});

test('a month of which only the last days were watched carries no claim, however well those were measured', async () => {
  const occurrences = contractOf(`
id: pro
version: "1"
scope: { dimensions: [tier, model] }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
credits: { shape: flat, percent: 10 }
`);
  const store = openStore();
  const from = MARCH - 9 * DAY;
  const every = { kind: 'every', everyMs: HOUR, phaseMs: 0 } as const;
  await store.declareSeries([declaration('chat-small', { schedule: every })], from);
  const ticks = Array.from({ length: 9 * 24 }, (_, i) => from + i * HOUR);
  await store.record({ samples: ticks.map((scheduledAt) => failure({ scheduledAt })), notRun: [] });
  await closeAt({ ...closingOf(store, termsFor([occurrences])), store }, DUE);
  const [statement] = (await reportOf(store, 'pro', '2027-02')).statements;
  assert.equal(statement?.coverage.ticks.percent, '100.000000');
  assert.equal(statement?.result, 'insufficient evidence');
  assert.deepEqual(statement?.coverage.insufficient, [
    'in 216 of 672 hours of the period something was measured (32.14 %); at least 90 % are needed',
  ]);
  await store.close();
});
