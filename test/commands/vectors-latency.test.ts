import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, judged, series } from '../support/judge-file.ts';

/** Latency vectors worked out by hand. A percentile is the nearest rank: the ⌈p·n⌉-th value in ascending order. */
const START = '2026-09-01T00:00:00Z';
const T0 = Date.parse(START);
const FIVE = 300_000;

function terms(latency: string): string {
  return `
contract: { id: hand, version: 1 }
window: { kind: calendar_month, timezone: UTC }
latency:
  - ${latency}
`;
}

function share(rest: string): string {
  return terms(
    `{ metric: e2e_ms, form: window_attainment, slice: 300s, empty_slice: exclude, target: "99", ${rest} }`,
  );
}

function whole(rest: string): string {
  return terms(`{ metric: e2e_ms, form: { whole_window_percentile: { ${rest} } } }`);
}

/** Answers with these total times, all in one slice unless `every` says how far apart. */
function totals(times: readonly number[], every = 0): Record<string, unknown>[] {
  return times.map((totalMs, i) => ({ at: T0 + i * every, status: 200, totalMs }));
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const failed = (count: number): Record<string, unknown> => ({ at: T0, status: 503, count });

type Vector = Pick<Asked, 'contract' | 'lines'> & {
  readonly because: string;
  /** Six decimals of a percentage, or ms, or tokens per second. */
  readonly value: string | number | null;
  readonly result: 'met' | 'breached' | 'undecided';
};

const VECTORS: Readonly<Record<string, Vector>> = {
  'the median of four is the second': {
    because: '⌈0.5·4⌉ = 2nd of 100, 200, 300, 400 = 200, which is ≤ 200',
    contract: share('stat: p50, op: "<=", value: 200'),
    lines: totals([400, 100, 300, 200]),
    value: '100.000000',
    result: 'met',
  },
  'a latency equal to the threshold is not under it': {
    because: '200 < 200 is false',
    contract: share('stat: p50, op: "<", value: 200'),
    lines: totals([400, 100, 300, 200]),
    value: '0.000000',
    result: 'breached',
  },
  'p95 of twenty is the nineteenth': {
    because: '⌈0.95·20⌉ = 19: two slow ones make it slow, one does not; 1 of 2 slices holds',
    contract: share('stat: p95, op: "<=", value: 100'),
    lines: [
      ...totals([...Array<number>(19).fill(100), 900]),
      ...totals([...Array<number>(18).fill(100), 900, 900]).map((one) => ({ ...one, at: T0 + FIVE })),
    ],
    value: '50.000000',
    result: 'breached',
  },
  'a mean that lies exactly on the limit holds': {
    because: '(100 + 300)/2 = 200 ≤ 200',
    contract: share('stat: mean, op: "<=", value: 200'),
    lines: totals([100, 300]),
    value: '100.000000',
    result: 'met',
  },
  'a mean a thousandth of a millisecond over it does not': {
    because: '(100 + 300.002)/2 = 200.001',
    contract: share('stat: mean, op: "<=", value: 200'),
    lines: totals([100, 300.002]),
    value: '0.000000',
    result: 'breached',
  },
  '86 of 8,640 slices may miss 99 %': {
    because: '8554/8640 = 0.990046296…',
    contract: share('stat: p50, op: "<", value: 500'),
    lines: series(START, 8640, FIVE, (i) => ({ status: 200, totalMs: i < 86 ? 500 : 499.999 })),
    value: '99.004630',
    result: 'met',
  },
  '87 of 8,640 slices may not': {
    because: '8553/8640 = 0.98993055…',
    contract: share('stat: p50, op: "<", value: 500'),
    lines: series(START, 8640, FIVE, (i) => ({ status: 200, totalMs: i < 87 ? 500 : 499.999 })),
    value: '98.993056',
    result: 'breached',
  },
  'empty slices are good where the contract says so': {
    because: '(8640 − 1)/8640 with one slice measured and missed',
    contract: share('stat: p50, op: "<", value: 500').replace('empty_slice: exclude', 'empty_slice: good'),
    lines: totals([900]),
    value: '99.988426',
    result: 'met',
  },
  'fifty tokens in a second are not more than fifty a second': {
    because: '50 tokens / 1.000 s = 50',
    contract: share('stat: p50, op: ">", value: 50').replace(
      'metric: e2e_ms',
      'metric: tokens_per_s, tps_basis: total',
    ),
    lines: [{ at: T0, status: 200, totalMs: 1000, outputTokens: 50 }],
    value: '0.000000',
    result: 'breached',
  },
  'the speed after the first token leaves out the wait for it': {
    because: '(51 − 1) tokens / (1500 − 500) ms = 50/s ≥ 50; in all it would be 34/s',
    contract: share('stat: p50, op: ">=", value: 50').replace(
      'metric: e2e_ms',
      'metric: tokens_per_s, tps_basis: after_first_token',
    ),
    lines: [{ at: T0, status: 200, ttftMs: 500, totalMs: 1500, outputTokens: 51 }],
    value: '100.000000',
    result: 'met',
  },
  'tokens that all came with the first have no speed after it': {
    because: '50 tokens / 0 s is no number; 10 / 1 s is all that is known',
    contract: share('stat: p50, op: ">", value: 50').replace(
      'metric: e2e_ms',
      'metric: tokens_per_s, tps_basis: after_first_token',
    ),
    lines: [
      { at: T0, status: 200, ttftMs: 800, totalMs: 800, outputTokens: 51, count: 2 },
      { at: T0, status: 200, ttftMs: 500, totalMs: 1500, outputTokens: 11 },
    ],
    value: '0.000000',
    result: 'breached',
  },
  'a request that took no time decides no speed': {
    because: '50 tokens / 0 s is no number',
    contract: terms(
      '{ metric: tokens_per_s, tps_basis: total, form: { whole_window_percentile: { p: 50, op: ">", value: 50 } } }',
    ),
    lines: [{ at: T0, status: 200, totalMs: 0, outputTokens: 50 }],
    value: null,
    result: 'undecided',
  },
  'the median speed of an even number is the lower one': {
    because: '⌈0.5·2⌉ = 1st of 40, 60 = 40, not over 50',
    contract: share('stat: p50, op: ">", value: 50').replace(
      'metric: e2e_ms',
      'metric: tokens_per_s, tps_basis: total',
    ),
    lines: [40, 60].map((outputTokens) => ({ at: T0, status: 200, totalMs: 1000, outputTokens })),
    value: '0.000000',
    result: 'breached',
  },
  'p99 of a hundred is the ninety-ninth, and equal is within <=': {
    because: '⌈0.99·100⌉ = 99th of 1…100 = 99 ≤ 99',
    contract: whole('p: 99, op: "<=", value_ms: 99, method: nearest_rank'),
    lines: totals(upTo(100), 1000),
    value: 99,
    result: 'met',
  },
  'equal is not within <': {
    because: '99 < 99 is false',
    contract: whole('p: 99, op: "<", value_ms: 99'),
    lines: totals(upTo(100), 1000),
    value: 99,
    result: 'breached',
  },
  'p99 of a hundred and one is the hundredth': {
    because: '⌈0.99·101⌉ = ⌈99.99⌉ = 100',
    contract: whole('p: 99, op: "<=", value_ms: 99.5'.replace('99.5', '"99.5"')),
    lines: totals(upTo(101)),
    value: 100,
    result: 'breached',
  },
  'p99 by linear interpolation': {
    because: '1 + 0.99·(100 − 1) = 99.01',
    contract: whole('p: 99, op: "<=", value_ms: "99.01", method: linear'),
    lines: totals(upTo(100)),
    value: 99.01,
    result: 'met',
  },
  'a median by linear interpolation': {
    because: '(100 + 200)/2 = 150, not under 150',
    contract: whole('p: 50, op: "<", value_ms: 150, method: linear'),
    lines: totals([200, 100]),
    value: 150,
    result: 'breached',
  },
  'p99.9 of a thousand is the 999th': {
    because: '⌈0.999·1000⌉ = 999',
    contract: whole('p: "99.9", op: "<=", value_ms: 999'),
    lines: totals(upTo(1000)),
    value: 999,
    result: 'met',
  },
  'one failure of a hundred lies beyond the p99': {
    because: '99 at 100 ms, 1 failed: the 99th is 100',
    contract: whole('p: 99, op: "<=", value_ms: 100'),
    lines: [...totals(Array<number>(99).fill(100)), failed(1)],
    value: 100,
    result: 'met',
  },
  'two failures of a hundred are the p99': {
    because: '98 at 100 ms, 2 failed: the 99th has no latency',
    contract: whole('p: 99, op: "<=", value_ms: 100'),
    lines: [...totals(Array<number>(98).fill(100)), failed(2)],
    value: null,
    result: 'breached',
  },
  'failures left out by contract': {
    because: '98 at 100 ms: the ⌈97.02⌉ = 98th is 100',
    contract: whole('p: 99, op: "<=", value_ms: 100, failures: exclude'),
    lines: [...totals(Array<number>(98).fill(100)), failed(2)],
    value: 100,
    result: 'met',
  },
  'too few samples decide nothing': {
    because: '299 of at least 300',
    contract: whole('p: 99, op: "<=", value_ms: 1, min_samples: 300'),
    lines: totals(Array<number>(299).fill(100)),
    value: 100,
    result: 'undecided',
  },
  'enough samples do': {
    because: '300 of 300',
    contract: whole('p: 99, op: "<=", value_ms: 1, min_samples: 300'),
    lines: totals(Array<number>(300).fill(100)),
    value: 100,
    result: 'breached',
  },
  'one sample is every percentile': {
    because: '⌈0.99·1⌉ = 1',
    contract: whole('p: 99, op: "<", value_ms: 800'),
    lines: totals([799.999]),
    value: 799.999,
    result: 'met',
  },
  'no sample is no percentile': {
    because: 'nothing was measured',
    contract: whole('p: 99, op: "<", value_ms: 800'),
    lines: [],
    value: null,
    result: 'undecided',
  },
  'a count repeats the latency': {
    because: '98×100 and 2×900: the 99th is 900',
    contract: whole('p: 99, op: "<", value_ms: 800'),
    lines: [
      { at: T0, status: 200, totalMs: 100, count: 98 },
      { at: T0, status: 200, totalMs: 900, count: 2 },
    ],
    value: 900,
    result: 'breached',
  },
  'the time to first token is not the total': {
    because: 'ttft 10 of ttft 10, total 5000',
    contract: whole('p: 99, op: "<", value_ms: 500').replace('e2e_ms', 'ttft_ms'),
    lines: [{ at: T0, status: 200, ttftMs: 10, totalMs: 5000 }],
    value: 10,
    result: 'met',
  },
  'only streams are eligible for the speed promise': {
    because: 'the slow answer was not streamed',
    contract: terms(
      '{ metric: e2e_ms, eligible: { stream: true }, form: { whole_window_percentile: { p: 99, op: "<", value_ms: 500 } } }',
    ),
    lines: [
      { at: T0, status: 200, totalMs: 499, stream: true },
      { at: T0, status: 200, totalMs: 5000, stream: false },
    ],
    value: 499,
    result: 'met',
  },
};

for (const [name, { because, value, result, ...asked }] of Object.entries(VECTORS)) {
  test(`${name}: ${because}`, async () => {
    const [objective] = (await judged({ period: '2026-09', ...asked })).objectives;
    const found = objective?.value;
    assert.equal(found?.percent ?? found?.ms ?? found?.tokensPerSecond ?? null, value);
    assert.equal(objective?.result, result);
  });
}
