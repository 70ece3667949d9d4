import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judged } from '../support/judge-file.ts';

/** The shipped templates as they stand, judged through the command; all figures worked out by hand. */
type Lines = readonly Readonly<Record<string, unknown>>[];

const MINUTE = 60_000;
const START = Date.UTC(2026, 8, 1);
const QUICK = { ttftMs: 100, totalMs: 200 };

function requests(at: string, count: number, facts: Readonly<Record<string, unknown>>): Lines {
  return count === 0 ? [] : [{ at, count, ...facts }];
}

/** So many requests at 00:00 on 1 October, of which so many take 500 ms to the first token; 499.999 ms is under the limit. */
function slow(of: number, some: number): Lines {
  const at = '2026-10-01T00:00:00Z';
  return [
    ...requests(at, of - some, { status: 200, ttftMs: 499.999, totalMs: 799.999 }),
    ...requests(at, some, { status: 200, ttftMs: 500, totalMs: 799.999 }),
  ];
}

/** One good request on 1 September, and so many minutes from the 5th on in which all fail. */
function down(minutes: number, status = 503): Lines {
  return [
    ...requests('2026-09-01T00:00:00Z', 1, { status: 200 }),
    ...Array.from({ length: minutes }, (_, i) => ({
      at: Date.UTC(2026, 8, 5) + i * MINUTE,
      status,
    })),
  ];
}

/** Windows of five minutes with one answer of a second each, so many of which have 50 tokens, the others 51. */
function speeds(windows: number, atFifty: number): Lines {
  return Array.from({ length: windows }, (_, i) => ({
    at: START + i * 5 * MINUTE,
    status: 200,
    totalMs: 1000,
    outputTokens: i < atFifty ? 50 : 51,
    serviceTier: 'priority',
    promptTokens: 10,
  }));
}

type Found = {
  readonly percent?: string | null;
  readonly results?: readonly string[];
  readonly credit?: string;
  readonly excluded?: number;
  readonly deadline?: string;
  readonly gap?: boolean;
};
type Vector = readonly [
  template: string,
  period: string,
  lines: Lines,
  found: Found,
  args?: readonly string[],
];

const PRO = 'pro-channel';
const OUTAGE_AT_NIGHT: Lines = [
  ...requests('2026-10-01T01:59:59.999Z', 10, { status: 500 }),
  ...requests('2026-10-02T00:00:00Z', 990, { status: 200, ...QUICK }),
];
const NIGHT = '2026-09-30T22:00:00Z/2026-10-01T02:00:00Z';

const VECTORS: Readonly<Record<string, Vector>> = {
  'one slow answer of 99 is the p99': [
    PRO,
    '2026-10',
    slow(99, 1),
    { results: ['met', 'breached', 'met'], credit: '10' },
  ],
  'one of 100 is beyond it': [PRO, '2026-10', slow(100, 1), { results: ['met', 'met', 'met'], credit: '0' }],
  'two of 100 are it': [PRO, '2026-10', slow(100, 2), { results: ['met', 'breached', 'met'], credit: '10' }],
  'one of 101 is beyond it': [PRO, '2026-10', slow(101, 1), { results: ['met', 'met', 'met'], credit: '0' }],
  'two of 101 are it': [PRO, '2026-10', slow(101, 2), { results: ['met', 'breached', 'met'], credit: '10' }],
  'failures of exactly 1 % cost uptime and no latency': [
    PRO,
    '2026-10',
    [
      ...requests('2026-10-01T00:00:00Z', 990, { status: 200, ...QUICK }),
      ...requests('2026-10-01T00:00:00Z', 10, { status: 500 }),
    ],
    { percent: '99.000000', results: ['breached', 'met', 'met'], credit: '10' },
  ],
  'requests that are all set aside decide nothing': [
    PRO,
    '2026-10',
    [429, 401, 400].flatMap((status) => requests('2026-10-01T00:00:00Z', 2, { status })),
    { percent: null, results: ['undecided', 'undecided', 'undecided'], credit: '0', excluded: 6 },
  ],
  'work over the end of the month, announced 48 hours before it starts': [
    PRO,
    '2026-10',
    OUTAGE_AT_NIGHT,
    { percent: '100.000000', excluded: 10 },
    ['--maintenance', `${NIGHT}@2026-09-28T22:00:00Z`],
  ],
  'the same, announced a second later': [
    PRO,
    '2026-10',
    OUTAGE_AT_NIGHT,
    { percent: '99.000000', excluded: 0 },
    ['--maintenance', `${NIGHT}@2026-09-28T22:00:01Z`],
  ],
  'work that begins in September has all of the four hours of October': [
    PRO,
    '2026-10',
    [
      ...requests('2026-10-01T03:59:59.999Z', 10, { status: 500 }),
      ...requests('2026-10-01T04:00:00Z', 10, { status: 500 }),
      ...requests('2026-10-02T00:00:00Z', 990, { status: 200, ...QUICK }),
    ],
    { percent: '99.000000', excluded: 10 },
    ['--maintenance', '2026-09-30T22:00:00Z/2026-10-01T08:00:00Z@2026-09-01T00:00:00Z'],
  ],
  'work from two to three at the end of summer lasts two hours': [
    PRO,
    '2026-10',
    [
      ...['00:30', '01:30'].flatMap((time) => requests(`2026-10-25T${time}:00Z`, 1, { status: 500 })),
      ...requests('2026-10-25T02:00:00Z', 2, { status: 500 }),
      ...requests('2026-10-01T00:00:00Z', 998, { status: 200, ...QUICK }),
    ],
    { percent: '99.800000', excluded: 2 },
    ['--timezone', 'Europe/Berlin', '--maintenance', '2026-10-25T02:00/2026-10-25T03:00@2026-10-01'],
  ],
  '43 minutes are 99.900463 %, which keeps the target': [
    'mistral-style',
    '2026-09',
    down(43),
    { credit: '0', gap: false },
  ],
  '44 are in the gap between 99.9 and 99.8': [
    'mistral-style',
    '2026-09',
    down(44),
    { credit: '0', gap: true },
  ],
  '87 are 99.798611 %': ['mistral-style', '2026-09', down(87), { credit: '2', gap: false }],
  '216 are exactly 99.5 %, in the row': ['mistral-style', '2026-09', down(216), { credit: '2', gap: false }],
  '217 are under all that was readable': ['mistral-style', '2026-09', down(217), { credit: '0', gap: true }],
  'a minute with nothing but refused keys is empty, one with a failure besides is down': [
    'azure-style-all-fail-minute',
    '2026-09',
    [
      ...requests('2026-09-05T00:00:00Z', 9, { status: 401 }),
      ...requests('2026-09-05T00:00:00Z', 1, { status: 500 }),
      ...requests('2026-09-05T00:01:00Z', 9, { status: 401 }),
    ],
    { percent: '99.997685', excluded: 18 },
  ],
  'an incident on the last of January is claimed by the last of February': [
    'azure-style-all-fail-minute',
    '2026-01',
    [
      ...requests('2026-01-31T10:00:00Z', 1, { status: 500 }),
      ...requests('2026-01-16T10:00:00Z', 1, { status: 200 }),
    ],
    { deadline: '2026-02-28' },
  ],
  'an incident in the last minute of the year is claimed by the end of February': [
    'aws-style-5min',
    '2026-12',
    [
      ...requests('2026-12-31T23:59:00Z', 1, { status: 500 }),
      ...requests('2026-12-21T10:00:00Z', 1, { status: 200 }),
    ],
    { deadline: '2027-02-28' },
  ],
  '99 of 100 windows are 99 %': [
    'openai-style-latency-attainment',
    '2026-09',
    speeds(100, 1),
    { results: ['met', 'met'], credit: '0' },
  ],
  'uptime and speed missed earn the greater, not the sum': [
    'openai-style-latency-attainment',
    '2026-09',
    [
      ...speeds(100, 2),
      ...requests('2026-09-09T00:00:00Z', 1, { status: 500, serviceTier: 'scale', promptTokens: 10 }),
    ],
    { results: ['breached', 'breached'], credit: '10' },
  ],
  'what was served at a lower tier or asked too much is not eligible': [
    'openai-style-latency-attainment',
    '2026-09',
    [
      ...speeds(100, 0),
      ...requests('2026-09-09T00:00:00Z', 1, { status: 500, serviceTier: 'default', promptTokens: 10 }),
      ...requests('2026-09-09T00:00:00Z', 1, { status: 500, serviceTier: 'scale', promptTokens: 128_001 }),
    ],
    { results: ['met', 'met'], excluded: 2 },
  ],
};

for (const [name, [template, period, lines, found, args]] of Object.entries(VECTORS)) {
  test(`${template}: ${name}`, async () => {
    const contract = readFileSync(`probes/contracts/${template}.yaml`, 'utf8');
    const got = await judged({ contract, period, lines, ...(args === undefined ? {} : { args }) });
    const all: Required<Found> = {
      percent: got.uptime.contract?.percent ?? null,
      results: got.objectives.map((one) => one.result),
      credit: got.credit.percent,
      excluded: got.counts.excluded,
      deadline: got.deadlines[0]?.by ?? '',
      gap: got.flags.includes('gap: contract silent'),
    };
    assert.deepEqual({ ...all, ...found }, all);
  });
}
