import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BudgetLeft, Failure, Verdict } from '../../src/domain/alert/alert.ts';
import { DEFAULT_INCIDENTS } from '../../src/domain/alert/alert-policy.ts';
import { activeCells } from '../../src/domain/alert/incident.ts';
import { acknowledge, next, silence } from '../../src/domain/alert/transition.ts';
import {
  DAY,
  evaluation,
  facts,
  HOUR,
  MINUTE,
  only,
  SECOND,
  START,
  story,
} from '../support/alert-builders.ts';

const A = 'acme/pro/a';
const B = 'acme/pro/b';
const C = 'acme/standard/a';

const POLICY = DEFAULT_INCIDENTS;

/** One cell's verdicts every minute, and what is told at each. `!` = bad, `?` = suspect, `.` = good, `-` = undecided. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  '!': 'bad',
  '?': 'suspect',
  '.': 'good',
  '-': 'undecided',
};

const RUNS: readonly (readonly [sentence: string, run: string, told: readonly string[]])[] = [
  ['good verdicts open nothing', '......', []],
  ['suspicion alone opens nothing', '.?.?.?', []],
  ['silence alone opens nothing', '------', []],
  ['a confirmed failure is told at once when everybody else has been heard', '.!', ['1 opened']],
  ['an incident that goes on is told once', '.!!!!!!!', ['1 opened']],
  ['a recovery is told when it has lasted three minutes', '!...-.', ['0 opened', '4 recovered']],
  ['two good minutes are not yet a recovery', '!..', ['0 opened']],
  ['a relapse during the recovery starts the wait again, and is not told', '!..!...', ['0 opened']],
  ['a relapse during the recovery delays its end', '!..!....', ['0 opened', '7 recovered']],
  ['silence never ends an incident', '!-----------', ['0 opened']],
  ['suspicion during the recovery does not end it', '!.?...', ['0 opened', '4 recovered']],
  ['a failure after the end reopens the same incident', '!....!', ['0 opened', '4 recovered', '5 reopened']],
  [
    'after one reopening a recovery must last half an hour',
    `!....!${'.'.repeat(30)}.`,
    ['0 opened', '4 recovered', '5 reopened', '36 recovered'],
  ],
  [
    'an unacknowledged page escalates after fifteen minutes and is reminded of an hour after that',
    '!'.repeat(80),
    ['0 opened', '15 escalated', '75 reminder'],
  ],
];

for (const [sentence, run, expected] of RUNS) {
  test(sentence, () => {
    const { step, told } = story();
    [...run].forEach((mark, minute) => {
      step(START + minute * MINUTE, [evaluation(A, VERDICTS[mark] ?? 'undecided', START + minute * MINUTE)]);
    });
    assert.deepEqual(
      told.map((one) => `${(one.at - START) / MINUTE} ${one.told}`),
      expected,
    );
  });
}

test('an opening waits for a suspect neighbour, so that one outage is one message', () => {
  const { step, incidents } = story();
  assert.deepEqual(step(START, [evaluation(A, 'bad', START), evaluation(B, 'suspect', START)]), []);
  const later = START + 30 * SECOND;
  assert.deepEqual(
    step(later, [
      evaluation(A, 'bad', START, { heardAt: later }),
      evaluation(B, 'bad', START, { heardAt: later }),
    ]),
    ['opened'],
  );
  assert.deepEqual(activeCells(only(incidents)).length, 2);
  assert.equal(only(incidents).announcedCells, 2);
});

test('an opening waits for a neighbour that has not been heard since, but not for ever', () => {
  const { step } = story();
  const unheard = evaluation(B, 'good', START - MINUTE);
  const bad = evaluation(A, 'bad', START);
  assert.deepEqual(step(START, [bad, unheard]), []);
  assert.deepEqual(step(START + POLICY.gatherMs - 1, [bad, unheard]), []);
  assert.deepEqual(step(START + POLICY.gatherMs, [bad, unheard]), ['opened']);
});

test('an outage that recovers while its opening waits is told all the same', () => {
  const { step } = story();
  step(START, [evaluation(A, 'bad', START), evaluation(B, 'suspect', START)]);
  assert.deepEqual(
    step(START + 20 * SECOND, [
      evaluation(A, 'good', START + 20 * SECOND),
      evaluation(B, 'suspect', START + 20 * SECOND),
    ]),
    ['opened'],
  );
});

test('a gateway that goes down cell by cell is one incident; its end is one message', () => {
  const { step, told, incidents } = story();
  const cells = Array.from({ length: 12 }, (_, index) => `acme/pro/m${index}`);
  for (let second = 0; second < 300; second += 5) {
    const now = START + second * SECOND;
    step(
      now,
      cells.map((cell, index) => {
        const since = START + index * 5 * SECOND;
        return now >= since
          ? evaluation(cell, 'bad', since, { heardAt: now })
          : evaluation(cell, 'good', START - 1);
      }),
    );
  }
  for (let second = 300; second <= 300 + 200; second += 5) {
    const now = START + second * SECOND;
    step(
      now,
      cells.map((cell, index) => evaluation(cell, second >= 300 + index ? 'good' : 'bad', now)),
    );
  }
  assert.deepEqual(
    told.map((one) => one.told),
    ['opened', 'recovered'],
  );
  assert.equal(only(incidents).cells.length, 12);
  assert.equal(only(incidents).announcedCells, 12);
});

test('more cells that fail later are told once when they double the incident', () => {
  const { step } = story();
  const others = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `acme/pro/${name}`);
  const at = (minute: number, bad: readonly string[]): string[] =>
    step(START + minute * MINUTE, [
      ...[A, ...others].map((cell) =>
        bad.includes(cell)
          ? evaluation(cell, 'bad', START + minute * MINUTE)
          : evaluation(cell, 'good', START + minute * MINUTE),
      ),
    ]);
  assert.deepEqual(at(0, [A, others[0] ?? '']), ['opened']);
  assert.deepEqual(at(5, [A, ...others.slice(0, 3)]), [], 'doubled, but too soon after the opening');
  assert.deepEqual(at(9, [A, ...others.slice(0, 3)]), []);
  assert.deepEqual(at(10, [A, ...others.slice(0, 3)]), ['grew']);
});

test('an acknowledged incident is neither escalated nor reminded of, until the acknowledgement ends', () => {
  const { step, incidents, told } = story();
  step(START, [evaluation(A, 'bad', START)]);
  const taken = acknowledge(only(incidents), {
    who: 'ada',
    why: 'looking',
    at: START + MINUTE,
    untilAt: START + 2 * HOUR,
  });
  assert.ok(taken.kind === 'change');
  incidents.set(taken.incident.id, taken.incident);
  for (let minute = 2; minute < 120; minute += 1) {
    step(START + minute * MINUTE, [evaluation(A, 'bad', START)]);
  }
  assert.deepEqual(
    told.map((one) => one.told),
    ['opened'],
  );
  step(START + 2 * HOUR, [evaluation(A, 'bad', START)]);
  assert.deepEqual(
    told.map((one) => one.told),
    ['opened', 'escalated'],
  );
});

test('a silenced incident is told when the silence ends while it goes on', () => {
  const { step } = story();
  assert.deepEqual(step(START, [evaluation(A, 'bad', START)], true), []);
  assert.deepEqual(step(START + HOUR, [evaluation(A, 'bad', START)], true), []);
  assert.deepEqual(step(START + HOUR + 1, [evaluation(A, 'bad', START)], false), ['opened']);
});

test('a silence of its own holds reminders back, but not the end of what was announced', () => {
  const { step, incidents, told } = story();
  step(START, [evaluation(A, 'bad', START)]);
  const quiet = silence(only(incidents), { who: 'ada', why: 'known', at: START, untilAt: START + DAY });
  assert.ok(quiet.kind === 'change');
  incidents.set(quiet.incident.id, quiet.incident);
  for (let minute = 1; minute < 300; minute += 1)
    step(START + minute * MINUTE, [evaluation(A, 'bad', START)]);
  step(START + 300 * MINUTE, [evaluation(A, 'good', START + 300 * MINUTE)]);
  step(START + 303 * MINUTE, [evaluation(A, 'good', START + 303 * MINUTE)]);
  assert.deepEqual(
    told.map((one) => one.told),
    ['opened', 'recovered'],
  );
});

test('one that was silenced from its first to its last moment is told to nobody', () => {
  const { step, told, incidents } = story();
  step(START, [evaluation(A, 'bad', START)], true);
  step(START + MINUTE, [evaluation(A, 'good', START + MINUTE)], true);
  step(START + HOUR, [evaluation(A, 'good', START + HOUR)], true);
  assert.deepEqual(told, []);
  assert.equal(only(incidents).phase, 'closed');
});

test('the end tells what is left by then and the last failures, not those of the worst moment', () => {
  const { step, incidents } = story();
  const failure = (at: number): Failure => ({
    at,
    outcome: 'gateway.5xx',
    status: 503,
    requestId: null,
    region: 'here',
  });
  const budget = (leftSamples: number): BudgetLeft => ({
    objective: 'pro/availability',
    leftSamples,
    leftMs: null,
    leftPpm: leftSamples * 1_000,
  });
  const worst = facts('fails', { budget: budget(4), failures: [failure(START)] });
  step(START, [evaluation('acme/pro/a', 'bad', START, { facts: worst })]);
  const later = facts('', { budget: budget(-3), failures: [failure(START + 9 * MINUTE)] });
  step(START + 10 * MINUTE, [evaluation('acme/pro/a', 'good', START + 10 * MINUTE, { facts: later })]);
  const [cell] = only(incidents).cells;
  assert.equal(cell?.facts.finding, 'fails');
  assert.equal(cell?.facts.budget?.leftSamples, -3);
  assert.deepEqual(
    cell?.facts.failures.map(({ at }) => at),
    [START + 9 * MINUTE],
  );
});

test('a cell that left the configuration ends its incident at once, with its message', () => {
  const { step, events } = story();
  step(START, [evaluation(A, 'bad', START), evaluation(B, 'good', START)]);
  assert.deepEqual(step(START + MINUTE, [evaluation(B, 'good', START + MINUTE)]), ['recovered']);
  assert.equal(events.at(-1)?.note, 'no longer watched');
});

test('a lost month is told once: no reminder, and no end', () => {
  const { step, told } = story();
  const certain = (now: number): ReturnType<typeof evaluation> =>
    evaluation(A, 'bad', START, {
      kind: 'breach_certain',
      group: 'acme\npro-channel\n2026-03',
      heardAt: now,
    });
  const acknowledged = { ...POLICY, escalateAfterMs: null };
  const quiet = story(acknowledged);
  for (let hour = 0; hour < 100; hour += 1) quiet.step(START + hour * HOUR, [certain(START + hour * HOUR)]);
  quiet.step(START + 200 * HOUR, []);
  assert.deepEqual(
    quiet.told.map((one) => one.told),
    ['opened'],
  );
  assert.equal(only(quiet.incidents).phase, 'closed');
  step(START, [certain(START)]);
  step(START + 15 * MINUTE, [certain(START + 15 * MINUTE)]);
  assert.deepEqual(
    told.map((one) => one.told),
    ['opened', 'escalated'],
  );
});

test('a clock that runs backwards elapses nothing', () => {
  const { step } = story();
  step(START, [evaluation(A, 'bad', START)]);
  assert.deepEqual(step(START - DAY, [evaluation(A, 'bad', START - DAY)]), []);
  assert.deepEqual(step(START - DAY + MINUTE, [evaluation(A, 'good', START - DAY)]), []);
});

test('a target that flaps for a day writes a handful of messages', () => {
  for (const [downMinutes, upMinutes] of [
    [1, 1],
    [2, 5],
    [5, 10],
    [5, 35],
    [5, 120],
  ] as const) {
    const { step, told, incidents } = story({ ...POLICY, escalateAfterMs: null });
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const bad = minute % (downMinutes + upMinutes) < downMinutes;
      step(START + minute * MINUTE, [evaluation(A, bad ? 'bad' : 'good', START + minute * MINUTE)]);
    }
    assert.ok(
      told.length <= 8,
      `${downMinutes} down, ${upMinutes} up: ${told.map((one) => one.told).join(', ')}`,
    );
    assert.equal(incidents.size, 1);
  }
});

const verdicts = fc.constantFrom<Verdict>('bad', 'suspect', 'good', 'undecided');
const steps = fc.array(
  fc.record({
    a: verdicts,
    b: verdicts,
    c: verdicts,
    waitS: fc.integer({ min: 1, max: 7200 }),
    quiet: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

test('whatever the verdicts, the story of an incident makes sense', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const { step, told, incidents } = story();
      let now = START;
      for (const { a, b, c, waitS, quiet } of run) {
        now += waitS * SECOND;
        step(now, [evaluation(A, a, now), evaluation(B, b, now), evaluation(C, c, now)], quiet);
      }
      for (const incident of incidents.values()) {
        const mine = told.filter((one) => one.incident === incident.id).map((one) => one.told);
        assert.equal(mine.length, incident.messages, 'every message is counted');
        let announced = false;
        for (const [index, one] of mine.entries()) {
          if (one === 'opened') assert.equal(index, 0, 'opened comes first, and once');
          if (one === 'opened' || one === 'reopened') announced = true;
          else assert.ok(announced, `${one} only of what was announced`);
          if (one === 'recovered') announced = false;
        }
        assert.equal(announced, incident.announcedAt !== null && incident.phase !== 'closed');
        assert.equal(incident.phase === 'closed', incident.closedAt !== null);
        if (incident.phase === 'open') assert.ok(activeCells(incident).length > 0);
      }
      const claimed = [...incidents.values()]
        .filter((one) => one.phase !== 'closed')
        .flatMap((one) => activeCells(one).map(({ cell }) => cell));
      assert.equal(new Set(claimed).size, claimed.length, 'a cell is in one open incident at most');
    }),
    { numRuns: 500 },
  );
});

test('a decision that was lost is made again, the same', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const once = story();
      const twice = story();
      let now = START;
      for (const { a, b, c, waitS, quiet } of run) {
        now += waitS * SECOND;
        const seen = [evaluation(A, a, now), evaluation(B, b, now), evaluation(C, c, now)];
        const before = new Map(twice.incidents);
        twice.step(now, seen, quiet);
        // The process dies before the commit: state and messages are as before.
        twice.told.splice(once.told.length);
        twice.incidents.clear();
        for (const [id, incident] of before) twice.incidents.set(id, incident);
        once.step(now, seen, quiet);
        twice.step(now, seen, quiet);
        assert.deepEqual(twice.told, once.told);
        assert.deepEqual([...twice.incidents], [...once.incidents]);
      }
    }),
    { numRuns: 100 },
  );
});

test('nothing but a bad cell opens an incident', () => {
  const group = {
    kind: 'target_down',
    group: 'acme',
    siblings: [A],
    extentKnown: true,
    silenced: false,
  } as const;
  for (const verdict of ['suspect', 'good', 'undecided', 'gone'] as const) {
    const transition = next(null, { ...group, cells: [evaluation(A, verdict, START)] }, START, POLICY);
    assert.deepEqual(transition, { kind: 'stay' });
  }
});
