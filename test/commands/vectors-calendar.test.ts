import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judged, series } from '../support/judge-file.ts';

/** Calendars, planned work, deadlines and rights, worked out by hand and run through the command. */
const MINUTE = 60_000;

function terms(window: string, rest = ''): string {
  return `
contract: { id: hand, version: 1 }
window: { ${window} }
availability: { method: timeslices, slice: 60s, slice_bad_when: { all_failed: true }, empty_slice: good }
target: "99.9"
${rest}`;
}

const month = (timezone: string): string => `kind: calendar_month, timezone: ${timezone}`;

type Calendar = {
  readonly window: string;
  readonly period: string;
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
  readonly because: string;
};

const CALENDARS: Readonly<Record<string, Calendar>> = {
  'March in Berlin loses an hour': {
    window: month('Europe/Berlin'),
    period: '2026-03',
    from: '2026-02-28T23:00:00Z',
    to: '2026-03-31T22:00:00Z',
    minutes: 44_580,
    because: '31 · 1440 − 60',
  },
  'October in Berlin gains one': {
    window: month('Europe/Berlin'),
    period: '2026-10',
    from: '2026-09-30T22:00:00Z',
    to: '2026-10-31T23:00:00Z',
    minutes: 44_700,
    because: '31 · 1440 + 60',
  },
  'November in New York gains one': {
    window: month('America/New_York'),
    period: '2026-11',
    from: '2026-11-01T04:00:00Z',
    to: '2026-12-01T05:00:00Z',
    minutes: 43_260,
    because: '30 · 1440 + 60',
  },
  'a month in Kolkata starts half an hour off every UTC hour': {
    window: month('Asia/Kolkata'),
    period: '2026-09',
    from: '2026-08-31T18:30:00Z',
    to: '2026-09-30T18:30:00Z',
    minutes: 43_200,
    because: '30 · 1440',
  },
  'February of a leap year': {
    window: month('UTC'),
    period: '2028-02',
    from: '2028-02-01T00:00:00Z',
    to: '2028-03-01T00:00:00Z',
    minutes: 41_760,
    because: '29 · 1440',
  },
  'the first quarter in Berlin': {
    window: 'kind: calendar_quarter, timezone: Europe/Berlin',
    period: '2026-Q1',
    from: '2025-12-31T23:00:00Z',
    to: '2026-03-31T22:00:00Z',
    minutes: 129_540,
    because: '(31 + 28 + 31) · 1440 − 60',
  },
  'a billing cycle from the 15th': {
    window: 'kind: billing_cycle, timezone: UTC, anchor_day: 15',
    period: '2026-02',
    from: '2026-02-15T00:00:00Z',
    to: '2026-03-15T00:00:00Z',
    minutes: 40_320,
    because: '28 · 1440',
  },
};

for (const [name, one] of Object.entries(CALENDARS)) {
  test(`${name}: ${one.because} minutes; its first minute is inside, its end is not`, async () => {
    const [from, to] = [Date.parse(one.from), Date.parse(one.to)];
    const found = await judged({
      contract: terms(one.window),
      period: one.period,
      lines: [from - 1, from, to - 1, to].map((at) => ({ at, status: 500 })),
    });
    assert.deepEqual(
      [found.period.from, found.period.to, found.period.minutes],
      [one.from, one.to, one.minutes],
    );
    // Two of the four lines lie inside, each makes one minute bad.
    assert.equal(found.counts.bad, 2);
    const share = (one.minutes - 2) / one.minutes;
    assert.equal(found.uptime.contract?.percent, (share * 100).toFixed(6));
  });
}

test('an outage across the end of March belongs to two months in UTC and to one in Los Angeles', async () => {
  // 2026-03-31T23:30Z to 2026-04-01T00:30Z. UTC: 30 min of 44,640 and 30 of 43,200. Los Angeles: 60 of 44,580.
  const lines = series('2026-03-31T23:30:00Z', 60, MINUTE, () => ({ status: 500 }));
  const percents = [];
  for (const [zone, period] of [
    ['UTC', '2026-03'],
    ['UTC', '2026-04'],
    ['America/Los_Angeles', '2026-03'],
  ] as const) {
    const found = await judged({ contract: terms(month(zone)), period, lines });
    percents.push(found.uptime.contract?.percent);
  }
  assert.deepEqual(percents, ['99.932796', '99.930556', '99.865410']);
});

test('offsets, epoch ms, fractions and CSV name the same instants', async () => {
  const contract = terms(month('UTC'));
  const ways = [
    { lines: [{ at: '2026-09-30T23:59:59.999Z', status: 500 }] },
    { lines: [{ at: '2026-10-01T05:29:59.999+05:30', status: 500 }] },
    { lines: [{ at: Date.UTC(2026, 9, 1) - 1, status: 500 }] },
    { lines: 'status,at\n500,2026-09-30T19:59:59.999-04:00\n', format: 'csv' as const },
    { lines: `at,status,count\r\n${Date.UTC(2026, 9, 1) - 1},500,1\r\n`, format: 'csv' as const },
  ];
  for (const way of ways) {
    const found = await judged({ contract, period: '2026-09', ...way });
    assert.equal(found.uptime.contract?.exact, '43199/43200');
  }
});

test('a field in another spelling is ignored aloud, with the one that is read', async () => {
  const { flags } = await judged({
    contract: terms(month('UTC')),
    period: '2026-09',
    lines: [{ at: '2026-09-01T00:00:00Z', status: 200, total_ms: 12, requestId: 'x' }],
  });
  assert.ok(
    flags.includes('input: ignored fields requestId, total_ms (did you mean totalMs?)'),
    flags.join('\n'),
  );
});

const OUTAGE = series('2026-09-10T00:00:00Z', 300, MINUTE, () => ({ status: 503 }));
const WINDOW = '2026-09-10T00:00Z/2026-09-10T04:00Z';

type Planned = {
  readonly maintenance: string;
  readonly announced?: string;
  readonly exact: string;
  readonly because: string;
};

const PLANNED: Readonly<Record<string, Planned>> = {
  'removed from the denominator': {
    maintenance: '{ mode: remove_from_denominator }',
    exact: '715/716',
    because: '300 down, 240 planned: (42960 − 60)/42960',
  },
  'counted as good': {
    maintenance: '{ mode: count_as_good }',
    exact: '719/720',
    because: '(43200 − 60)/43200',
  },
  'not excluded': {
    maintenance: '{ mode: not_excluded }',
    exact: '143/144',
    because: '(43200 − 300)/43200',
  },
  'announced exactly in time': {
    maintenance: '{ mode: remove_from_denominator, notice: 48h, max_per_window: null }',
    announced: '2026-09-08T00:00Z',
    exact: '715/716',
    because: '48 h before its start',
  },
  'announced a minute too late': {
    maintenance: '{ mode: remove_from_denominator, notice: 48h }',
    announced: '2026-09-08T00:01Z',
    exact: '143/144',
    because: 'all 300 count: (43200 − 300)/43200',
  },
  'up to a cap': {
    maintenance: '{ mode: remove_from_denominator, max_per_window: 2h }',
    exact: '715/718',
    because: '120 removed, 180 count: (43080 − 180)/43080',
  },
};

for (const [name, { maintenance, announced, exact, because }] of Object.entries(PLANNED)) {
  test(`planned work ${name}: ${because}`, async () => {
    const found = await judged({
      contract: terms(month('UTC'), `maintenance: ${maintenance}`),
      period: '2026-09',
      lines: OUTAGE,
      args: ['--maintenance', announced === undefined ? WINDOW : `${WINDOW}@${announced}`],
    });
    assert.equal(found.uptime.contract?.exact, exact);
  });
}

type Deadline = {
  readonly terms: string;
  readonly incident: string;
  readonly by: string;
  readonly because: string;
  readonly window?: string;
  readonly holidays?: string;
};

const DEADLINES: Readonly<Record<string, Deadline>> = {
  'end of the month after the incident': {
    terms: '{ type: submit, offset: 1, unit: months, anchor: incident_month_end, snap: end_of_month }',
    incident: '2026-02-15T10:00:00Z',
    by: '2026-03-31',
    because: '28 February + 1 month, to the end of March',
  },
  'end of the second billing cycle': {
    terms: '{ type: submit, offset: 2, unit: billing_cycles, anchor: incident_start }',
    incident: '2026-03-20T10:00:00Z',
    by: '2026-05-31',
    because: 'April is the first, May the second',
  },
  'cycles from the 15th': {
    terms: '{ type: submit, offset: 2, unit: billing_cycles, anchor: incident_start }',
    incident: '2026-03-20T10:00:00Z',
    window: 'kind: billing_cycle, timezone: UTC, anchor_day: 15',
    by: '2026-06-14',
    because: 'the cycle of 15 March, then those of 15 April and 15 May',
  },
  'the earliest reading of eligibility': {
    terms: '{ type: notify, offset: 30, unit: days, anchor: eligibility }',
    incident: '2026-09-03T10:00:00Z',
    by: '2026-10-03',
    because: '3 September + 30 days, before 30 September + 30 days',
  },
  'five business days over a weekend': {
    terms: '{ type: notify, offset: 5, unit: business_days, anchor: incident_start }',
    incident: '2026-06-18T10:00:00Z',
    by: '2026-06-25',
    because: 'Thursday 18 June: 19, 22, 23, 24, 25',
  },
  'five business days with a holiday': {
    terms: '{ type: notify, offset: 5, unit: business_days, anchor: incident_start }',
    incident: '2026-06-18T10:00:00Z',
    holidays: '["2026-06-22"]',
    by: '2026-06-26',
    because: '19, 23, 24, 25, 26',
  },
  'twenty-four hours from the start': {
    terms: '{ type: report, offset: 24, unit: hours, anchor: incident_start }',
    incident: '2026-06-18T10:07:00Z',
    by: '2026-06-19T10:07:00Z',
    because: '10:07 the next day',
  },
  'twenty-four hours from the end': {
    terms: '{ type: report, offset: 24, unit: hours, anchor: incident_end }',
    incident: '2026-06-18T10:00:00Z',
    by: '2026-06-19T11:40:00Z',
    because: '100 bad minutes end at 11:40',
  },
  'an hour from the end of the window': {
    terms: '{ type: report, offset: 1, unit: hours, anchor: window_end }',
    incident: '2026-06-18T10:00:00Z',
    by: '2026-07-01T01:00:00Z',
    because: 'June ends where 1 July begins',
  },
  'thirty days from the end of the window': {
    terms: '{ type: submit, offset: 30, unit: days, anchor: window_end }',
    incident: '2026-01-05T10:00:00Z',
    by: '2026-03-02',
    because: '31 January + 30 days in a year without 29 February',
  },
};

for (const [name, one] of Object.entries(DEADLINES)) {
  test(`claim deadline, ${name}: ${one.because}`, async () => {
    const claim = `claim: { deadlines: [${one.terms}], holidays: ${one.holidays ?? '[]'}, forfeits_if_missing: true }`;
    const found = await judged({
      contract: terms(one.window ?? month('UTC'), claim),
      period: one.incident.slice(0, 7),
      lines: series(one.incident, 100, MINUTE, () => ({ status: 500 })),
    });
    assert.equal(found.deadlines[0]?.by, one.by);
  });
}

type Right = {
  readonly chronic: string;
  /** Failures of 1,000 requests, this month first; `null`: nothing in the file. */
  readonly failures: readonly (number | null)[];
  readonly raised: boolean | null;
};

const RIGHTS: Readonly<Record<string, Right>> = {
  'two in a row': { chronic: '{ when: "consecutive>=2", right: terminate }', failures: [2, 3], raised: true },
  'not two in a row': {
    chronic: '{ when: "consecutive>=2", right: terminate }',
    failures: [2, 0, 3],
    raised: false,
  },
  'two in a row, one of them unknown': {
    chronic: '{ when: { consecutive: 2 }, right: terminate }',
    failures: [2, null],
    raised: null,
  },
  'two of three': {
    chronic: '{ when: { k_of_m: [2, 3] }, right: refund }',
    failures: [2, 0, 3],
    raised: true,
  },
  'one of three': { chronic: '{ when: "2 of 3", right: refund }', failures: [2, 0, 0], raised: false },
  'one month below 90 %': {
    chronic: '{ single_window_below: "90", right: terminate }',
    failures: [101],
    raised: true,
  },
  'one month at exactly 90 %': {
    chronic: '{ when: { single_window_below: "90" }, right: terminate }',
    failures: [100],
    raised: false,
  },
};

for (const [name, { chronic, failures, raised }] of Object.entries(RIGHTS)) {
  test(`a right after ${name}`, async () => {
    const contract = terms(month('UTC'), `chronic: ${chronic}`).replace(
      /availability: .*/,
      'availability: { method: occurrences }',
    );
    const lines = failures.flatMap((bad, i) => {
      if (bad === null) return [];
      const at = Date.UTC(2026, 8 - i, 10);
      return [
        { at, status: 200, count: 1000 - bad },
        ...(bad === 0 ? [] : [{ at, status: 500, count: bad }]),
      ];
    });
    const found = await judged({ contract, period: '2026-09', lines });
    assert.equal(found.chronic[0]?.raised, raised);
  });
}
