import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { declaration, failure, MINUTE, notRun, sample } from '../store/builders.ts';
import { closeAt, closingOf, openStore, reportOf, termsFor } from '../support/closing.ts';
import { contractOf } from '../support/contract-bench.ts';

/**
 * A leap year in Berlin, two changes of the clocks, a new version of the contract from July, planned work of which one
 * window was announced in time and one was not, and an outage across the end of March there, which is not the end of
 * March in UTC.
 */
const ZONE = 'Europe/Berlin';
const EVERY = 15 * MINUTE;

const V1 = contractOf(`
id: pro-berlin
version: "1"
currency: EUR
scope: { dimensions: [tier, model], feeBase: service }
window: { kind: calendar_month, timezone: ${ZONE} }
availability: { method: timeslices, slice: 15m, sliceBadWhen: { errorRateGt: "0.5" }, emptySlice: exclude, target: "99.9" }
latency:
  - { id: total-p99, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<", value: 800, credits: { shape: flat, percent: 5 } }
maintenance: { mode: remove_from_denominator, notice: 48h }
credits: { shape: ladder, ladder: [ { below: "99.9", percent: 10 }, { below: "99.0", percent: 25 } ] }
claim: { deadlines: [ { type: submit, offset: 30, unit: days, anchor: window_end } ] }
`);
const V2 = contractOf(`
id: pro-berlin
version: "2"
inForceFrom: "2028-07-01"
currency: EUR
scope: { dimensions: [tier, model], feeBase: service }
window: { kind: calendar_month, timezone: ${ZONE} }
availability: { method: occurrences, target: "99.5" }
latency:
  - { id: total-p99, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<=", value: 790, credits: { shape: flat, percent: 5 } }
maintenance: { mode: not_excluded }
credits: { shape: ladder, ladder: [ { below: "99.5", percent: 20 } ] }
claim: { deadlines: [ { type: submit, offset: 30, unit: days, anchor: window_end } ] }
`);

const START = Date.parse('2027-12-31T23:00:00Z');
const END = Date.parse('2028-12-31T23:00:00Z');
const OUTAGE = [Date.parse('2028-03-31T21:30:00Z'), Date.parse('2028-03-31T22:45:00Z')] as const;
const WORK = [
  {
    from: Date.parse('2028-02-29T02:00:00Z'),
    to: Date.parse('2028-02-29T04:00:00Z'),
    announced: Date.parse('2028-02-20T00:00:00Z'),
  },
  {
    from: Date.parse('2028-05-10T02:00:00Z'),
    to: Date.parse('2028-05-10T04:00:00Z'),
    announced: Date.parse('2028-05-09T23:00:00Z'),
  },
];

/** A number from 0 to 1 that depends on the tick alone. */
function chance(at: number, salt: number): number {
  let x = (Math.floor(at / MINUTE) * 2_654_435_761 + salt * 40_503) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39) >>> 0;
  return ((x ^ (x >>> 15)) >>> 0) / 4_294_967_296;
}

function rowAt(scheduledAt: number): Sample | null {
  const isWork = WORK.some(({ from, to }) => from <= scheduledAt && scheduledAt < to);
  const isOut = OUTAGE[0] <= scheduledAt && scheduledAt < OUTAGE[1];
  if (isOut || (isWork && chance(scheduledAt, 1) < 0.9)) return failure({ scheduledAt });
  if (chance(scheduledAt, 2) < 0.0006)
    return failure({ scheduledAt, outcome: 'timeout.total', status: null });
  if (chance(scheduledAt, 3) < 0.002) {
    return sample({ scheduledAt, validity: { kind: 'suspect', reason: 'event_loop_delay' } });
  }
  if (chance(scheduledAt, 4) < 0.001) return null;
  const month = new Date(scheduledAt).getUTCMonth();
  const slow = chance(scheduledAt, 5) < (month === 8 ? 0.02 : 0.005) ? 300_000 : 0;
  const totalUs = 480_000 + Math.floor(chance(scheduledAt, 6) * 280_000) + slow;
  return sample({ scheduledAt, ttftUs: Math.floor(totalUs / 3), totalUs });
}

test('twelve reports of a year equal what the raw rows say, computed another way', async () => {
  const store = openStore();
  await store.declareSeries(
    [declaration('chat-small', { schedule: { kind: 'every', everyMs: EVERY, phaseMs: 0 } })],
    START,
  );
  const rows: Sample[] = [];
  for (let at = START; at < END; ) {
    const samples: Sample[] = [];
    const missed = [];
    for (let i = 0; i < 2_000 && at < END; i += 1, at += EVERY) {
      const row = rowAt(at);
      if (row === null) missed.push(notRun({ scheduledAt: at }));
      else samples.push(row);
    }
    rows.push(...samples);
    await store.record({ samples, notRun: missed });
  }
  for (const { from, to, announced } of WORK) {
    await store.addPlannedWork({
      scope: 'acme/pro',
      fromAt: from,
      toAt: to,
      announcedAt: announced,
      who: 'them',
      reason: 'upgrade',
      enteredAt: announced,
    });
  }
  while (await store.compact(END - 40 * 24 * 60 * MINUTE));

  const options = {
    ...closingOf(store, termsFor([V1, V2], { fee: { amount: '12000.00', base: 'service' } })),
    store,
  };
  // The clock goes through the year; every close happens when it is due, once.
  const frozen: string[] = [];
  for (let now = START; now < END + 5 * 60 * MINUTE; now += 36 * 60 * MINUTE) {
    const result = await closeAt(options, now);
    frozen.push(...result.frozen.map(({ period }) => period));
  }
  frozen.push(...(await closeAt(options, END + 3 * 60 * MINUTE)).frozen.map(({ period }) => period));
  assert.deepEqual(
    frozen,
    Array.from({ length: 12 }, (_, i) => `2028-${String(i + 1).padStart(2, '0')}`),
  );

  const expected = expectations(rows);
  for (const period of frozen) {
    const report = await reportOf(store, 'pro-berlin', period);
    const [statement] = report.statements;
    const wanted = expected.get(period);
    assert.ok(statement && wanted, period);
    const { evaluation } = statement;
    const [availability, latency] = evaluation.objectives;
    assert.deepEqual(
      {
        minutes: report.period.minutes,
        version: report.contract.version,
        counts: [evaluation.counts.good, evaluation.counts.bad, evaluation.counts.excluded],
        uptime: availability?.value?.exact,
        p99: latency?.value?.ms,
        results: [availability?.result, latency?.result],
        claim: [statement.claim.percent, statement.claim.amount],
      },
      wanted,
      period,
    );
  }
  await store.close();
});

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function reduced(numerator: number, denominator: number): string {
  const common = gcd(numerator, denominator);
  return denominator === common
    ? String(numerator / common)
    : `${numerator / common}/${denominator / common}`;
}

/** The figures of each month from the raw rows, without a line of the engine: its calendar is that of `Intl`. */
function expectations(rows: readonly Sample[]) {
  const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, year: 'numeric', month: '2-digit' });
  const months = new Map<string, Sample[]>();
  for (const row of rows) {
    const month = calendar.format(row.scheduledAt);
    const own = months.get(month);
    if (own === undefined) months.set(month, [row]);
    else own.push(row);
  }
  return new Map(
    [...months].map(([month, own]) => {
      const isFirst = month < '2028-07';
      const isSetAside = (at: number): boolean =>
        isFirst && WORK[0] !== undefined && WORK[0].from <= at && at < WORK[0].to;
      const counted = own.filter((row) => row.validity.kind === 'valid' && !isSetAside(row.scheduledAt));
      const good = counted.filter((row) => row.outcome === 'ok').length;
      const bad = counted.length - good;
      // One probe per slice: a slice is bad if its probe failed; either method comes to good of counted.
      const latencies = counted
        .map((row) => (row.outcome === 'ok' ? (row.totalUs ?? 0) : Number.POSITIVE_INFINITY))
        .sort((a, b) => a - b);
      const p99 = latencies[Math.ceil((latencies.length * 99) / 100) - 1] ?? 0;
      const isUp = isFirst ? good * 1000 >= counted.length * 999 : good * 1000 >= counted.length * 995;
      const isFast = isFirst ? p99 < 800_000 : p99 <= 790_000;
      const uptimeCredit = isUp ? 0 : isFirst ? (good * 100 < counted.length * 99 ? 25 : 10) : 20;
      const percent = Math.max(uptimeCredit, isFast ? 0 : 5);
      const days = new Date(Date.UTC(2028, Number(month.slice(5)), 0)).getUTCDate();
      const shift = { '2028-03': -60, '2028-10': 60 }[month] ?? 0;
      return [
        month,
        {
          minutes: days * 1440 + shift,
          version: isFirst ? '1' : '2',
          counts: [good, bad, own.length - counted.length],
          uptime: reduced(good, counted.length),
          p99: Number.isFinite(p99) ? p99 / 1000 : undefined,
          results: [isUp ? 'met' : 'breached', isFast ? 'met' : 'breached'],
          claim: [String(percent), percent === 0 ? null : `${percent * 120}.00`],
        },
      ] as const;
    }),
  );
}
