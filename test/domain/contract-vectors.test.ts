import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Line } from '../../src/domain/contract/tally.ts';
import { contractOf, evaluationOf, everySlice, line, MINUTE, periodOf } from '../support/contract-bench.ts';

/**
 * Vectors computed by hand from published agreements. September 2026 has 30 days: 8,640 five-minute slices, 43,200 minutes.
 */
const MONTH = '2026-09';
const START = Date.UTC(2026, 8, 1);
const OK = { status: 200 };
const DOWN = { status: 500 };

function template(name: string): string {
  return readFileSync(`probes/contracts/${name}.yaml`, 'utf8');
}

const AWS = contractOf(template('aws-style-5min'));
const GOOGLE = contractOf(template('google-style-bad-minute'));
const AZURE = contractOf(template('azure-style-all-fail-minute'));
const OPENAI = contractOf(template('openai-style-latency-attainment'));

function aws(days: number, facts: (slice: number) => readonly Partial<Line>[]): Iterable<Line> {
  const start = days === 31 ? Date.UTC(2026, 9, 1) : START;
  return Array.from({ length: days * 288 }, (_, slice) =>
    facts(slice).map((one) => line(start + slice * 5 * MINUTE, one)),
  ).flat();
}

type Vector = {
  readonly lines: () => Iterable<Line>;
  readonly period?: string;
  readonly percent: string;
  readonly exact?: string;
  readonly credit: string;
};

const AWS_VECTORS: Readonly<Record<string, Vector>> = {
  'V01: 864 slices at 90 % make exactly 99 %, which is not less than 99.0': {
    lines: () =>
      aws(30, (slice) =>
        slice % 10 === 0
          ? [
              { ...OK, count: 900 },
              { ...DOWN, count: 100 },
            ]
          : [{ ...OK, count: 1000 }],
      ),
    percent: '99.000000',
    exact: '99/100',
    credit: '10',
  },
  'V01, one request more: below 99.0 %': {
    lines: () =>
      aws(30, (slice) => {
        if (slice === 0)
          return [
            { ...OK, count: 899 },
            { ...DOWN, count: 101 },
          ];
        return slice % 10 === 0
          ? [
              { ...OK, count: 900 },
              { ...DOWN, count: 100 },
            ]
          : [{ ...OK, count: 1000 }];
      }),
    percent: '98.999988',
    credit: '25',
  },
  'V02: one slice all failed': {
    lines: () => aws(30, (slice) => [slice === 7 ? DOWN : OK]),
    percent: '99.988426',
    credit: '0',
  },
  'V03: eight slices all failed': {
    lines: () => aws(30, (slice) => [slice < 8 ? DOWN : OK]),
    percent: '99.907407',
    credit: '0',
  },
  'V04: nine slices all failed': {
    lines: () => aws(30, (slice) => [slice < 9 ? DOWN : OK]),
    percent: '99.895833',
    credit: '10',
  },
  'V05: eight failed and one at 36 % are exactly 99.9 %, no breach': {
    lines: () =>
      aws(30, (slice) => {
        if (slice < 8) return [DOWN];
        return slice === 8
          ? [
              { ...OK, count: 9 },
              { ...DOWN, count: 16 },
            ]
          : [OK];
      }),
    percent: '99.900000',
    exact: '999/1000',
    credit: '0',
  },
  'V07: eight of 8,928 slices in a month of 31 days': {
    lines: () => aws(31, (slice) => [slice < 8 ? DOWN : OK]),
    period: '2026-10',
    percent: '99.910394',
    credit: '0',
  },
  'V07: nine of 8,928 slices': {
    lines: () => aws(31, (slice) => [slice < 9 ? DOWN : OK]),
    period: '2026-10',
    percent: '99.899194',
    credit: '10',
  },
  'the slices nobody probed count as good, and an outage without probes vanishes': {
    lines: () => aws(30, (slice) => (slice >= 100 ? [] : [slice < 8 ? DOWN : OK])),
    percent: '99.907407',
    credit: '0',
  },
};

for (const [name, vector] of Object.entries(AWS_VECTORS)) {
  test(`AWS style, ${name}`, () => {
    const found = evaluationOf({ contract: AWS, period: vector.period ?? MONTH, lines: vector.lines() });
    assert.equal(found.uptime.contract?.percent, vector.percent);
    if (vector.exact !== undefined) assert.equal(found.uptime.contract?.exact, vector.exact);
    assert.equal(found.credit.percent, vector.credit);
  });
}

const FEES: Readonly<Record<string, readonly [amount: string, belowMinimum: boolean]>> = {
  '9.50': ['0.00', true],
  '10.00': ['0.00', true],
  '10.01': ['1.00', false],
  '10.10': ['1.01', false],
};

for (const [fee, [amount, belowMinimum]] of Object.entries(FEES)) {
  test(`V10: 10 % of ${fee} USD pays ${amount}, for the credit must be greater than 1 USD`, () => {
    const lines = aws(30, (slice) => [slice < 9 ? DOWN : OK]);
    const { credit } = evaluationOf({ contract: AWS, period: MONTH, lines, fee });
    assert.deepEqual([credit.percent, credit.amount, credit.belowMinimum], ['10', amount, belowMinimum]);
  });
}

function badMinutes(isBad: (minute: number) => boolean): Iterable<Line> {
  return everySlice(START, 43_200, MINUTE, (minute) => (isBad(minute) ? { status: 503 } : OK));
}

const GOOGLE_VECTORS: Readonly<Record<string, Vector>> = {
  'V11a: a hundred runs of four minutes are no downtime at all': {
    lines: () => badMinutes((minute) => minute % 400 < 4 && minute < 40_000),
    percent: '100.000000',
    credit: '0',
  },
  'V11a, the same with runs of five': {
    lines: () => badMinutes((minute) => minute % 400 < 5 && minute < 40_000),
    percent: '98.842593',
    credit: '25',
  },
  'V11b: one run of 216 minutes is exactly 99.5 %': {
    lines: () => badMinutes((minute) => minute >= 1000 && minute < 1216),
    percent: '99.500000',
    exact: '199/200',
    credit: '0',
  },
  'V11b: one run of 217 minutes': {
    lines: () => badMinutes((minute) => minute >= 1000 && minute < 1217),
    percent: '99.497685',
    credit: '10',
  },
  'V11b: one run of 432 minutes is exactly 99.0 %': {
    lines: () => badMinutes((minute) => minute >= 1000 && minute < 1432),
    percent: '99.000000',
    credit: '10',
  },
  'V11b: one run of 433 minutes': {
    lines: () => badMinutes((minute) => minute >= 1000 && minute < 1433),
    percent: '98.997685',
    credit: '25',
  },
  'V11d: minutes with exactly 5 % errors are no downtime': {
    lines: () =>
      [...badMinutes(() => false)].flatMap((one) => [
        { ...one, count: 19 },
        { ...one, status: 500, count: 1 },
      ]),
    percent: '100.000000',
    credit: '0',
  },
  'V11d, 1 of 19 is more than 5 %': {
    lines: () =>
      [...badMinutes(() => false)].flatMap((one) => [
        { ...one, count: 18 },
        { ...one, status: 500, count: 1 },
      ]),
    percent: '0.000000',
    credit: '50',
  },
  'a run of five across the start of the month counts its two minutes inside': {
    lines: () =>
      everySlice(START - 3 * MINUTE, 43_203, MINUTE, (minute) => (minute < 5 ? { status: 500 } : OK)),
    percent: '99.995370',
    credit: '0',
  },
  'a run of four across the start of the month counts nothing': {
    lines: () =>
      everySlice(START - 2 * MINUTE, 43_202, MINUTE, (minute) => (minute < 4 ? { status: 500 } : OK)),
    percent: '100.000000',
    credit: '0',
  },
  'a run of five across the end of the month counts its two minutes inside': {
    lines: () => everySlice(START, 43_203, MINUTE, (minute) => (minute >= 43_198 ? { status: 500 } : OK)),
    percent: '99.995370',
    credit: '0',
  },
};

for (const [name, vector] of Object.entries(GOOGLE_VECTORS)) {
  test(`Google style, ${name}`, () => {
    const found = evaluationOf({ contract: GOOGLE, period: MONTH, lines: vector.lines() });
    assert.equal(found.uptime.contract?.percent, vector.percent);
    if (vector.exact !== undefined) assert.equal(found.uptime.contract?.exact, vector.exact);
    assert.equal(found.credit.percent, vector.credit);
  });
}

const MIXED: readonly Partial<Line>[] = [
  { status: 200, count: 927 },
  { status: 500, count: 20 },
  { status: 503, count: 5 },
  { status: 429, count: 30 },
  { status: 401, count: 10 },
  { status: 400, count: 5 },
  { outcome: 'timeout.total', clientTimeoutMs: 5000, count: 3 },
];

function occurrences(classify: string): string {
  return `
id: vector
version: 1
window: { kind: calendar_month, timezone: UTC }
classify: ${classify}
otherwise: good
availability: { method: occurrences, target: "99.9" }
`;
}

const EXCLUDED = '{ when: { status: [400, 401, 429] }, as: excluded }';
const FIVE = '{ when: { status: 5xx }, as: bad }';
const V12: Readonly<Record<string, readonly [classify: string, percent: string]>> = {
  'only 500 is an error': ['[{ when: { status: 500 }, as: bad }]', '98.000000'],
  '500 and 503 are errors': ['[{ when: { status: [500, 503] }, as: bad }]', '97.500000'],
  '4xx excluded and timeouts bad': [
    `[${EXCLUDED}, ${FIVE}, { when: { timedOut: true }, as: bad }]`,
    '97.068063',
  ],
  '4xx excluded and early timeouts excluded': [
    `[${EXCLUDED}, ${FIVE}, { when: { timedOut: true, clientTimeoutBelow: 60s }, as: excluded }]`,
    '97.373950',
  ],
};

for (const [name, [classify, percent]] of Object.entries(V12)) {
  test(`V12: of the same 1,000 requests, ${name}: ${percent} %`, () => {
    const lines = MIXED.map((facts) => line(START, facts));
    const found = evaluationOf({ contract: contractOf(occurrences(classify)), period: MONTH, lines });
    assert.equal(found.uptime.contract?.percent, percent);
    assert.equal(found.counts.total, 1000);
  });
}

function cohere(rounding: string): string {
  return `
id: cohere
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.5" }
${rounding}
credits:
  shape: ladder
  ladder:
    - { below: "99.5", atLeast: 98, percent: 10 }
    - { atMost: "97.99", atLeast: 95, percent: 20 }
    - { atMost: "94.99", percent: 30 }
`;
}

const ROUNDINGS = {
  none: '',
  half_up: 'rounding: { decimals: 2, mode: half_up }',
  floor: 'rounding: { decimals: 2, mode: floor }',
} as const;

const GAPS: Readonly<
  Record<string, readonly [good: number, expected: Record<keyof typeof ROUNDINGS, string>]>
> = {
  'V13: 97.995 %': [97_995, { none: 'gap', half_up: '10', floor: '20' }],
  'V14: 94.995 %': [94_995, { none: 'gap', half_up: '20', floor: '30' }],
  'V13, 97.99 % is the row as printed': [97_990, { none: '20', half_up: '20', floor: '20' }],
  'V13, 98 % is the row above': [98_000, { none: '10', half_up: '10', floor: '10' }],
};

for (const [name, [good, expected]] of Object.entries(GAPS)) {
  for (const mode of ['none', 'half_up', 'floor'] as const) {
    test(`${name}, rounding ${mode}: ${expected[mode] === 'gap' ? 'no row, and said so' : `${expected[mode]} %`}`, () => {
      const lines = [line(START, { ...OK, count: good }), line(START, { ...DOWN, count: 100_000 - good })];
      const found = evaluationOf({ contract: contractOf(cohere(ROUNDINGS[mode])), period: MONTH, lines });
      const isGap = expected[mode] === 'gap';
      assert.equal(found.credit.percent, isGap ? '0' : expected[mode]);
      assert.equal(found.credit.flags.includes('gap: contract silent'), isGap);
      assert.equal(found.flags.includes('gap: contract silent'), isGap);
    });
  }
}

test('a breach between the target and the first row of the ladder is a gap', () => {
  const mistral = contractOf(template('mistral-style'));
  const lines = everySlice(START, 43_200, MINUTE, (minute) => (minute < 65 ? DOWN : OK));
  const found = evaluationOf({ contract: mistral, period: MONTH, lines });
  assert.equal(found.uptime.contract?.percent, '99.849537');
  assert.equal(found.objectives[0]?.result, 'breached');
  assert.ok(found.flags.includes('gap: contract silent'));
});

function speeds(slow: number, slowTokens = 10): Iterable<Line> {
  return everySlice(START, 8640, 5 * MINUTE, (slice) => ({
    ...OK,
    totalUs: 1_000_000,
    outputTokens: slice < slow ? slowTokens : 80,
  }));
}

const ATTAINMENT: Readonly<
  Record<string, readonly [lines: () => Iterable<Line>, percent: string, result: string]>
> = {
  'V17a: 86 windows miss': [() => speeds(86), '99.004630', 'met'],
  'V17b: 87 windows miss': [() => speeds(87), '98.993056', 'breached'],
  'V17d: a median of exactly 50 tokens/s is not above 50': [() => speeds(87, 50), '98.993056', 'breached'],
  'V17d, 51 tokens/s is': [() => speeds(87, 51), '100.000000', 'met'],
};

for (const [name, [lines, percent, result]] of Object.entries(ATTAINMENT)) {
  test(`latency attainment, ${name}`, () => {
    const found = evaluationOf({ contract: OPENAI, period: MONTH, lines: lines() });
    const speed = found.objectives.find((one) => one.id === 'speed');
    assert.equal(speed?.value?.percent, percent);
    assert.equal(speed?.result, result);
  });
}

test('V17e: both missed earn the greater credit, 10 %, not 15 %', () => {
  const lines = [...speeds(87), line(START, { ...DOWN, count: 9 })];
  const { credit, objectives } = evaluationOf({ contract: OPENAI, period: MONTH, lines });
  assert.deepEqual(
    objectives.map((one) => one.result),
    ['breached', 'breached'],
  );
  assert.equal(credit.percent, '10');
  assert.equal(credit.rows.length, 2);
});

const AZURE_VECTORS: Readonly<Record<string, Vector>> = {
  'V18a: 43 minutes with all attempts failing': {
    lines: () => badMinutes((minute) => minute < 43),
    percent: '99.900463',
    credit: '0',
  },
  'V18a: 44 minutes': {
    lines: () => badMinutes((minute) => minute < 44),
    percent: '99.898148',
    credit: '10',
  },
  'V18b: 9 of 10 attempts failing is not down': {
    lines: () => [...badMinutes(() => false)].flatMap((one) => [one, { ...one, status: 500, count: 9 }]),
    percent: '100.000000',
    credit: '0',
  },
};

for (const [name, vector] of Object.entries(AZURE_VECTORS)) {
  test(`Azure style, ${name}`, () => {
    const found = evaluationOf({ contract: AZURE, period: MONTH, lines: vector.lines() });
    assert.equal(found.uptime.contract?.percent, vector.percent);
    assert.equal(found.credit.percent, vector.credit);
  });
}

function minutes(maintenance: string, timezone = 'UTC'): string {
  return `
id: minutes
version: 1
window: { kind: calendar_month, timezone: ${timezone} }
availability:
  method: timeslices
  slice: 60s
  sliceBadWhen: { allFailed: true }
  emptySlice: good
  target: "99.9"
maintenance: ${maintenance}
credits: { shape: ladder, ladder: [{ below: "99.9", percent: 10 }] }
`;
}

const V19 = {
  remove_from_denominator: ['99.899907', '10'],
  count_as_good: ['99.900463', '0'],
  not_excluded: ['99.344907', '10'],
} as const;

for (const [mode, [percent, credit]] of Object.entries(V19)) {
  test(`V19: 240 min of maintenance and 43 min besides, ${mode}: ${percent} %`, () => {
    const fromAt = START + 1000 * MINUTE;
    const found = evaluationOf({
      contract: contractOf(minutes(`{ mode: ${mode} }`)),
      period: MONTH,
      lines: badMinutes((minute) => (minute >= 1000 && minute < 1240) || (minute >= 5000 && minute < 5043)),
      maintenance: [{ fromAt, toAt: fromAt + 240 * MINUTE, announcedAt: null, reason: null }],
    });
    assert.equal(found.uptime.contract?.percent, percent);
    assert.equal(found.credit.percent, credit);
  });
}

const V20: readonly (readonly [zone: string, period: string, minutes: number, percent: string])[] = [
  ['UTC', '2026-03', 44_640, '99.932796'],
  ['UTC', '2026-04', 43_200, '99.930556'],
  ['America/Los_Angeles', '2026-03', 44_580, '99.865410'],
  ['America/Los_Angeles', '2026-04', 43_200, '100.000000'],
];

for (const [zone, period, length, percent] of V20) {
  test(`V20: an hour around midnight UTC is ${percent} % of ${period} in ${zone}`, () => {
    const contract = contractOf(minutes('{ mode: not_excluded }', zone));
    const outage = Date.UTC(2026, 2, 31, 23, 30);
    const span = periodOf(contract, period);
    const lines = everySlice(span.fromAt, length, MINUTE, (minute) => {
      const at = span.fromAt + minute * MINUTE;
      return at >= outage && at < outage + 60 * MINUTE ? DOWN : OK;
    });
    const found = evaluationOf({ contract, period, lines });
    assert.equal(found.period.minutes, length);
    assert.equal(found.uptime.contract?.percent, percent);
  });
}

function claims(deadlines: string, window = '{ kind: calendar_month, timezone: UTC }'): string {
  return `
id: claims
version: 1
window: ${window}
availability: { method: timeslices, slice: 60s, sliceBadWhen: { allFailed: true }, emptySlice: good, target: "99.99" }
claim:
  deadlines: ${deadlines}
`;
}

type Claim = {
  readonly deadlines: string;
  readonly window?: string;
  readonly incident: string;
  readonly by: readonly string[];
};

const CLAIMS: Readonly<Record<string, Claim>> = {
  'V21: an incident on 15 February can be claimed until the end of March': {
    deadlines: '[{ type: submit, offset: 1, unit: months, anchor: incident_month_end, snap: end_of_month }]',
    incident: '2026-02-15T10:00:00Z',
    by: ['2026-03-31'],
  },
  'V22: the second billing cycle after 20 March ends on 31 May': {
    deadlines: '[{ type: submit, offset: 2, unit: billing_cycles, anchor: incident_start }]',
    window: '{ kind: billing_cycle, timezone: UTC }',
    incident: '2026-03-20T10:00:00Z',
    by: ['2026-05-31'],
  },
  'V22, with cycles from the 15th: the second after 20 March ends on 14 June': {
    deadlines: '[{ type: submit, offset: 2, unit: billing_cycles, anchor: incident_start }]',
    window: '{ kind: billing_cycle, timezone: UTC, anchorDay: 15 }',
    incident: '2026-03-20T10:00:00Z',
    by: ['2026-06-14'],
  },
  'V23: 30 days from the end of September': {
    deadlines: '[{ type: submit, offset: 30, unit: days, anchor: window_end }]',
    incident: '2026-09-03T10:00:00Z',
    by: ['2026-10-30'],
  },
  'V23: eligibility has two readings, and the earliest counts': {
    deadlines: '[{ type: submit, offset: 30, unit: days, anchor: eligibility }]',
    incident: '2026-09-03T10:00:00Z',
    by: ['2026-10-03'],
  },
  'V24: five business days from a Thursday, and the end of the following month': {
    deadlines:
      '[{ type: notify, offset: 5, unit: business_days, anchor: incident_start }, { type: submit, offset: 1, unit: months, anchor: incident_month_end, snap: end_of_month }]',
    incident: '2026-06-18T10:00:00Z',
    by: ['2026-06-25', '2026-07-31'],
  },
  'an hour to report is an instant': {
    deadlines: '[{ type: report, offset: 1, unit: hours, anchor: incident_start }]',
    incident: '2026-06-18T10:00:00Z',
    by: ['2026-06-18T11:00:00Z'],
  },
};

for (const [name, claim] of Object.entries(CLAIMS)) {
  test(name, () => {
    const contract = contractOf(claims(claim.deadlines, claim.window));
    const at = Date.parse(claim.incident);
    const month = claim.incident.slice(0, 7);
    const lines = Array.from({ length: 10 }, (_, i) => line(at + i * MINUTE, DOWN));
    const found = evaluationOf({ contract, period: month, lines });
    assert.deepEqual(
      found.deadlines.map((one) => one.by),
      claim.by,
    );
  });
}

test('V24 with a holiday on the Friday is due a day later', () => {
  const yaml = `${claims('[{ type: notify, offset: 5, unit: business_days, anchor: incident_start }]')}  holidays: ["2026-06-19"]\n`;
  const lines = Array.from({ length: 10 }, (_, i) => line(Date.UTC(2026, 5, 18, 10, i), DOWN));
  const found = evaluationOf({ contract: contractOf(yaml), period: '2026-06', lines });
  assert.equal(found.deadlines[0]?.by, '2026-06-26');
});

function shaped(target: string, credits: string, extra = ''): string {
  return `
id: shaped
version: 1
currency: USD
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "${target}" }
credits: ${credits}
${extra}
`;
}

type Shaped = {
  readonly contract: string;
  /** Good ones of 1,000. */
  readonly good: number;
  readonly percent: string;
  readonly exact?: string;
  readonly flag?: RegExp;
  readonly amount?: readonly [fee: string, amount: string];
  readonly capped?: boolean;
};

const SHAPES: Readonly<Record<string, Shaped>> = {
  'V25: 2 % per point, 97.2 against 99.7, is 5 % and an ambiguity': {
    contract: shaped('99.7', '{ shape: linear, percentPerPoint: 2, capPercent: 100 }'),
    good: 972,
    percent: '5',
    flag: /5 % if parts of a point count, 4 % if only whole points do/,
  },
  'V25 in whole points is 4 %': {
    contract: shaped('99.7', '{ shape: linear, percentPerPoint: 2, wholePoints: true }'),
    good: 972,
    percent: '4',
  },
  'V26: 98.8 against 99.5 in steps of 0.3 or portion is 3/365 of the annual fee': {
    contract: shaped(
      '99.5',
      '{ shape: per_step, step: "0.3", percentPerStep: "100/365", orPortion: true, of: annual_fee }',
    ),
    good: 988,
    percent: '0.821918',
    exact: '60/73',
    amount: ['365000', '3000.00'],
  },
  'V26 without portions is two steps': {
    contract: shaped('99.5', '{ shape: per_step, step: "0.3", percentPerStep: "100/365", orPortion: false }'),
    good: 988,
    percent: '0.547945',
    exact: '40/73',
  },
  'exactly two steps are two steps, or portion or not': {
    contract: shaped('99.5', '{ shape: per_step, step: "0.3", percentPerStep: 1, orPortion: true }'),
    good: 989,
    percent: '2',
  },
  '5 % per 30 minutes after the first 0.01 %: 1 % of 43,200 min less 4.32 is 14 units, capped at 50 %': {
    contract: shaped(
      '99.99',
      '{ shape: per_downtime_unit, unit: 30m, percentPerUnit: 5, afterPercent: "0.01", orPortion: false, capPercent: 50 }',
    ),
    good: 990,
    percent: '50',
    capped: true,
  },
  'ten times the fee for the downtime': {
    contract: shaped('99.9', '{ shape: downtime_multiplier, multiplier: 10 }'),
    good: 990,
    percent: '10',
  },
  'flat on breach': { contract: shaped('99.9', '{ shape: flat, percent: 15 }'), good: 998, percent: '15' },
  'flat on the target itself is nothing': {
    contract: shaped('99.9', '{ shape: flat, percent: 15 }'),
    good: 999,
    percent: '0',
  },
  'a strict target is missed when it is only reached': {
    contract: shaped('99.9', '{ shape: flat, percent: 15 }').replace(
      'target: "99.9"',
      'target: { value: "99.9", comparator: ">" }',
    ),
    good: 999,
    percent: '15',
  },
};

for (const [name, shape] of Object.entries(SHAPES)) {
  test(name, () => {
    const lines = [
      line(START, { ...OK, count: shape.good }),
      line(START, { ...DOWN, count: 1000 - shape.good }),
    ];
    const { credit } = evaluationOf({
      contract: contractOf(shape.contract),
      period: MONTH,
      lines,
      ...(shape.amount === undefined ? {} : { fee: shape.amount[0] }),
    });
    assert.equal(credit.percent, shape.percent);
    if (shape.exact !== undefined) assert.equal(credit.exact, shape.exact);
    if (shape.flag !== undefined) assert.match(credit.flags.join('\n'), shape.flag);
    if (shape.amount !== undefined) assert.equal(credit.amount, shape.amount[1]);
    assert.equal(credit.capped, shape.capped ?? false);
  });
}

test('V29: the second month in a row at 99.7 against 99.8 gives the right to terminate, and no credit', () => {
  const contract = contractOf(
    shaped('99.8', '{ shape: none }', 'chronic: [{ when: { consecutive: 2 }, right: terminate }]'),
  );
  const lines = [line(START, { ...OK, count: 997 }), line(START, { ...DOWN, count: 3 })];
  const first = evaluationOf({ contract, period: MONTH, lines });
  assert.equal(first.chronic[0]?.raised, null, 'nobody knows the month before');
  const known = (isBreached: boolean) => [{ label: '2026-08', percent: null, isBreached }];
  const second = evaluationOf({ contract, period: MONTH, lines, previous: known(true) });
  assert.equal(second.chronic[0]?.raised, true);
  assert.equal(second.credit.percent, '0');
  assert.equal(
    evaluationOf({ contract, period: MONTH, lines, previous: known(false) }).chronic[0]?.raised,
    false,
  );
});

test('without a fee no money is named', () => {
  const lines = aws(30, (slice) => [slice < 9 ? DOWN : OK]);
  assert.equal(evaluationOf({ contract: AWS, period: MONTH, lines }).credit.amount, null);
});

test('a month without a single request decides nothing, whatever the contract says of empty slices', () => {
  const found = evaluationOf({ contract: AWS, period: MONTH, lines: [] });
  assert.equal(found.objectives[0]?.result, 'undecided');
  assert.equal(found.coverage?.percent, '0.000000');
  assert.deepEqual(found.uptime, { contract: null, raw: null });
  assert.equal(found.credit.percent, '0');
});
