import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gaveUpMs } from '../../src/domain/measure/line-of-sample.ts';
import { NO_PHASES } from '../../src/domain/measure/observation.ts';
import { DOUBTS, NOT_RUN_REASONS, OUTCOME_CODES, REMARKS } from '../../src/domain/measure/outcome.ts';
import { refusedRowOf } from '../../src/domain/measure/refused-row.ts';
import { PURPOSES, type Sample } from '../../src/domain/measure/sample.ts';
import { countTicks } from '../../src/domain/time/schedule.ts';
import type { Store, StoredAttempt, StoredSample } from '../../src/store/store.ts';
import {
  DAY,
  declaration,
  EVIDENCE,
  failure,
  HOUR,
  MINUTE,
  MONDAY,
  notRun,
  SERVED_BY,
  sample,
  target,
} from './builders.ts';

/** One place where an engine keeps its data. Each test gets a fresh one; the suite closes what it opened. */
export type Shelf = {
  readonly store: Store;
  /** Opens the same data a second time, beside the first; `null` if the engine cannot. */
  readonly openBeside: (() => Store) | null;
  readonly discard: () => Promise<void>;
};

const TARGET = 'acme/pro/chat-small';

/** What every engine promises, whatever it is made of. */
export function storeContract(name: string, open: () => Shelf): void {
  const promise = (sentence: string, body: (store: Store, shelf: Shelf) => Promise<void>): void => {
    test(sentence, async () => {
      const shelf = open();
      try {
        await body(shelf.store, shelf);
      } finally {
        await shelf.store.close();
        await shelf.discard();
      }
    });
  };

  describe(`${name}: samples`, () => {
    promise('a sample is read back exactly as it was recorded', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const recorded = sample();
      assert.deepEqual(await store.record({ samples: [recorded], notRun: [] }), { recorded: 1, repeated: 0 });
      assert.deepEqual(await everything(store), [stored(recorded)]);
    });

    promise('every outcome, doubt, remark and purpose survives the round trip', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const samples: Sample[] = [];
      const at = (): number => MONDAY + samples.length * MINUTE;
      for (const outcome of OUTCOME_CODES) samples.push(sample({ scheduledAt: at(), outcome }));
      for (const reason of DOUBTS) {
        samples.push(sample({ scheduledAt: at(), validity: { kind: 'suspect', reason } }));
        samples.push(sample({ scheduledAt: at(), validity: { kind: 'excluded', reason } }));
      }
      for (const remark of REMARKS) samples.push(sample({ scheduledAt: at(), remarks: [remark] }));
      samples.push(sample({ scheduledAt: at(), remarks: REMARKS }));
      for (const purpose of PURPOSES) samples.push(sample({ scheduledAt: at(), purpose }));
      await store.record({ samples, notRun: [] });
      assert.deepEqual(await everything(store), samples.map(stored));
    });

    promise('a sample that reached nothing at all survives the round trip', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const bare = sample({
        outcome: 'net.dns',
        status: null,
        phases: NO_PHASES,
        ttftUs: null,
        totalUs: null,
        longestStallUs: null,
        chunks: 0,
        tokenChunks: 0,
        usage: null,
        reused: false,
        retries: 3,
        servedBy: { ...SERVED_BY, model: null, provider: null, systemFingerprint: null, route: 'unverified' },
        clockStepMs: -3_600_000,
        costNanos: null,
      });
      await store.record({ samples: [bare], notRun: [] });
      assert.deepEqual(await everything(store), [stored(bare)]);
    });

    promise('recording the same sample again changes nothing, whatever the copy says', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const first = sample();
      await store.record({ samples: [first], notRun: [] });
      const second = await store.record({ samples: [failure(), sample()], notRun: [] });
      assert.deepEqual(second, { recorded: 0, repeated: 2 });
      assert.deepEqual(await everything(store), [stored(first)]);
      assert.equal(
        await store.readEvidence(first),
        null,
        'the copy brought evidence that is not of this sample',
      );
    });

    promise('the same tick with another purpose is another sample', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const samples = PURPOSES.map((purpose) => sample({ purpose }));
      assert.deepEqual(await store.record({ samples, notRun: [] }), { recorded: 4, repeated: 0 });
      assert.equal((await everything(store)).length, 4);
    });

    promise('a sample of a series never declared rejects its whole batch', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const stranger = sample({ target: 'acme/pro/stranger' });
      await assert.rejects(store.record({ samples: [sample(), stranger], notRun: [] }), (error: Error) => {
        assert.equal(
          error.message,
          'probe chat-stream of target acme/pro/stranger in region eu-west was never declared',
        );
        assert.deepEqual(refusedRowOf(error), { list: 'samples', index: 1 });
        return true;
      });
      assert.deepEqual(await everything(store), []);
      assert.deepEqual(await store.record({ samples: [sample()], notRun: [] }), { recorded: 1, repeated: 0 });
      assert.deepEqual((await everything(store))[0]?.servedBy, SERVED_BY, 'nothing half-remembered is left');
    });

    promise('a value that no column holds rejects the batch and names its row', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const impossible: readonly Partial<Sample>[] = [
        { costNanos: 1e20 },
        { costNanos: 0.5 },
        { lagUs: Number.NaN },
        { usage: { promptTokens: 1e300, completionTokens: 1, reasoningTokens: null, cachedTokens: null } },
      ];
      for (const one of impossible) {
        const samples = [sample({ scheduledAt: MONDAY + MINUTE }), sample(one)];
        await assert.rejects(store.record({ samples, notRun: [] }), (error) => {
          assert.deepEqual(refusedRowOf(error), { list: 'samples', index: 1 });
          return true;
        });
      }
      assert.deepEqual(await everything(store), []);
    });

    promise('a series that has ended may still deliver what it measured', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.declareSeries([], MONDAY + HOUR);
      assert.deepEqual(await store.record({ samples: [sample()], notRun: [] }), { recorded: 1, repeated: 0 });
    });

    promise('an empty batch is fine', async (store) => {
      assert.deepEqual(await store.record({ samples: [], notRun: [] }), { recorded: 0, repeated: 0 });
    });
  });

  describe(`${name}: reading samples`, () => {
    promise('the start of a range is inclusive, its end is not', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const samples = [-1, 0, 59_999, 60_000].map((ms) => sample({ scheduledAt: MONDAY + ms }));
      await store.record({ samples, notRun: [] });
      const read = await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + MINUTE });
      assert.deepEqual(
        read.map(({ scheduledAt }) => scheduledAt - MONDAY),
        [0, 59_999],
      );
    });

    promise('a limit keeps the first of the order that was asked for', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const samples = [3, 1, 2, 0].map((minute) => sample({ scheduledAt: MONDAY + minute * MINUTE }));
      await store.record({ samples, notRun: [] });
      const minutes = async (query: { order?: 'oldest-first' | 'newest-first'; limit?: number }) =>
        (await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + HOUR, ...query })).map(
          ({ scheduledAt }) => (scheduledAt - MONDAY) / MINUTE,
        );
      assert.deepEqual(await minutes({}), [0, 1, 2, 3]);
      assert.deepEqual(await minutes({ order: 'newest-first' }), [3, 2, 1, 0]);
      assert.deepEqual(await minutes({ limit: 2 }), [0, 1]);
      assert.deepEqual(await minutes({ order: 'newest-first', limit: 3 }), [3, 2, 1]);
      assert.deepEqual(await minutes({ limit: 0 }), []);
    });

    promise('filters hold together', async (store) => {
      await store.declareSeries(
        [
          declaration('chat-small'),
          declaration('chat-small', { probe: 'chat-cold' }),
          declaration('chat-large'),
        ],
        MONDAY,
      );
      const wanted = failure({ scheduledAt: MONDAY + MINUTE });
      await store.record({
        samples: [
          wanted,
          sample(),
          failure({ scheduledAt: MONDAY + MINUTE, probe: 'chat-cold' }),
          failure({ scheduledAt: MONDAY + MINUTE, target: 'acme/pro/chat-large' }),
          failure({ scheduledAt: MONDAY + MINUTE, purpose: 'confirmation' }),
          failure({ scheduledAt: MONDAY + 2 * MINUTE, outcome: 'timeout.stall' }),
        ],
        notRun: [],
      });
      const query = { fromAt: MONDAY, toAt: MONDAY + HOUR, target: TARGET, probe: 'chat-stream' };
      const purposes = ['scheduled'] as const;
      for (const order of ['oldest-first', 'newest-first'] as const) {
        const both = { ...query, purposes, order };
        assert.deepEqual(await store.readSamples({ ...both, outcomes: ['gateway.5xx'] }), [stored(wanted)]);
        assert.equal((await store.readSamples({ ...both, outcomes: ['gateway.5xx', 'ok'] })).length, 2);
        assert.equal((await store.readSamples(both)).length, 3);
      }
      assert.deepEqual(await store.readSamples({ ...query, outcomes: [] }), []);
      assert.deepEqual(await store.readSamples({ ...query, purposes: [] }), []);
      assert.deepEqual(await store.readSamples({ ...query, target: 'acme/pro/stranger' }), []);
      assert.deepEqual(await store.readSamples({ ...query, probe: 'stranger' }), []);
    });

    promise('evidence is kept whole, and only the samples that have it say so', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const bad = failure({ scheduledAt: MONDAY + MINUTE });
      await store.record({ samples: [sample(), bad], notRun: [] });
      assert.deepEqual(
        (await everything(store)).map(({ hasEvidence }) => hasEvidence),
        [false, true],
      );
      assert.deepEqual(await store.readEvidence(bad), EVIDENCE);
      assert.equal(await store.readEvidence(sample()), null);
      assert.equal(await store.readEvidence({ ...bad, purpose: 'confirmation' }), null);
      assert.equal(await store.readEvidence({ ...bad, target: 'acme/pro/stranger' }), null);
    });
  });

  describe(`${name}: series, names and schedules`, () => {
    promise('declaring the same series again leaves one span in force', async (store) => {
      for (const at of [MONDAY, MONDAY + HOUR]) await store.declareSeries([declaration('chat-small')], at);
      assert.deepEqual(await store.readSchedules(MONDAY, MONDAY + DAY), [
        {
          probe: 'chat-stream',
          target: TARGET,
          region: 'eu-west',
          schedule: { kind: 'every', everyMs: MINUTE, phaseMs: 0 },
          fromAt: MONDAY,
          toAt: null,
        },
      ]);
    });

    promise('expected ticks can be counted again after the schedule has changed', async (store) => {
      const schedule = { kind: 'every', everyMs: 10_000, phaseMs: 2_500 } as const;
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.declareSeries([declaration('chat-small', { schedule })], MONDAY + HOUR);
      await store.declareSeries([], MONDAY + 2 * HOUR);
      await store.declareSeries([declaration('chat-small', { schedule })], MONDAY + 3 * HOUR);
      const spans = await store.readSchedules(MONDAY, MONDAY + 4 * HOUR);
      assert.deepEqual(
        spans.map(({ fromAt, toAt }) => [fromAt - MONDAY, toAt === null ? null : toAt - MONDAY]),
        [
          [0, HOUR],
          [HOUR, 2 * HOUR],
          [3 * HOUR, null],
        ],
      );
      const expected = spans.map(({ schedule: due, fromAt, toAt }) =>
        due.kind === 'every' ? countTicks(due.everyMs, due.phaseMs, fromAt, toAt ?? MONDAY + 4 * HOUR) : NaN,
      );
      assert.deepEqual(expected, [60, 360, 360]);
    });

    promise('a cron schedule is kept word for word', async (store) => {
      const schedule = {
        kind: 'cron',
        cron: '*/30 * 8-18 * * MON-FRI',
        timezone: 'Europe/Berlin',
        phaseMs: 1_234,
      } as const;
      await store.declareSeries([declaration('chat-small', { schedule })], MONDAY);
      await store.declareSeries([declaration('chat-small', { schedule })], MONDAY + HOUR);
      const moved = { ...schedule, timezone: 'Europe/Lisbon' };
      await store.declareSeries([declaration('chat-small', { schedule: moved })], MONDAY + 2 * HOUR);
      assert.deepEqual(
        (await store.readSchedules(MONDAY, MONDAY + DAY)).map((span) => span.schedule),
        [schedule, moved],
      );
    });

    promise('a span that ends where a range begins does not overlap it', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.declareSeries([], MONDAY + HOUR);
      const overlaps = async (fromAt: number, toAt: number) =>
        (await store.readSchedules(fromAt, toAt)).length === 1;
      assert.equal(await overlaps(MONDAY + HOUR, MONDAY + DAY), false);
      assert.equal(await overlaps(MONDAY + HOUR - 1, MONDAY + DAY), true);
      assert.equal(await overlaps(MONDAY - DAY, MONDAY), false);
      assert.equal(await overlaps(MONDAY - DAY, MONDAY + 1), true);
      assert.equal(await overlaps(MONDAY + 1, MONDAY + 1), false);
    });

    promise('a clock that has gone back cannot make two spans overlap', async (store) => {
      const faster = { kind: 'every', everyMs: 10_000, phaseMs: 0 } as const;
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.declareSeries([], MONDAY + 2 * HOUR);
      await store.declareSeries([declaration('chat-small')], MONDAY + HOUR);
      await store.declareSeries([declaration('chat-small', { schedule: faster })], MONDAY);
      const spans = await store.readSchedules(MONDAY, MONDAY + DAY);
      assert.deepEqual(
        spans.map(({ schedule, fromAt, toAt }) => [
          schedule.kind === 'every' && schedule.everyMs,
          fromAt,
          toAt,
        ]),
        [
          [MINUTE, MONDAY, MONDAY + 2 * HOUR],
          [10_000, MONDAY + 2 * HOUR, null],
        ],
      );
    });

    promise('all targets ever declared are known, and which are current', async (store) => {
      await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
      await store.declareSeries(
        [declaration('chat-small', { target: target('chat-small', { requestModel: 'other/chat-small' }) })],
        MONDAY + HOUR,
      );
      assert.deepEqual(await store.readTargets(), [
        { ...target('chat-large'), current: false },
        { ...target('chat-small'), requestModel: 'other/chat-small', current: true },
      ]);
    });

    promise('a renamed target keeps its samples, its evidence and its schedules', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const old = failure();
      await store.record({ samples: [old], notRun: [notRun({ scheduledAt: MONDAY + MINUTE })] });
      const renamed = target('chat-small-2', { formerIds: [TARGET] });
      await store.declareSeries([declaration('', { target: renamed })], MONDAY + HOUR);
      const fresh = sample({ target: renamed.id, scheduledAt: MONDAY + HOUR });
      await store.record({ samples: [fresh], notRun: [] });

      for (const id of [renamed.id, TARGET]) {
        const read = await store.readSamples({ target: id, fromAt: MONDAY, toAt: MONDAY + DAY });
        assert.deepEqual(read, [stored({ ...old, target: renamed.id }), stored(fresh)]);
        assert.deepEqual(await store.readEvidence({ ...old, target: id }), EVIDENCE);
        const ticks = await store.readNotRun({ target: id, fromAt: MONDAY, toAt: MONDAY + DAY });
        assert.deepEqual(ticks, [notRun({ target: renamed.id, scheduledAt: MONDAY + MINUTE })]);
      }
      const spans = await store.readSchedules(MONDAY, MONDAY + DAY);
      assert.deepEqual(
        spans.map((span) => [span.target, span.fromAt, span.toAt]),
        [
          [renamed.id, MONDAY, MONDAY + HOUR],
          [renamed.id, MONDAY + HOUR, null],
        ],
      );
      assert.deepEqual(await store.readTargets(), [{ ...renamed, current: true }]);
      const [window, ...more] = await store.summarise(MONDAY, MONDAY + DAY);
      assert.deepEqual([window?.samples, window?.notRun, more], [2, { missed: 1 }, []]);
    });

    promise('naming the former id later joins two histories', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.record({ samples: [sample()], notRun: [] });
      await store.declareSeries([declaration('chat-small-2')], MONDAY + HOUR);
      const since = sample({ target: 'acme/pro/chat-small-2', scheduledAt: MONDAY + HOUR });
      await store.record({ samples: [since], notRun: [] });
      assert.equal((await store.readTargets()).length, 2);
      const renamed = target('chat-small-2', { formerIds: [TARGET] });
      await store.declareSeries([declaration('', { target: renamed })], MONDAY + DAY);
      const read = await store.readSamples({ target: renamed.id, fromAt: MONDAY, toAt: MONDAY + DAY });
      assert.deepEqual(
        read.map(({ target: id, scheduledAt }) => [id, scheduledAt]),
        [
          [renamed.id, MONDAY],
          [renamed.id, MONDAY + HOUR],
        ],
      );
    });

    promise('a chain of renames, and the way back, lose nothing', async (store) => {
      const [a, b, c] = ['acme/pro/a', 'acme/pro/b', 'acme/pro/c'] as const;
      await store.declareSeries([declaration('a')], MONDAY);
      await store.record({ samples: [sample({ target: a })], notRun: [] });
      await store.declareSeries(
        [declaration('', { target: target('b', { formerIds: [a] }) })],
        MONDAY + HOUR,
      );
      await store.record({ samples: [sample({ target: b, scheduledAt: MONDAY + HOUR })], notRun: [] });
      await store.declareSeries(
        [declaration('', { target: target('c', { formerIds: [b, a] }) })],
        MONDAY + 2 * HOUR,
      );
      assert.deepEqual(await store.readTargets(), [{ ...target('c'), formerIds: [b, a], current: true }]);
      assert.equal((await store.readSamples({ target: c, fromAt: MONDAY, toAt: MONDAY + DAY })).length, 2);
      await store.declareSeries(
        [declaration('', { target: target('a', { formerIds: [c] }) })],
        MONDAY + 3 * HOUR,
      );
      const back = await store.readSamples({ target: a, fromAt: MONDAY, toAt: MONDAY + DAY });
      assert.deepEqual(
        back.map((read) => read.target),
        [a, a],
      );
    });

    promise('a prober that has not heard of the rename still delivers to the right target', async (store) => {
      const renamed = target('chat-small-2', { formerIds: [TARGET] });
      await store.declareSeries([declaration('', { target: renamed })], MONDAY);
      await store.record({ samples: [sample()], notRun: [] });
      assert.deepEqual(await everything(store), [stored(sample({ target: renamed.id }))]);
    });

    const ambiguous = {
      'a former id that is also declared is refused': [
        declaration('chat-small'),
        declaration('', { target: target('chat-large', { formerIds: [TARGET] }) }),
      ],
      'a former id claimed by two targets is refused': [
        declaration('', { target: target('a', { formerIds: [TARGET] }) }),
        declaration('', { target: target('b', { formerIds: [TARGET] }) }),
      ],
      'a series declared twice is refused': [declaration('chat-small'), declaration('chat-small')],
    };
    for (const [sentence, declarations] of Object.entries(ambiguous)) {
      promise(`${sentence}, and nothing of it is kept`, async (store) => {
        await store.declareSeries([declaration('before')], MONDAY);
        await assert.rejects(store.declareSeries(declarations, MONDAY + HOUR), /is declared/);
        assert.deepEqual(await store.readTargets(), [{ ...target('before'), current: true }]);
      });
    }
  });

  describe(`${name}: ticks that did not run`, () => {
    promise('every reason survives the round trip, once', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const ticks = NOT_RUN_REASONS.map((reason, index) =>
        notRun({ scheduledAt: MONDAY + index * MINUTE, reason }),
      );
      const { length } = ticks;
      assert.deepEqual(await store.record({ samples: [], notRun: ticks }), { recorded: length, repeated: 0 });
      const again = ticks.map((tick) => ({ ...tick, reason: 'missed' as const }));
      assert.deepEqual(await store.record({ samples: [], notRun: again }), { recorded: 0, repeated: length });
      assert.deepEqual(await store.readNotRun({ fromAt: MONDAY, toAt: MONDAY + DAY }), ticks);
      assert.deepEqual(
        await store.readNotRun({ fromAt: MONDAY + MINUTE, toAt: MONDAY + 3 * MINUTE }),
        ticks.slice(1, 3),
      );
      assert.deepEqual(
        await store.readNotRun({ fromAt: MONDAY, toAt: MONDAY + DAY, limit: 2 }),
        ticks.slice(0, 2),
      );
      assert.deepEqual(
        await store.readNotRun({ target: 'acme/pro/x', fromAt: MONDAY, toAt: MONDAY + DAY }),
        [],
      );
    });

    promise('a tick whose sample arrived after all is not read as missed', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const confirmed = notRun({ scheduledAt: MONDAY + MINUTE });
      await store.record({
        samples: [
          sample(),
          // A confirmation is not the tick: it cannot stand in for it.
          sample({ scheduledAt: MONDAY + MINUTE, purpose: 'confirmation' }),
        ],
        notRun: [notRun(), confirmed],
      });
      assert.deepEqual(await store.readNotRun({ fromAt: MONDAY, toAt: MONDAY + DAY }), [confirmed]);
      const [window] = await store.summarise(MONDAY, MONDAY + DAY);
      assert.deepEqual(window?.notRun, { missed: 1 });
    });

    promise('a tick of a series never declared rejects its whole batch', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await assert.rejects(
        store.record({ samples: [sample()], notRun: [notRun({ region: 'mars' })] }),
        (error: Error) => {
          assert.match(error.message, /in region mars was never declared/);
          assert.deepEqual(refusedRowOf(error), { list: 'notRun', index: 0 });
          return true;
        },
      );
      assert.deepEqual(await everything(store), []);
    });
  });

  describe(`${name}: summaries`, () => {
    promise('a series without a single row is there, with nothing in it', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      assert.deepEqual(await store.summarise(MONDAY, MONDAY + HOUR), [
        {
          probe: 'chat-stream',
          target: TARGET,
          region: 'eu-west',
          attempts: 0,
          samples: 0,
          valid: 0,
          counts: { good: 0, bad: 0, excluded: 0 },
          byOutcome: {},
          byDoubt: {},
          notRun: {},
          ttftUs: [],
          totalUs: [],
          costNanos: 0,
          lastSample: null,
        },
      ]);
    });

    promise('samples are counted by outcome, doubt and default counting', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const at = (minute: number) => ({ scheduledAt: MONDAY + minute * MINUTE });
      const last = sample({ ...at(7), ttftUs: 9, totalUs: 80, costNanos: 5 });
      await store.record({
        samples: [
          sample({ ...at(0), ttftUs: 100, totalUs: 1_000, costNanos: 10 }),
          sample({ ...at(1), ttftUs: 20, totalUs: 900, costNanos: null, outcome: 'quality.wrong_answer' }),
          failure(at(2)),
          sample({ ...at(3), outcome: 'policy.filtered', ttftUs: 1, costNanos: 1 }),
          // Our own doubt: counts nowhere.
          sample({ ...at(4), validity: { kind: 'suspect', reason: 'clock_step' }, ttftUs: 2, costNanos: 1 }),
          // Their cheaper tier answered: it was available, but its times prove nothing.
          sample({
            ...at(5),
            validity: { kind: 'excluded', reason: 'tier_downgraded' },
            ttftUs: 3,
            costNanos: 1,
          }),
          failure({
            ...at(6),
            outcome: 'route.fallback',
            validity: { kind: 'excluded', reason: 'fallback' },
          }),
          last,
          // Neither of these decides a tick; both cost money.
          sample({ ...at(8), purpose: 'confirmation', costNanos: 100 }),
          sample({ ...at(9), purpose: 'canary', costNanos: 1_000 }),
        ],
        notRun: [notRun(at(10)), notRun({ ...at(11), reason: 'skipped: quota' }), notRun(at(12))],
      });
      assert.deepEqual(await store.summarise(MONDAY, MONDAY + HOUR), [
        {
          probe: 'chat-stream',
          target: TARGET,
          region: 'eu-west',
          attempts: 10,
          samples: 8,
          valid: 7,
          counts: { good: 4, bad: 2, excluded: 1 },
          byOutcome: {
            ok: 4,
            'quality.wrong_answer': 1,
            'gateway.5xx': 1,
            'policy.filtered': 1,
            'route.fallback': 1,
          },
          byDoubt: { clock_step: 1, tier_downgraded: 1, fallback: 1 },
          notRun: { missed: 2, 'skipped: quota': 1 },
          ttftUs: [9, 20, 100],
          totalUs: [80, 900, 1_000],
          costNanos: 1_118,
          lastSample: attempted(last),
        },
      ]);
    });

    promise(
      'a reprobe stands in for the attempt that a stale connection spoilt, and only for that',
      async (store) => {
        await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
        const at = (minute: number) => ({ scheduledAt: MONDAY + minute * MINUTE });
        const stale = (minute: number, over: Partial<Sample> = {}) =>
          failure({ ...at(minute), outcome: 'client.stale_socket', ...over });
        await store.record({
          samples: [
            stale(0),
            sample({ ...at(0), purpose: 'reprobe', ttftUs: 11 }),
            // Another series at the same tick keeps its own.
            stale(0, { target: 'acme/pro/chat-large' }),
            // Stale without a reprobe decides its tick itself: excluded.
            stale(1),
            // A reprobe beside an attempt that was not spoilt changes nothing.
            failure(at(2)),
            sample({ ...at(2), purpose: 'reprobe', ttftUs: 22 }),
            // A reprobe whose scheduled attempt was lost decides the tick.
            sample({ ...at(3), purpose: 'reprobe', ttftUs: 33 }),
            stale(4),
            failure({ ...at(4), purpose: 'reprobe' }),
          ],
          notRun: [],
        });
        const [large, small] = await store.summarise(MONDAY, MONDAY + HOUR);
        assert.deepEqual(large?.counts, { good: 0, bad: 0, excluded: 1 });
        assert.deepEqual(small?.byOutcome, { ok: 2, 'client.stale_socket': 1, 'gateway.5xx': 2 });
        assert.deepEqual(small?.counts, { good: 2, bad: 2, excluded: 1 });
        assert.deepEqual(small?.ttftUs, [11, 33]);
        assert.equal(small?.lastSample?.purpose, 'reprobe');
      },
    );

    promise(
      'the window starts inclusive and ends exclusive, and only current series are in it',
      async (store) => {
        await store.declareSeries([declaration('chat-small'), declaration('retired')], MONDAY);
        const samples = [-1, 0, HOUR - 1, HOUR].map((ms) => sample({ scheduledAt: MONDAY + ms }));
        await store.record({ samples: [...samples, sample({ target: 'acme/pro/retired' })], notRun: [] });
        await store.declareSeries([declaration('chat-small')], MONDAY + HOUR);
        const windows = await store.summarise(MONDAY, MONDAY + HOUR);
        assert.deepEqual(
          windows.map((window) => [window.target, window.samples, window.lastSample?.scheduledAt]),
          [[TARGET, 2, MONDAY + HOUR - 1]],
        );
      },
    );
  });

  describe(`${name}: compaction`, () => {
    const HOURS = 5;
    /** Two series over some hours, with failures, re-probes and confirmations among them. */
    const history = (): Sample[] =>
      ['acme/pro/chat-small', 'acme/pro/chat-large'].flatMap((id, series) =>
        Array.from({ length: HOURS * 60 }, (_, minute) => {
          const at = { target: id, scheduledAt: MONDAY + minute * MINUTE + series * 777 };
          if (minute % 50 === 7) {
            return [
              failure({ ...at, outcome: 'client.stale_socket' }),
              sample({ ...at, purpose: 'reprobe', ttftUs: minute }),
            ];
          }
          if (minute % 17 === 3) return [failure(at), failure({ ...at, purpose: 'confirmation' })];
          return [sample({ ...at, ttftUs: 300_000 + minute, costNanos: minute, lagUs: minute % 3 })];
        }).flat(),
      );
    const answers = async (store: Store) => {
      const range = { fromAt: MONDAY + 30 * MINUTE, toAt: MONDAY + HOURS * HOUR - 30 * MINUTE };
      const of = { ...range, target: TARGET };
      return {
        all: await store.readSamples(range),
        backwards: await store.readSamples({ ...range, order: 'newest-first' }),
        first: await store.readSamples({ ...range, limit: 100 }),
        last: await store.readSamples({ ...of, order: 'newest-first', limit: 100 }),
        failures: await store.readSamples({ ...of, outcomes: ['gateway.5xx'] }),
        lastFailures: await store.readSamples({
          ...of,
          outcomes: ['gateway.5xx', 'client.stale_socket'],
          purposes: ['scheduled'],
          order: 'newest-first',
          limit: 7,
        }),
        notRun: await store.readNotRun(range),
        evidence: await store.readEvidence(failure({ scheduledAt: MONDAY + 54 * MINUTE })),
        summary: await store.summarise(range.fromAt, range.toAt),
      };
    };

    promise('nothing that is read changes, however far compaction has come', async (store) => {
      await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
      await store.record({ samples: history(), notRun: [notRun({ scheduledAt: MONDAY + HOUR + 1 })] });
      const before = await answers(store);
      assert.ok(before.failures.length > 0 && before.evidence !== null && before.notRun.length === 1);
      for (let hour = 0; hour <= HOURS; hour += 1) {
        while (await store.compact(MONDAY + hour * HOUR));
        assert.deepEqual(await answers(store), before);
      }
      assert.equal(await store.compact(MONDAY + HOURS * HOUR), false, 'nothing is left to do');
    });

    promise('a sample that is late for a compacted hour is read in its place, once', async (store) => {
      await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
      const samples = history();
      const late = samples.filter((_, index) => index % 7 === 0);
      const early = samples.filter((_, index) => index % 7 !== 0);
      await store.record({ samples: early, notRun: [notRun()] });
      while (await store.compact(MONDAY + HOURS * HOUR));
      const delivered = await store.record({ samples, notRun: [notRun({ scheduledAt: MONDAY + MINUTE })] });
      assert.deepEqual(delivered, { recorded: late.length + 1, repeated: early.length });
      const before = await answers(store);
      assert.equal(before.all.length, new Set(before.all.map((read) => JSON.stringify(read))).size);
      assert.deepEqual(
        before.notRun,
        [],
        'a tick noted after its sample was compacted is sampled all the same',
      );
      while (await store.compact(MONDAY + HOURS * HOUR));
      assert.deepEqual(await answers(store), before);
      assert.deepEqual(await store.record({ samples, notRun: [] }), {
        recorded: 0,
        repeated: samples.length,
      });
    });

    promise('an hour that has not ended by then is left alone', async (store) => {
      await store.declareSeries([declaration('chat-small')], MONDAY);
      await store.record({ samples: [sample()], notRun: [] });
      assert.equal(await store.compact(MONDAY + HOUR - 1), false);
    });
  });

  describe(`${name}: facts and life cycle`, () => {
    promise('a fact is the last thing written under its name', async (store) => {
      assert.equal(await store.readFact('prober.alive'), null);
      await store.writeFact('prober.alive', '1', MONDAY);
      await store.writeFact('prober.alive', '2', MONDAY + 1);
      assert.equal(await store.readFact('prober.alive'), '2');
    });

    promise('closing twice is fine', async (store) => {
      await store.close();
      await store.close();
    });

    promise(
      'a second reader sees what is committed, while the first goes on writing',
      async (store, shelf) => {
        if (shelf.openBeside === null) return;
        await store.declareSeries([declaration('chat-small')], MONDAY);
        const beside = shelf.openBeside();
        try {
          for (let minute = 0; minute < 50; minute += 1) {
            await store.record({ samples: [sample({ scheduledAt: MONDAY + minute * MINUTE })], notRun: [] });
            assert.equal((await everything(beside)).length, minute + 1);
          }
          await store.declareSeries([declaration('chat-large')], MONDAY + HOUR);
          await store.record({ samples: [sample({ target: 'acme/pro/chat-large' })], notRun: [] });
          assert.equal((await everything(beside)).length, 51, 'a series declared meanwhile is known too');
          assert.equal((await beside.readTargets()).length, 2);
        } finally {
          await beside.close();
        }
      },
    );

    promise('two writers share the data, and a sample both deliver is stored once', async (store, shelf) => {
      if (shelf.openBeside === null) return;
      await store.declareSeries([declaration('chat-small')], MONDAY);
      const beside = shelf.openBeside();
      try {
        let repeated = 0;
        for (let minute = 0; minute < 20; minute += 1) {
          const samples = [sample({ scheduledAt: MONDAY + minute * MINUTE })];
          const results = await Promise.all([
            store.record({ samples, notRun: [] }),
            beside.record({ samples, notRun: [] }),
          ]);
          repeated += results[0].repeated + results[1].repeated;
        }
        assert.equal(repeated, 20);
        assert.equal((await everything(store)).length, 20);
      } finally {
        await beside.close();
      }
    });
  });
}

/** A sample as the store gives it back. */
/** A sample with what judging needs. */
export function attempted(one: Sample): StoredAttempt {
  return {
    probe: one.probe,
    target: one.target,
    region: one.region,
    scheduledAt: one.scheduledAt,
    purpose: one.purpose,
    outcome: one.outcome,
    validity: one.validity,
    status: one.status,
    ttftUs: one.ttftUs,
    totalUs: one.totalUs,
    promptTokens: one.usage?.promptTokens ?? null,
    completionTokens: one.usage?.completionTokens ?? null,
    gaveUpMs: gaveUpMs(one.outcome, () => one.phases),
    servedBy: one.servedBy,
  };
}

export function stored(recorded: Sample): StoredSample {
  const { evidence, ...rest } = recorded;
  return { ...rest, hasEvidence: evidence !== null };
}

async function everything(store: Store): Promise<readonly StoredSample[]> {
  return store.readSamples({ fromAt: 0, toAt: MONDAY + 365 * DAY });
}
