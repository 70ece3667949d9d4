import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, judged } from '../support/judge-file.ts';

/** Credits worked out by hand. September 2026 has 43,200 minutes; a request counts once, so shares are of requests. */
const T0 = Date.UTC(2026, 8, 1);

function terms(credits: string, target = '99.9', rest = ''): string {
  return `
contract: { id: hand, version: 1, currency: EUR }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences }
target: { value: "${target}", comparator: ">=" }
credits: { ${credits} }
${rest}`;
}

/** Requests of which so many of 100,000 fail: 1 is 0.001 %. */
function failing(bad: number): Record<string, unknown>[] {
  return [
    { at: T0, status: 200, count: 100_000 - bad },
    ...(bad === 0 ? [] : [{ at: T0, status: 500, count: bad }]),
  ];
}

const MINUTES = (credits: string): string =>
  terms(credits).replace(
    'method: occurrences',
    'method: timeslices, slice: 60s, slice_bad_when: { all_failed: true }, empty_slice: good',
  );

function down(minutes: number): Record<string, unknown>[] {
  return Array.from({ length: minutes }, (_, i) => ({ at: T0 + i * 60_000, status: 500 }));
}

const AWS =
  'shape: ladder, ladder: [{ below: "99.9", percent: 10 }, { below: "99.0", percent: 25 }, { below: "95.0", percent: 100 }]';
const COHERE =
  'shape: ladder, ladder: [{ at_least: "98", below: "99.5", percent: 10 }, { at_least: "95", at_most: "97.99", percent: 20 }, { at_most: "94.99", percent: 30 }]';

type Vector = Pick<Asked, 'contract' | 'lines'> & {
  readonly because: string;
  readonly fee?: string;
  readonly maintenance?: string;
  readonly percent: string;
  readonly amount?: string;
  readonly flag?: RegExp;
};

const VECTORS: Readonly<Record<string, Vector>> = {
  'exactly the upper bound of a row lies outside of it': {
    because: '99.9 is not below 99.9',
    contract: terms(AWS),
    lines: failing(100),
    percent: '0',
  },
  'a thousandth under it lies inside': {
    because: '99.899 < 99.9',
    contract: terms(AWS),
    lines: failing(101),
    percent: '10',
  },
  'exactly the bound of the second row earns the first': {
    because: '99.0 is not below 99.0',
    contract: terms(AWS),
    lines: failing(1000),
    percent: '10',
  },
  'rows are not added up': {
    because: '94 % is below all three bounds; the deepest pays 100',
    contract: terms(AWS),
    lines: failing(6000),
    percent: '100',
  },
  'a value between printed rows is a gap, said aloud': {
    because: '97.995 is neither ≥ 98 nor ≤ 97.99',
    contract: terms(COHERE, '99.5'),
    lines: failing(2005),
    percent: '0',
    flag: /^gap: contract silent$/,
  },
  'rounding half up closes the gap upwards': {
    because: '97.995 → 98.00, in the row from 98',
    contract: terms(COHERE, '99.5', 'rounding: { decimals: 2, mode: half_up }'),
    lines: failing(2005),
    percent: '10',
  },
  'rounding down closes it downwards': {
    because: '97.995 → 97.99, at most 97.99',
    contract: terms(COHERE, '99.5', 'rounding: { decimals: 2, mode: floor }'),
    lines: failing(2005),
    percent: '20',
  },
  'rounding comes before the target': {
    because: '99.896 → 99.9 with one decimal, which reaches 99.9',
    contract: terms(AWS, '99.9', 'rounding: { decimals: 1, mode: half_up }'),
    lines: failing(104),
    percent: '0',
  },
  'no rounding may be said in so many words': {
    because: '99.896 < 99.9',
    contract: terms(AWS, '99.9', 'rounding: { decimals: null, mode: none }'),
    lines: failing(104),
    percent: '10',
  },
  'linear, whole points': {
    because: '99.7 − 97.2 = 2.5 points, 2 whole · 2 %',
    contract: terms('shape: linear, percent_per_point: 2, whole_points: true', '99.7'),
    lines: failing(2800),
    percent: '4',
  },
  'linear, parts of a point': {
    because: '2.5 points · 2 %',
    contract: terms('shape: linear, percent_per_point: 2, whole_points: false', '99.7'),
    lines: failing(2800),
    percent: '5',
  },
  'linear, unsaid': {
    because: '5 % or 4 %: the contract is silent',
    contract: terms('shape: linear, percent_per_point: 2', '99.7'),
    lines: failing(2800),
    percent: '5',
    flag: /^ambiguity: .*4 %/,
  },
  'steps, a started one counts': {
    because: '99.5 − 98.8 = 0.7; ⌈0.7/0.3⌉ = 3 · 1/365 of 36,500 a year = 300',
    contract: terms(
      'shape: per_step, step: "0.3", percent_per_step: "100/365", or_portion: true, of: annual_fee',
      '99.5',
    ),
    lines: failing(1200),
    fee: '36500',
    percent: '0.821918',
    amount: '300.00',
  },
  'steps, only completed ones': {
    because: '⌊0.7/0.3⌋ = 2 · 100/365 % = 0.547945',
    contract: terms('shape: per_step, step: "0.3", percent_per_step: "100/365", or_portion: false', '99.5'),
    lines: failing(1200),
    percent: '0.547945',
  },
  'exactly one step': {
    because: '99.5 − 99.2 = 0.3 exactly: one step, also where a started one counts',
    contract: terms('shape: per_step, step: "0.3", percent_per_step: 5, or_portion: true', '99.5'),
    lines: failing(800),
    percent: '5',
  },
  'units of downtime after a free share': {
    because: '95 min − 0.01 % of 43,200 (4.32) = 90.68; ⌊90.68/30⌋ = 3 · 5 %',
    contract: MINUTES(
      'shape: per_downtime_unit, unit: 30m, percent_per_unit: 5, after_percent: "0.01", or_portion: false',
    ),
    lines: down(95),
    percent: '15',
  },
  'units of downtime, a started one counts': {
    because: '⌈90.68/30⌉ = 4 · 5 %',
    contract: MINUTES(
      'shape: per_downtime_unit, unit: 30m, percent_per_unit: 5, after_percent: "0.01", or_portion: true',
    ),
    lines: down(95),
    percent: '20',
  },
  'units of downtime up to a cap': {
    because: '400 min: 13 · 5 = 65, capped at 50',
    contract: MINUTES(
      'shape: per_downtime_unit, unit: 30m, percent_per_unit: 5, or_portion: false, cap_percent: 50',
    ),
    lines: down(400),
    percent: '50',
  },
  'ten times the fee for the downtime': {
    because: '432/43,200 = 1 % · 10',
    contract: MINUTES('shape: downtime_multiplier, multiplier: 10'),
    lines: down(432),
    fee: '2000.00',
    percent: '10',
    amount: '200.00',
  },
  'the fee for the downtime is that of the minutes that were down, not of all that nobody looked at': {
    because: '432/43,200 = 1 % · 10, though all of the 432 minutes with requests were bad',
    contract: MINUTES('shape: downtime_multiplier, multiplier: 10').replace(
      'empty_slice: good',
      'empty_slice: exclude',
    ),
    lines: down(432),
    percent: '10',
  },
  'the fee for the downtime is a share of the whole fee, also where maintenance left the denominator': {
    because: '432/43,200 = 1 % · 10, not 432/42,480',
    contract: MINUTES('shape: downtime_multiplier, multiplier: 10').concat(
      'maintenance: { mode: remove_from_denominator }',
    ),
    lines: down(432),
    maintenance: '2026-09-20T00:00Z/2026-09-20T12:00Z',
    percent: '10',
  },
  'a flat credit on breach': {
    because: '99.899 misses 99.9',
    contract: terms('shape: flat, percent: 7'),
    lines: failing(101),
    percent: '7',
  },
  'no flat credit without one': {
    because: '99.9 is met',
    contract: terms('shape: flat, percent: 7'),
    lines: failing(100),
    percent: '0',
  },
  'a credit that equals the minimum is not greater than it': {
    because: '10 % of 10.00 = 1.00, not > 1.00',
    contract: terms(`${AWS}, min_credit: { amount: 1.00, strict: true }`),
    lines: failing(101),
    fee: '10.00',
    percent: '10',
    amount: '0.00',
  },
  'a minimum that may be equalled': {
    because: '1.00 ≥ 1.00',
    contract: terms(`${AWS}, min_credit: { amount: 1.00, strict: false }`),
    lines: failing(101),
    fee: '10.00',
    percent: '10',
    amount: '1.00',
  },
  'money is rounded half up': {
    because: '10 % of 10.15 = 1.015 → 1.02',
    contract: terms(`${AWS}, money_rounding: { mode: half_up, places: 2 }`),
    lines: failing(101),
    fee: '10.15',
    percent: '10',
    amount: '1.02',
  },
  'money is rounded down': {
    because: '10 % of 10.19 = 1.019 → 1.01',
    contract: terms(`${AWS}, money_rounding: { mode: floor, places: 2 }`),
    lines: failing(101),
    fee: '10.19',
    percent: '10',
    amount: '1.01',
  },
  'a credit that needs two bad months in a row, of which one is unknown': {
    because: 'the month before is not in the file',
    contract: terms(`${AWS}, requires_consecutive_windows: 2`),
    lines: failing(101),
    percent: '0',
    flag: /^coverage: a credit needs 2 breached windows in a row; an earlier one is unknown/,
  },
  'a credit in the second bad month in a row': {
    because: 'August and September at 99.899',
    contract: terms(`${AWS}, requires_consecutive_windows: 2`),
    lines: [...failing(101), ...failing(101).map((one) => ({ ...one, at: Date.UTC(2026, 7, 9) }))],
    percent: '10',
  },
};

for (const [name, { because, fee, maintenance, percent, amount, flag, ...asked }] of Object.entries(
  VECTORS,
)) {
  test(`${name}: ${because}`, async () => {
    const args = [
      ...(fee === undefined ? [] : ['--fee', fee]),
      ...(maintenance === undefined ? [] : ['--maintenance', maintenance]),
    ];
    const { credit } = await judged({ period: '2026-09', ...asked, args });
    assert.equal(credit.percent, percent);
    if (amount !== undefined) assert.equal(credit.amount, amount);
    if (flag !== undefined)
      assert.ok(
        credit.flags.some((one) => flag.test(one)),
        credit.flags.join('\n'),
      );
  });
}

const BOTH = `latency:
  - { id: speed, metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<", value: 500, credits: { shape: flat, percent: 5 } }`;
const OVERLAPS = { max: '10', choose_one: '10', sum: '15' } as const;

for (const [overlap, percent] of Object.entries(OVERLAPS)) {
  test(`uptime earns 10 %, speed 5 %, overlap ${overlap}: ${percent} %`, async () => {
    const { credit } = await judged({
      contract: terms(`${AWS}, overlap: ${overlap}`, '99.9', BOTH),
      period: '2026-09',
      lines: failing(101).map((one) => ({ ...one, totalMs: 900 })),
    });
    assert.equal(credit.percent, percent);
  });
}

test('a cap holds for the sum too', async () => {
  const { credit } = await judged({
    contract: terms(`${AWS}, overlap: sum, cap_percent: 12`, '99.9', BOTH),
    period: '2026-09',
    lines: failing(101).map((one) => ({ ...one, totalMs: 900 })),
  });
  assert.deepEqual([credit.percent, credit.capped], ['12', true]);
});
