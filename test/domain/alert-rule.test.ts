import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellEvaluation } from '../../src/domain/alert/alert.ts';
import { DEFAULT_THRESHOLDS } from '../../src/domain/alert/alert-policy.ts';
import {
  evaluateBreach,
  evaluateKey,
  evaluateTarget,
  type ObjectiveEvidence,
  type TargetEvidence,
} from '../../src/domain/alert/alert-rule.ts';
import { judgeDown, type Reading } from '../../src/domain/alert/down-rule.ts';
import { evaluateOurselves, type OwnEvidence } from '../../src/domain/alert/own-rule.ts';
import { DAY, failed, HOUR, MINUTE, reading, SECOND, START } from '../support/alert-builders.ts';

const DOWN = DEFAULT_THRESHOLDS.down;
const NOW = START + 10 * MINUTE;

/** The newest attempts of one series, a minute apart and ending now: `.` good, `!` bad, `c` a bad confirmation, … */
const MARKS: Readonly<Record<string, Partial<Reading>>> = {
  '.': {},
  '!': { outcome: 'gateway.5xx' },
  c: { outcome: 'gateway.5xx', purpose: 'confirmation' },
  g: { purpose: 'confirmation' },
  d: { outcome: 'gateway.5xx', valid: false },
  k: { outcome: 'config.auth' },
};

function run(marks: string, region = 'here'): Reading[] {
  return [...marks].map((mark, index) =>
    reading(NOW - (marks.length - 1 - index) * MINUTE, { region, ...MARKS[mark] }),
  );
}

const DOWN_CASES: readonly (readonly [sentence: string, readings: readonly Reading[], verdict: string])[] = [
  ['nothing known decides nothing', [], 'undecided'],
  ['good ticks are good', run('....'), 'good'],
  ['one failed tick is suspicion', run('...!'), 'suspect'],
  ['a failed tick with two failed confirmations is still suspicion', run('..!cc'), 'suspect'],
  ['a failed tick with three failed confirmations is down', run('..!ccc'), 'bad'],
  ['a confirmation that succeeds clears the suspicion without calling it good', run('...!ccg'), 'undecided'],
  ['two failed ticks without a burst are suspicion', run('..!!'), 'suspect'],
  ['three failed ticks without a burst are down', run('..!!!'), 'bad'],
  ['one good tick after an outage is not yet good', run('!!!.'), 'undecided'],
  ['two good ticks after an outage are', run('!!!..'), 'good'],
  ['good confirmations do not shorten the wait', run('!!!.gg'), 'undecided'],
  ['doubt about ourselves proves nothing about them', run('..ddd'), 'good'],
  ['a rejected key does not make the gateway down', run('..kkk'), 'good'],
  ['two regions that fail once each are down', [...run('..!', 'east'), ...run('..!', 'west')], 'bad'],
  [
    'one region that fails once, and one that is well, is suspicion',
    [...run('..!', 'east'), ...run('...', 'west')],
    'suspect',
  ],
  [
    'one region with a failed burst is down even if another is well',
    [...run('.!ccc', 'east'), ...run('..', 'west')],
    'bad',
  ],
];

for (const [sentence, readings, verdict] of DOWN_CASES) {
  test(sentence, () => {
    assert.equal(judgeDown(readings, DOWN, NOW, 5 * MINUTE).verdict, verdict);
  });
}

test('an old failure decides nothing, and a moment less old does', () => {
  const readings = run('.!!!');
  assert.equal(judgeDown(readings, DOWN, NOW + 5 * MINUTE, 5 * MINUTE).verdict, 'bad');
  assert.equal(judgeDown(readings, DOWN, NOW + 5 * MINUTE + 1, 5 * MINUTE).verdict, 'undecided');
});

test('an outage began with its first failed tick, and its failures are told newest first', () => {
  const judged = judgeDown(run('!..!ccc'), DOWN, NOW, 5 * MINUTE);
  assert.equal(judged.since, NOW - 3 * MINUTE);
  assert.equal(judged.proof, 'burst');
  assert.deepEqual(
    judged.failures.map((one) => (NOW - one.at) / MINUTE),
    [0, 1, 2, 3, 6],
  );
});

const TARGET = { id: 'acme/pro/a', gateway: 'acme', tier: 'pro' };

function evidence(fields: Partial<TargetEvidence> = {}): TargetEvidence {
  return {
    target: TARGET,
    everyMs: MINUTE,
    readings: run('.....'),
    heardAt: NOW,
    watchedSince: START - DAY,
    inMaintenance: false,
    coverage: { expected: 1440, valid: 1440 },
    objectives: [],
    ...fields,
  };
}

function verdictOf(
  kind: CellEvaluation['kind'],
  fields: Partial<TargetEvidence>,
  now = NOW,
): string | undefined {
  return evaluateTarget(evidence(fields), DEFAULT_THRESHOLDS, 1, now).find((one) => one.kind === kind)
    ?.verdict;
}

test('a target is without data after three intervals and the time a tick may be in flight', () => {
  const limit = 3 * MINUTE + 90 * SECOND;
  assert.equal(verdictOf('no_data', { heardAt: NOW - limit }), 'undecided');
  assert.equal(verdictOf('no_data', { heardAt: NOW - limit - 1 }), 'bad');
  assert.equal(verdictOf('no_data', { heardAt: NOW - MINUTE - 90 * SECOND }), 'good');
});

test('a target that never spoke is without data only when it has been watched long enough', () => {
  assert.equal(verdictOf('no_data', { heardAt: null, watchedSince: NOW - 2 * MINUTE }), 'undecided');
  assert.equal(verdictOf('no_data', { heardAt: null, watchedSince: NOW - 10 * MINUTE }), 'bad');
});

test('after a night switched off, the first minutes are no alarm', () => {
  assert.equal(verdictOf('no_data', { heardAt: NOW - 8 * HOUR, watchedSince: NOW - MINUTE }), 'undecided');
});

test('coverage is judged at exactly its floor, and not before there is enough of it', () => {
  assert.equal(verdictOf('coverage_low', { coverage: { expected: 1000, valid: 900 } }), 'good');
  assert.equal(verdictOf('coverage_low', { coverage: { expected: 1000, valid: 899 } }), 'bad');
  assert.equal(verdictOf('coverage_low', { coverage: { expected: 59, valid: 0 } }), 'undecided');
});

test('planned work decides nothing about a target', () => {
  const verdicts = evaluateTarget(
    evidence({ readings: run('.!!!'), inMaintenance: true }),
    DEFAULT_THRESHOLDS,
    1,
    NOW,
  ).map((one) => one.verdict);
  assert.deepEqual([...new Set(verdicts)], ['undecided']);
});

function objective(kind: ObjectiveEvidence['kind'], k: number, shortK: number): ObjectiveEvidence {
  return {
    id: `pro/${kind}`,
    kind,
    label: kind === 'latency' ? 'p99 TTFT < 500 ms' : 'availability 99.9 %',
    allowedPpm: kind === 'latency' ? 10_000 : 1_000,
    count: (windowMs) => ({
      n: windowMs / MINUTE,
      k: windowMs <= DEFAULT_THRESHOLDS.latency.shortMs ? Math.min(shortK, windowMs / MINUTE) : k,
    }),
    budget: null,
    stake: null,
  };
}

test('a p99 on target is no ticket, one well above it is', () => {
  assert.equal(verdictOf('latency_at_risk', { objectives: [objective('latency', 15, 2)] }), 'undecided');
  assert.equal(verdictOf('latency_at_risk', { objectives: [objective('latency', 34, 4)] }), 'bad');
  assert.equal(verdictOf('latency_at_risk', { objectives: [objective('latency', 34, 1)] }), 'good');
});

test('two objectives of one target speak with one voice', () => {
  const both = { objectives: [objective('latency', 34, 1), objective('latency', 40, 9)] };
  assert.equal(verdictOf('latency_at_risk', both), 'bad');
});

test('what was found says how many of how many, and how sure that is', () => {
  const slow = evaluateTarget(
    evidence({ objectives: [objective('latency', 40, 9)] }),
    DEFAULT_THRESHOLDS,
    1,
    NOW,
  ).find((one) => one.kind === 'latency_at_risk');
  assert.equal(
    slow?.facts.finding,
    '40 of 1440 samples over the target in 1 d, 9 of 120 in the last 2 h; p99 TTFT < 500 ms allows 1 %: 2.8 times too fast',
  );
  assert.deepEqual(slow?.facts.measured?.intervalPpm, [19917, 37635]);
});

const KEY = { id: 'acme/pro', gateway: 'acme' };
const WITHIN_QUOTA = { windowMs: 15 * MINUTE, expected: 15, overQuota: 0 };

test('a key that is refused twice is our fault; one refusal, or one accepted answer, is not', () => {
  const refused = (at: number): Reading => reading(at, { outcome: 'config.auth', status: 401 });
  const judge = (readings: readonly Reading[]): string =>
    evaluateKey(KEY, readings, WITHIN_QUOTA, 2, NOW).verdict;
  assert.equal(judge([refused(NOW)]), 'undecided');
  assert.equal(judge([refused(NOW - MINUTE), refused(NOW)]), 'bad');
  assert.equal(judge([refused(NOW - 2 * MINUTE), refused(NOW - MINUTE), reading(NOW)]), 'undecided');
  assert.equal(judge([refused(NOW - 2 * MINUTE), reading(NOW - MINUTE), reading(NOW)]), 'good');
  assert.equal(judge([]), 'undecided');
});

test('an outage of the gateway does not look like a fault of our key', () => {
  assert.equal(evaluateKey(KEY, [failed(NOW - MINUTE), failed(NOW)], WITHIN_QUOTA, 2, NOW).verdict, 'good');
});

for (const outcome of ['config.auth', 'config.billing', 'config.request', 'ratelimit.own'] as const) {
  test(`two answers of ${outcome} in a row are our fault, and are shown as its evidence`, () => {
    const readings = [NOW - MINUTE, NOW].map((at) => reading(at, { outcome, status: 400 }));
    const judged = evaluateKey(KEY, readings, WITHIN_QUOTA, 2, NOW);
    assert.equal(judged.verdict, 'bad');
    assert.deepEqual(
      judged.facts.failures.map((failure) => failure.outcome),
      [outcome, outcome],
    );
  });
}

test('a quota that eats a twentieth of the ticks is our fault, one tick less is not, and none at all is its end', () => {
  const good = [reading(NOW - MINUTE), reading(NOW)];
  const judge = (expected: number, overQuota: number) =>
    evaluateKey(KEY, good, { windowMs: 15 * MINUTE, expected, overQuota }, 2, NOW);
  assert.equal(judge(200, 10).verdict, 'bad');
  assert.equal(judge(200, 9).verdict, 'undecided');
  assert.equal(judge(200, 0).verdict, 'good');
  assert.equal(judge(20, 4).verdict, 'undecided', 'a handful is an accident');
  assert.match(judge(200, 10).facts.finding, /^10 of 200 ticks in 15 min were not run, for the quota/);
});

test('a period that can still be met says nothing; one that cannot says so, and of money nothing that everybody may read', () => {
  const base = {
    cell: TARGET.id,
    gateway: 'acme',
    contract: 'pro-channel',
    period: '2026-03',
    objective: 'availability 99.9 %',
    budget: null,
    count: { bad: 45, allowed: 44, unit: 'request' },
    stake: {
      contract: 'pro-channel',
      creditPercent: 'at least 10 %',
      creditMoney: 'USD 120.00',
      isCertain: true,
    },
  };
  assert.equal(evaluateBreach({ ...base, certain: false }, NOW).verdict, 'undecided');
  const certain = evaluateBreach({ ...base, certain: true }, NOW);
  assert.equal(certain.verdict, 'bad');
  assert.match(
    certain.facts.finding,
    /can no longer be met in 2026-03.*is good: 45 requests failed, and the whole period allows 44$/,
  );
});

const OWN: OwnEvidence = {
  startedAt: START,
  proberAliveAt: NOW,
  spendReachedOn: null,
  diskFreePpm: 500_000,
  isDatabaseGone: false,
  proberDeaths: [],
  unreadable: [],
  undeliverable: [{ channel: 'email', count: 0 }],
};

const OWN_CASES: readonly (readonly [
  sentence: string,
  fields: Partial<OwnEvidence>,
  kind: CellEvaluation['kind'],
  verdict: string | undefined,
])[] = [
  [
    'a prober that spoke two minutes ago is alive',
    { proberAliveAt: NOW - 2 * MINUTE },
    'prober_silent',
    'good',
  ],
  ['a prober silent for longer is not', { proberAliveAt: NOW - 2 * MINUTE - 1 }, 'prober_silent', 'bad'],
  [
    'a prober that has not spoken yet may take its time',
    { startedAt: NOW, proberAliveAt: null },
    'prober_silent',
    'undecided',
  ],
  [
    'a prober that last spoke before we started may take its time',
    { startedAt: NOW, proberAliveAt: START - HOUR },
    'prober_silent',
    'good',
  ],
  ['a disk at its floor is not full', { diskFreePpm: 50_000 }, 'disk_nearly_full', 'undecided'],
  ['a disk under its floor is', { diskFreePpm: 49_999 }, 'disk_nearly_full', 'bad'],
  ['a disk with a fifth more than its floor is well', { diskFreePpm: 60_000 }, 'disk_nearly_full', 'good'],
  [
    'stored samples that cannot be read are our fault',
    { unreadable: [{ probe: 'chat', target: 'acme/pro/x', hourAt: NOW - HOUR, noticedAt: null }] },
    'own_fault',
    'bad',
  ],
  [
    'a loss of seven days ago is no news',
    {
      unreadable: [{ probe: 'chat', target: 'acme/pro/x', hourAt: NOW - 9 * DAY, noticedAt: NOW - 7 * DAY }],
    },
    'own_fault',
    'good',
  ],
  [
    'a database deleted under us is told, for what we write ends with us',
    { isDatabaseGone: true },
    'own_fault',
    'bad',
  ],
  ['a disk nobody measured says nothing', { diskFreePpm: null }, 'disk_nearly_full', undefined],
  ['a spend cap that is not reached says nothing', {}, 'spend_reached', undefined],
  ['a spend cap that is reached says so', { spendReachedOn: '2026-03-02' }, 'spend_reached', 'bad'],
  [
    'mail that was given up on says so',
    { undeliverable: [{ channel: 'email', count: 1 }] },
    'mail_undeliverable',
    'bad',
  ],
  ['mail that gets through is well', {}, 'mail_undeliverable', 'good'],
];

for (const [sentence, fields, kind, verdict] of OWN_CASES) {
  test(sentence, () => {
    const found = evaluateOurselves({ ...OWN, ...fields }, DEFAULT_THRESHOLDS, NOW);
    // The last of a kind: the health of the prober comes first, and is always told.
    assert.equal(found.findLast((one) => one.kind === kind)?.verdict, verdict);
  });
}

test('a prober that died and lives again is told for a quarter of an hour', () => {
  const own = (deaths: readonly number[]) =>
    evaluateOurselves({ ...OWN, proberDeaths: deaths }, DEFAULT_THRESHOLDS, NOW).find(
      ({ kind, cell }) => kind === 'own_fault' && cell === 'prober',
    );
  assert.equal(own([])?.verdict, 'good');
  assert.equal(own([NOW - 30 * MINUTE, NOW - 15 * MINUTE + 1])?.verdict, 'bad');
  assert.match(own([NOW - 30 * MINUTE, NOW])?.facts.finding ?? '', /2 times in the last hour/);
  assert.equal(own([NOW - 15 * MINUTE])?.verdict, 'good');
});
