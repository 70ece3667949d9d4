import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bucket } from '../../src/domain/live/bucket.ts';
import { NO_PHASES } from '../../src/domain/measure/observation.ts';
import {
  DAY,
  declaration,
  EVIDENCE,
  failure,
  HOUR,
  MINUTE,
  MONDAY,
  notRun,
  sample,
  target,
} from './builders.ts';
import { attempted, type Shelf } from './contract.ts';

const TARGET = 'acme/pro/chat-small';

function bucket(good: number): Bucket {
  return {
    outcomes: { ok: good, 'gateway.5xx': 2 },
    doubts: { clock_step: 1 },
    notRun: { missed: 3 },
    answers: [
      {
        kind: 'availability',
        counts: {
          good,
          bad: 2,
          excluded: 1,
          heldSlices: 57,
          missedSlices: 2,
          assumedGood: 0,
          assumedBad: 0,
          setAside: 1,
          withData: 59,
        },
        failedBySize: [1, 2],
        down: [MONDAY + 7 * MINUTE, MONDAY + 9 * MINUTE],
      },
      {
        kind: 'percentile',
        counts: { timed: 57, passed: 56, failed: 2, untimed: 0 },
        histogram: [3, 1, 2_000, 55, 5_000, 1],
      },
      { kind: 'attainment', counts: { held: 1, missed: 2, assumedGood: 3, assumedBad: 4, setAside: 5 } },
    ],
  };
}

/** What every engine promises about buckets and what they are counted from. */
export function bucketContract(name: string, open: () => Shelf): void {
  const promise = (sentence: string, body: (shelf: Shelf) => Promise<void>): void => {
    test(sentence, async () => {
      const shelf = open();
      try {
        await shelf.store.declareSeries([declaration('chat-small')], MONDAY);
        await body(shelf);
      } finally {
        await shelf.store.close();
        await shelf.discard();
      }
    });
  };

  describe(`${name}: buckets`, () => {
    promise(
      'what is recorded leaves its hour to be counted, once, and the latest hour comes first',
      async ({ store }) => {
        const later = sample({ scheduledAt: MONDAY + HOUR });
        await store.record({ samples: [sample(), later], notRun: [] });
        await store.record({ samples: [sample({ scheduledAt: MONDAY + MINUTE })], notRun: [] });
        assert.deepEqual(
          (await store.readDirty('hour', MONDAY + DAY, 9)).map(({ fromAt }) => fromAt),
          [MONDAY + HOUR, MONDAY],
        );
        assert.deepEqual(
          (await store.readDirty('hour', MONDAY + 2 * HOUR - 1, 9)).map(({ fromAt }) => fromAt),
          [MONDAY],
          'an hour that is not over is not offered',
        );
      },
    );

    promise('a repeated sample changes nothing, so nothing has to be counted again', async ({ store }) => {
      await store.record({ samples: [sample()], notRun: [] });
      const [span] = await store.readDirty('hour', MONDAY + DAY, 9);
      assert.ok(span);
      await store.writeBuckets('hour', span, []);
      await store.record({ samples: [sample()], notRun: [] });
      assert.deepEqual(await store.readDirty('hour', MONDAY + DAY, 9), []);
    });

    promise('a tick that did not run leaves its hour to be counted too', async ({ store }) => {
      await store.record({ samples: [], notRun: [notRun()] });
      assert.equal((await store.readDirty('hour', MONDAY + DAY, 9)).length, 1);
    });

    promise('an hour that got a sample while it was counted is counted again', async ({ store }) => {
      await store.record({ samples: [sample()], notRun: [] });
      const [seen] = await store.readDirty('hour', MONDAY + DAY, 9);
      assert.ok(seen);
      await store.record({ samples: [sample({ scheduledAt: MONDAY + MINUTE })], notRun: [] });
      await store.writeBuckets('hour', seen, []);
      assert.equal((await store.readDirty('hour', MONDAY + DAY, 9)).length, 1);
    });

    promise(
      'batches of an hour that goes on mark it once; what comes after its end while it is counted still counts',
      async ({ store }) => {
        const minute = (n: number) => ({
          samples: [sample({ scheduledAt: MONDAY + n * MINUTE })],
          notRun: [],
        });
        const dirty = () => store.readDirty('hour', MONDAY + DAY, 9);
        for (const n of [1, 2, 3]) await store.record(minute(n), MONDAY + n * MINUTE);
        assert.deepEqual(await dirty(), [{ fromAt: MONDAY, marks: 1 }]);
        const [seen] = await dirty();
        assert.ok(seen);
        await store.record(minute(59), MONDAY + HOUR);
        await store.writeBuckets('hour', seen, []);
        assert.equal((await dirty()).length, 1, 'it is counted again');
      },
    );

    promise(
      'attempts of every purpose are read with what judging needs, packed or not, and no others',
      async ({ store }) => {
        const samples = [
          sample(),
          failure({ scheduledAt: MONDAY + MINUTE }),
          sample({ scheduledAt: MONDAY + MINUTE, purpose: 'confirmation' }),
          sample({ scheduledAt: MONDAY + 2 * MINUTE }),
        ];
        await store.record({ samples, notRun: [] });
        const expected = samples.slice(1, 3).map(attempted);
        const read = () => store.readAttempts(MONDAY + MINUTE, MONDAY + 2 * MINUTE);
        assert.deepEqual(await read(), expected);
        await store.compact(MONDAY + DAY);
        assert.deepEqual(await read(), expected);
      },
    );

    promise('a counted hour leaves its day to be counted', async ({ store }) => {
      await store.record({ samples: [sample({ scheduledAt: MONDAY + 5 * HOUR })], notRun: [] });
      const [span] = await store.readDirty('hour', MONDAY + DAY, 9);
      assert.ok(span);
      await store.writeBuckets('hour', span, []);
      assert.deepEqual(
        (await store.readDirty('day', MONDAY + DAY, 9)).map(({ fromAt }) => fromAt),
        [MONDAY],
      );
      assert.deepEqual(await store.readDirty('day', MONDAY + DAY - 1, 9), []);
    });

    promise(
      'buckets read back as written, and writing a span again replaces all of it',
      async ({ store }) => {
        await store.declareSeries([declaration('chat-small'), declaration('chat-large')], MONDAY);
        const span = { fromAt: MONDAY, marks: 0 };
        await store.writeBuckets('hour', span, [
          { target: TARGET, basis: 'one', bucket: bucket(57) },
          { target: 'acme/pro/chat-large', basis: 'two', bucket: bucket(1) },
        ]);
        await store.writeBuckets('hour', span, [{ target: TARGET, basis: 'three', bucket: bucket(58) }]);
        await store.writeBuckets('day', span, [{ target: TARGET, basis: 'one', bucket: bucket(2_000) }]);
        assert.deepEqual(await store.readBuckets('hour', MONDAY, MONDAY + HOUR), [
          { target: TARGET, fromAt: MONDAY, basis: 'three', bucket: bucket(58) },
        ]);
        assert.deepEqual(await store.readBuckets('hour', MONDAY - HOUR, MONDAY), [], 'the end is exclusive');
        assert.equal((await store.readBuckets('day', MONDAY, MONDAY + 1)).length, 1);
        await store.writeBuckets('hour', { fromAt: MONDAY - HOUR, marks: 0 }, [
          { target: 'acme/pro/chat-large', basis: 'two', bucket: bucket(1) },
          { target: TARGET, basis: 'four', bucket: bucket(59) },
        ]);
        const own = await store.readBuckets('hour', MONDAY - HOUR, MONDAY + HOUR, TARGET);
        assert.deepEqual(
          own.map(({ fromAt, target, basis }) => [fromAt, target, basis]),
          [
            [MONDAY - HOUR, TARGET, 'four'],
            [MONDAY, TARGET, 'three'],
          ],
        );
        assert.deepEqual(own[0]?.bucket, bucket(59));
        assert.deepEqual(await store.readBuckets('hour', MONDAY + 1, MONDAY + HOUR, TARGET), []);
        assert.deepEqual(await store.readBuckets('hour', MONDAY, MONDAY + HOUR, 'never/declared/x'), []);
      },
    );

    promise(
      'what each slice came to reads back as written, beside buckets that do not tell it',
      async ({ store }) => {
        const [requests, times, share] = bucket(57).answers;
        assert.ok(requests?.kind === 'availability' && times && share?.kind === 'attainment');
        const runs = [
          MONDAY,
          7,
          1,
          0,
          0,
          MONDAY + 7 * MINUTE,
          2,
          0,
          1,
          0,
          MONDAY + 50 * MINUTE,
          1,
          300,
          0,
          4,
        ];
        const told: Bucket = {
          ...bucket(57),
          answers: [
            { ...requests, slices: { sliceMs: MINUTE, width: 3, runs } },
            times,
            {
              ...share,
              slices: { sliceMs: 5 * MINUTE, width: 4, runs: [MONDAY + HOUR / 2, 6, 5, 4, 0, 2_500_000_001] },
            },
          ],
        };
        const quiet: Bucket = {
          ...bucket(0),
          answers: [{ ...requests, slices: { sliceMs: MINUTE, width: 3, runs: [] } }, times, share],
        };
        for (const one of [told, quiet, bucket(57)]) {
          await store.writeBuckets('hour', { fromAt: MONDAY, marks: 0 }, [
            { target: TARGET, basis: 'one', bucket: one },
          ]);
          const [row] = await store.readBuckets('hour', MONDAY, MONDAY + 1);
          assert.deepEqual(row?.bucket, one);
        }
      },
    );

    promise('a renamed target keeps its buckets under its new id', async ({ store }) => {
      await store.writeBuckets('hour', { fromAt: MONDAY, marks: 0 }, [
        { target: TARGET, basis: 'one', bucket: bucket(57) },
      ]);
      const renamed = target('chat-tiny', { formerIds: [TARGET] });
      await store.declareSeries([declaration('chat-tiny', { target: renamed })], MONDAY + DAY);
      const [row] = await store.readBuckets('hour', MONDAY, MONDAY + HOUR);
      assert.equal(row?.target, 'acme/pro/chat-tiny');
      const [own] = await store.readBuckets('hour', MONDAY, MONDAY + HOUR, 'acme/pro/chat-tiny');
      assert.deepEqual(own, row);
    });

    promise(
      'one attempt decides each tick: a re-probe only where our own connection was stale',
      async ({ store }) => {
        const tick = (minute: number) => ({ scheduledAt: MONDAY + minute * MINUTE });
        await store.record({
          samples: [
            sample({ ...tick(0), ttftUs: 1 }),
            sample({ ...tick(1), outcome: 'client.stale_socket', ttftUs: null }),
            sample({ ...tick(1), purpose: 'reprobe', ttftUs: 2 }),
            sample({ ...tick(2), ttftUs: 3 }),
            sample({ ...tick(2), purpose: 'reprobe', ttftUs: 4 }),
            sample({ ...tick(3), purpose: 'confirmation', ttftUs: 5 }),
            failure(tick(4)),
          ],
          notRun: [notRun(tick(5)), notRun(tick(6))],
        });
        const readTicks = async () => {
          const { byTarget } = await store.readDecided(MONDAY, MONDAY + HOUR);
          return byTarget.get(TARGET);
        };
        const decided = await readTicks();
        assert.deepEqual(
          decided?.map(({ ttftUs }) => ttftUs),
          [1, 2, 3, null],
        );
        assert.equal(decided?.[3]?.status, 503);
        assert.equal(decided?.[0]?.promptTokens, 31);
        assert.deepEqual((await store.readDecided(MONDAY, MONDAY + HOUR)).notRun, [
          { target: TARGET, reason: notRun().reason, ticks: 2 },
        ]);
        while (await store.compact(MONDAY + DAY)) assert.ok(true);
        assert.deepEqual(await readTicks(), decided, 'dense storage tells the same');
      },
    );

    promise(
      'an attempt that a deadline of ours ended says when we gave up, packed or not',
      async ({ store }) => {
        const outcomes = ['timeout.headers', 'timeout.stall', 'timeout.gateway', 'gateway.5xx'] as const;
        const samples = outcomes.map((outcome, minute) =>
          failure({
            scheduledAt: MONDAY + minute * MINUTE,
            outcome,
            phases: { ...NO_PHASES, endUs: 59_999_600 },
          }),
        );
        await store.record({ samples, notRun: [] });
        const read = async () => {
          const { byTarget } = await store.readDecided(MONDAY, MONDAY + HOUR);
          return byTarget.get(TARGET)?.map(({ gaveUpMs }) => gaveUpMs);
        };
        assert.deepEqual(await read(), [60_000, 60_000, null, null]);
        while (await store.compact(MONDAY + DAY)) assert.ok(true);
        assert.deepEqual(await read(), [60_000, 60_000, null, null], 'dense storage tells the same');
      },
    );

    promise(
      'history stored at once reads like history recorded and compacted, evidence included',
      async ({ store, openBeside }) => {
        const samples = Array.from({ length: 120 }, (_, minute) =>
          minute % 50 === 7
            ? failure({ scheduledAt: MONDAY + minute * MINUTE, evidence: EVIDENCE })
            : sample({ scheduledAt: MONDAY + minute * MINUTE, ttftUs: 300_000 + minute }),
        );
        const batch = { samples, notRun: [notRun({ scheduledAt: MONDAY + 2 * HOUR })] };
        await store.recordHistory(batch);
        const read = await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + DAY });
        assert.deepEqual(
          read,
          samples.map(({ evidence, ...rest }) => ({ ...rest, hasEvidence: evidence !== null })),
        );
        assert.deepEqual(await store.record(batch), { recorded: 0, repeated: 121 });
        await store.recordHistory(batch);
        assert.equal((await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + DAY })).length, 120);
        assert.equal((await store.readNotRun({ fromAt: MONDAY, toAt: MONDAY + DAY })).length, 1);
        assert.deepEqual(
          (await store.readDirty('hour', MONDAY + DAY, 9)).map(({ fromAt }) => fromAt),
          [MONDAY + 2 * HOUR, MONDAY + HOUR, MONDAY],
        );
        const beside = openBeside?.();
        if (beside === undefined) return;
        assert.equal((await beside.readSamples({ fromAt: MONDAY, toAt: MONDAY + DAY })).length, 120);
        await beside.close();
      },
    );

    promise('history does not overwrite what was recorded live', async ({ store }) => {
      const live = sample({ scheduledAt: MONDAY + 3 * MINUTE, ttftUs: 42 });
      await store.record({ samples: [live], notRun: [] });
      await store.recordHistory({
        samples: [sample({ scheduledAt: MONDAY + 3 * MINUTE }), sample({ scheduledAt: MONDAY + 4 * MINUTE })],
        notRun: [],
      });
      const read = await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + HOUR });
      assert.deepEqual(
        read.map(({ ttftUs }) => ttftUs),
        [42, sample().ttftUs],
      );
    });
  });
}
