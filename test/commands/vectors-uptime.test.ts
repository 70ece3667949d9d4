import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, judged, series } from '../support/judge-file.ts';

/**
 * Vectors worked out by hand, run through the command. September 2026 has 30 days: 43,200 minutes, 8,640 slices of five
 * minutes, 720 hours. The terms are written as agreements print them, with underscores.
 */
const MINUTE = 60_000;
const START = '2026-09-01T00:00:00Z';

function terms(availability: string, rest = ''): string {
  return `
contract: { id: hand, version: 1 }
window: { kind: calendar_month, timezone: UTC }
availability: { ${availability} }
target: { value: "99.9", comparator: ">=" }
${rest}`;
}

const MINUTES = 'method: timeslices, slice: 60s, slice_bad_when: { all_failed: true }, empty_slice: good';
const OCCURRENCES = 'method: occurrences';
const at = (minute: number, facts: Record<string, unknown>): Record<string, unknown> => ({
  at: Date.parse(START) + minute * MINUTE,
  ...facts,
});
const bad = (minutes: readonly number[]): Record<string, unknown>[] =>
  minutes.map((minute) => at(minute, { status: 500 }));

/** Three thousand names: asked for in three fields, they make more kinds of request than a number holds. */
const NAMES = Array.from({ length: 3000 }, (_, i) => `n${i}`).join(', ');

type Vector = Pick<Asked, 'contract' | 'lines'> &
  Partial<Asked> & {
    /** How the value follows. */
    readonly because: string;
    readonly percent: string | null;
    readonly exact?: string;
    readonly result: 'met' | 'breached' | 'undecided';
  };

const VECTORS: Readonly<Record<string, Vector>> = {
  '999 of 1,000 requests reach 99.9 %': {
    because: '999/1000 = 0.999',
    contract: terms(OCCURRENCES),
    lines: [at(0, { status: 200, count: 999 }), at(1, { status: 500 })],
    percent: '99.900000',
    exact: '999/1000',
    result: 'met',
  },
  '999 of 1,000 are not more than 99.9 %': {
    because: '999/1000 = 0.999, comparator >',
    contract: terms(OCCURRENCES).replace('">="', '">"'),
    lines: [at(0, { status: 200, count: 999 }), at(1, { status: 500 })],
    percent: '99.900000',
    result: 'breached',
  },
  'one in a million more than a thousandth misses': {
    because: '998999/1000000',
    contract: terms(OCCURRENCES),
    lines: [at(0, { status: 200, count: 998_999 }), at(1, { status: 500, count: 1001 })],
    percent: '99.899900',
    exact: '998999/1000000',
    result: 'breached',
  },
  'no request at all decides nothing, whatever empty slices count': {
    because: 'nothing was measured',
    contract: terms(MINUTES),
    lines: [],
    percent: null,
    result: 'undecided',
  },
  'one good request': {
    because: '1/1',
    contract: terms(OCCURRENCES),
    lines: [at(5, { status: 204 })],
    percent: '100.000000',
    exact: '1',
    result: 'met',
  },
  'one bad request': {
    because: '0/1',
    contract: terms(OCCURRENCES),
    lines: [at(5, { status: 502 })],
    percent: '0.000000',
    exact: '0',
    result: 'breached',
  },
  'only excluded requests decide nothing': {
    because: 'excluded leaves numerator and denominator',
    contract: terms(OCCURRENCES, 'classify: [{ when: { status: 4xx }, as: excluded }]'),
    lines: [at(0, { status: 404 }), at(1, { status: 400, count: 7 })],
    percent: null,
    result: 'undecided',
  },
  'a minute with 1 failure of 20 is exactly 5 %, which is not more than 5 %': {
    because: '43200/43200',
    contract: terms(MINUTES.replace('all_failed: true', 'error_rate_gt: "0.05"')),
    lines: [at(0, { status: 200, count: 19 }), at(0, { status: 500 })],
    percent: '100.000000',
    result: 'met',
  },
  'the same minute is at least 5 %': {
    because: '43199/43200 = 0.99997685…',
    contract: terms(MINUTES.replace('all_failed: true', 'error_rate_gte: "0.05"')),
    lines: [at(0, { status: 200, count: 19 }), at(0, { status: 500 })],
    percent: '99.997685',
    exact: '43199/43200',
    result: 'met',
  },
  'nine of ten failed is not all': {
    because: '43200/43200',
    contract: terms(MINUTES),
    lines: [at(0, { status: 500, count: 9 }), at(0, { status: 200 })],
    percent: '100.000000',
    result: 'met',
  },
  'runs of two are dropped, a run of three counts': {
    because: '(43200 − 3)/43200 = 0.99993055…',
    contract: terms(`${MINUTES}, min_run_slices: 3`),
    lines: bad([10, 11, 20, 21, 30, 31, 32]),
    percent: '99.993056',
    exact: '14399/14400',
    result: 'met',
  },
  'a good minute between splits a run': {
    because: 'runs of 2 and 2, minimum 3',
    contract: terms(`${MINUTES}, min_run_slices: 3`),
    lines: [...bad([10, 11, 13, 14]), at(12, { status: 200 })],
    percent: '100.000000',
    result: 'met',
  },
  'a run that began in August counts with the minutes that lie in September': {
    because: '5 in a row, 2 of them in the period: 43198/43200 = 0.99995370…',
    contract: terms(`${MINUTES}, min_run_slices: 5`),
    lines: bad([-3, -2, -1, 0, 1]),
    percent: '99.995370',
    exact: '21599/21600',
    result: 'met',
  },
  'empty minutes that count bad': {
    because: '43100 seen and good of 43200 = 0.99768518…',
    contract: terms(MINUTES.replace('empty_slice: good', 'empty_slice: bad')),
    lines: series(START, 43_100, MINUTE, () => ({ status: 200 })),
    percent: '99.768519',
    exact: '431/432',
    result: 'breached',
  },
  'empty minutes that are left out': {
    because: '99 of 100 minutes with data',
    contract: terms(MINUTES.replace('empty_slice: good', 'empty_slice: exclude')),
    lines: series(START, 100, MINUTE, (i) => ({ status: i === 50 ? 500 : 200 })),
    percent: '99.000000',
    exact: '99/100',
    result: 'breached',
  },
  'a minute with fewer requests than the minimum is empty': {
    because: '4 requests, minimum 5, empty counts good',
    contract: terms(`${MINUTES}, min_requests_per_slice: 5`),
    lines: [at(0, { status: 500, count: 4 })],
    percent: '100.000000',
    result: 'met',
  },
  'a minute with just the minimum counts': {
    because: '43199/43200',
    contract: terms(`${MINUTES}, min_requests_per_slice: 5`),
    lines: [at(0, { status: 500, count: 5 })],
    percent: '99.997685',
    result: 'met',
  },
  'slices of 90 seconds': {
    because: '30 d / 90 s = 28800; 28799/28800 = 0.99996527…',
    contract: terms(MINUTES.replace('60s', '90s')),
    lines: [at(1.4, { status: 500 })],
    percent: '99.996528',
    exact: '28799/28800',
    result: 'met',
  },
  'slices of 12 minutes, four bad ones': {
    because: '30 d / 12 min = 3600; 3596/3600 = 0.99888…',
    contract: terms(MINUTES.replace('60s', '12m')),
    lines: bad([0, 12, 24, 36]),
    percent: '99.888889',
    exact: '899/900',
    result: 'breached',
  },
  'the mean of slices, three of which fail by a third': {
    because: '1 − (3 · 1/3)/8640 = 8639/8640 = 0.99988425…',
    contract: terms('method: ratio_timeslices, slice: 300s, empty_slice: good'),
    lines: [0, 5, 10].flatMap((minute) => [
      at(minute, { status: 200, count: 2 }),
      at(minute + 4.99, { status: 500 }),
    ]),
    percent: '99.988426',
    exact: '8639/8640',
    result: 'met',
  },
  'the mean of slices does not weigh requests': {
    because: '(100 % + 50 %)/2, though 1001 of 1002 requests are good',
    contract: terms('method: ratio_timeslices, slice: 300s, empty_slice: exclude'),
    lines: [at(0, { status: 200, count: 1000 }), at(5, { status: 200 }), at(6, { status: 500 })],
    percent: '75.000000',
    exact: '3/4',
    result: 'breached',
  },
  'the mean of hours, half of them empty and bad': {
    because: '360/720',
    contract: terms('method: ratio_timeslices, slice: 1h, empty_slice: bad'),
    lines: series(START, 360, 60 * MINUTE, () => ({ status: 200 })),
    percent: '50.000000',
    exact: '1/2',
    result: 'breached',
  },
  'a rule by status leaves good requests in the denominator': {
    because: '90 ok + 5×404 + 1×503 good, 4×500 bad: 96/100',
    contract: terms(OCCURRENCES, 'classify: [{ when: { status: 500 }, as: bad }]\notherwise: good'),
    lines: [
      at(0, { status: 200, count: 90 }),
      at(0, { status: 500, count: 4 }),
      at(0, { status: 503 }),
      at(0, { status: 404, count: 5 }),
    ],
    percent: '96.000000',
    exact: '24/25',
    result: 'breached',
  },
  'the first rule that matches decides': {
    because: 'preview is excluded before 5xx is bad: 9 good, 1 bad',
    contract: terms(
      OCCURRENCES,
      'classify:\n  - { when: { preview: true }, as: excluded }\n  - { when: { status: ["500-504"] }, as: bad }',
    ),
    lines: [
      at(0, { status: 200, count: 9 }),
      at(0, { status: 503 }),
      at(0, { status: 503, tags: ['preview'], count: 40 }),
    ],
    percent: '90.000000',
    exact: '9/10',
    result: 'breached',
  },
  'eligible are streams of more than 75 tokens at the paid tier': {
    because: 'of 75, 76, 76 without stream, 76 downgraded, 1 good and 1 bad remain',
    contract: terms(OCCURRENCES, 'eligible: [stream, output_tokens>75, service_tier==priority]'),
    lines: [
      at(0, { status: 200, stream: true, outputTokens: 75, serviceTier: 'priority' }),
      at(0, { status: 200, stream: true, outputTokens: 76, serviceTier: 'priority' }),
      at(0, { status: 500, stream: true, outputTokens: 76, serviceTier: 'priority' }),
      at(0, { status: 200, stream: false, outputTokens: 76, serviceTier: 'priority' }),
      at(0, { status: 200, stream: true, outputTokens: 76, serviceTier: 'default' }),
    ],
    percent: '50.000000',
    exact: '1/2',
    result: 'breached',
  },
  'a prompt of exactly 128,000 tokens is eligible, one more is not': {
    because: 'bad at 128000 counts, good at 128001 does not: 3/4',
    contract: terms(OCCURRENCES, 'eligible: { prompt_tokens_at_most: 128000 }'),
    lines: [
      at(0, { status: 200, promptTokens: 10, count: 3 }),
      at(0, { status: 500, promptTokens: 128_000 }),
      at(0, { status: 500, promptTokens: 128_001, count: 9 }),
    ],
    percent: '75.000000',
    exact: '3/4',
    result: 'breached',
  },
  'a client that gave up just under the minimum is excluded, at the minimum it counts': {
    because: '3 good, 1 bad (60,000 ms), 1 excluded (59,999 ms)',
    contract: terms(
      OCCURRENCES,
      'classify: [{ when: { timed_out: true, client_timeout_below: 60s }, as: excluded }]',
    ),
    lines: [
      at(0, { status: 200, count: 3 }),
      at(0, { outcome: 'timeout.total', clientTimeoutMs: 59_999 }),
      at(0, { outcome: 'timeout.total', clientTimeoutMs: 60_000 }),
    ],
    percent: '75.000000',
    exact: '3/4',
    result: 'breached',
  },
  'more tags than a word has bits are still told apart': {
    because: 'tag 0 is bad, tags 1 to 39 are excluded, no tag is good: 1 of 2 requests',
    contract: terms(
      OCCURRENCES,
      `classify: [{ when: { tag: t0 }, as: bad }, { when: { tag: [${Array.from({ length: 39 }, (_, i) => `t${i + 1}`).join(', ')}] }, as: excluded }]`,
    ),
    lines: [
      at(0, { status: 200 }),
      ...Array.from({ length: 40 }, (_, i) => at(1, { status: 200, tags: [`t${i}`] })),
    ],
    percent: '50.000000',
    result: 'breached',
  },
  'more kinds of request than a number can name are still told apart': {
    because: 'the two that name all three are bad, 2 of 4',
    contract: terms(
      OCCURRENCES,
      `classify: [{ when: { model: [${NAMES}], endpoint: [${NAMES}], region: [${NAMES}] }, as: bad }]`,
    ),
    lines: ['n0', 'n2999', 'other', undefined].map((name) =>
      at(0, { status: 200, outcome: 'quality.wrong_answer', model: name, endpoint: name, region: name }),
    ),
    percent: '50.000000',
    result: 'breached',
  },
  'transport errors by name': {
    because: '2 good, 1 bad',
    contract: terms(OCCURRENCES, 'classify: [{ when: { transport_error: true }, as: bad }]\notherwise: good'),
    lines: [at(0, { status: 500, count: 2 }), at(0, { outcome: 'net.reset' })],
    percent: '66.666667',
    exact: '2/3',
    result: 'breached',
  },
  'the same line twice is two requests, and order does not matter': {
    because: '3 good of 4',
    contract: terms(OCCURRENCES),
    lines: [at(9, { status: 200 }), at(3, { status: 500 }), at(9, { status: 200 }), at(0, { status: 200 })],
    percent: '75.000000',
    exact: '3/4',
    result: 'breached',
  },
};

for (const [name, { because, percent, exact, result, ...asked }] of Object.entries(VECTORS)) {
  test(`${name}: ${because}`, async () => {
    const found = await judged({ period: '2026-09', ...asked });
    assert.equal(found.uptime.contract?.percent ?? null, percent);
    if (exact !== undefined) assert.equal(found.uptime.contract?.exact, exact);
    assert.equal(found.objectives[0]?.result, result);
  });
}
