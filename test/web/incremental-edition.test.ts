import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Commitment } from '../../src/domain/contract/commitment.ts';
import type { LiveReport } from '../../src/domain/live/live-report.ts';
import type { StatusView } from '../../src/domain/view/status-view.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { SeriesDeclaration, Store } from '../../src/store/store.ts';
import { createRecentWindow } from '../../src/web/recent-window.ts';
import { declaration, failure, HOUR, MINUTE, MONDAY, notRun, sample } from '../store/builders.ts';

const START = MONDAY + 10 * HOUR;

/** Two probes of one target, another target, and one that is renamed at times. */
const SERIES: readonly SeriesDeclaration[] = [
  declaration('a', { schedule: { kind: 'every', everyMs: 10_000, phaseMs: 3_000 } }),
  declaration('a', { probe: 'chat-json', schedule: { kind: 'every', everyMs: 30_000, phaseMs: 0 } }),
  declaration('b', { region: 'us-east' }),
  declaration('c', { schedule: { kind: 'cron', cron: '* * * * *', timezone: 'UTC', phaseMs: 0 } }),
];

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'sample'; readonly no: number; readonly agoMs: number; readonly how: How }
  | { readonly kind: 'not run'; readonly no: number; readonly agoMs: number }
  | { readonly kind: 'declare'; readonly kept: number; readonly everyMs: number }
  | { readonly kind: 'live' | 'no live' | 'preparing' | 'promise' | 'forget' };
type How = 'ok' | 'slow' | 'failed' | 'doubtful' | 'spoilt' | 'reprobe' | 'confirmation';

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 0, max: 8_000 }) }) },
  // A minute and more; and a clock that goes back.
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: -90_000, max: 200_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(-2 * HOUR, 11 * MINUTE, HOUR) }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('sample'),
      no: fc.nat(SERIES.length - 1),
      // Most answers come at once, some come late.
      agoMs: fc.oneof({ weight: 3, arbitrary: fc.nat(20_000) }, fc.nat(65 * MINUTE)),
      how: fc.constantFrom<How>(
        'ok',
        'ok',
        'slow',
        'failed',
        'failed',
        'doubtful',
        'spoilt',
        'reprobe',
        'confirmation',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('not run'),
      no: fc.nat(SERIES.length - 1),
      agoMs: fc.nat(120_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('declare'),
      kept: fc.integer({ min: 1, max: 15 }),
      everyMs: fc.constantFrom(10_000, 20_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('live', 'no live', 'preparing', 'promise', 'forget') }),
  },
) as fc.Arbitrary<Step>;

/** A deployment to which things happen, and a window that is told of them. */
function stage(store: Store) {
  let now = START;
  let live: LiveReport | null = null;
  let preparingPpm: number | null = null;
  let uptimePpm = 990_000;
  const commitmentFor = (): Commitment => ({
    contract: 'c',
    uptimePpm,
    ttftP99: { mostUs: 400_000, statedUs: 400_000, strict: false },
    totalP99: null,
  });
  const options = {
    // What earlier hours cost is read again now and then only, on purpose.
    store: { ...store, readHourCosts: async () => new Map() },
    settings: {
      title: 't',
      practice: false,
      timezone: 'UTC',
      locale: 'en',
      currencyOf: () => 'USD',
      commitmentFor,
    },
    live: () => live,
    preparingPpm: () => preparingPpm,
  };
  const lasting = createRecentWindow(options);

  const record = async (no: number, agoMs: number, how: How | 'not run'): Promise<void> => {
    const series = SERIES[no];
    assert.ok(series);
    const { probe, region } = series;
    const name = { probe, target: series.target.id, region, scheduledAt: now - agoMs };
    const made = {
      ok: () => sample(name),
      slow: () => sample({ ...name, ttftUs: 450_000 + agoMs, totalUs: 800_000 }),
      failed: () => failure(name),
      doubtful: () => sample({ ...name, validity: { kind: 'suspect', reason: 'event_loop_delay' } }),
      spoilt: () => failure({ ...name, outcome: 'client.stale_socket' }),
      reprobe: () => sample({ ...name, purpose: 'reprobe', ttftUs: 123_000 }),
      confirmation: () => failure({ ...name, purpose: 'confirmation' }),
    } as const;
    await store.record(
      how === 'not run'
        ? { samples: [], notRun: [notRun({ ...name, reason: 'skipped: quota' })] }
        : { samples: [made[how]()], notRun: [] },
    );
    lasting.touched(name.scheduledAt);
  };

  return {
    take: async (step: Step): Promise<void> => {
      switch (step.kind) {
        case 'pass':
          now += step.ms;
          break;
        case 'sample':
          await record(step.no, step.agoMs, step.how);
          break;
        case 'not run':
          await record(step.no, step.agoMs, 'not run');
          break;
        case 'declare':
          await store.declareSeries(
            SERIES.filter((_, no) => (step.kept & (1 << no)) !== 0).map((one) =>
              one.schedule.kind === 'every'
                ? { ...one, schedule: { ...one.schedule, everyMs: step.everyMs } }
                : one,
            ),
            now,
          );
          lasting.forget();
          break;
        case 'live': {
          const targets = SERIES.map(
            ({ target: { id } }) => [id, { target: id, objectives: [], days: [] }] as const,
          );
          live = { at: now, toAt: now, targets: new Map(targets), pendingHours: 0 };
          break;
        }
        case 'no live':
          live = null;
          break;
        case 'preparing':
          preparingPpm = preparingPpm === null ? 500_000 : null;
          break;
        case 'promise':
          uptimePpm = uptimePpm === 990_000 ? 500_000 : 990_000;
          break;
        case 'forget':
          lasting.forget();
          break;
      }
    },
    lasting: (): Promise<StatusView> => lasting.read(now),
    fromNothing: (): Promise<StatusView> => createRecentWindow(options).read(now),
  };
}

async function openStage() {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  await store.declareSeries(SERIES, START - 2 * HOUR);
  return { store, ...stage(store) };
}

test('a view made from the one before is the view made from nothing, whatever has happened in between', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(STEP, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 10 }),
      async (rounds) => {
        const { store, take, lasting, fromNothing } = await openStage();
        for (const steps of rounds) {
          for (const step of steps) await take(step);
          assert.deepEqual(await lasting(), await fromNothing());
        }
        await store.close();
      },
    ),
    { numRuns: 40 },
  );
});

test('a target in which nothing is new is the very same object, and one that was answered is another', async () => {
  const { store, take, lasting } = await openStage();
  await take({ kind: 'sample', no: 0, agoMs: 1_000, how: 'ok' });
  await take({ kind: 'sample', no: 2, agoMs: 1_000, how: 'ok' });
  const before = await lasting();
  await take({ kind: 'pass', ms: 2_000 });
  await take({ kind: 'sample', no: 2, agoMs: 500, how: 'ok' });
  const after = await lasting();
  const [a, b, c] = [0, 1, 2].map((index) => [before.targets[index], after.targets[index]] as const);
  assert.equal(a?.[0]?.id, 'acme/pro/a');
  assert.equal(a?.[0], a?.[1]);
  assert.notEqual(b?.[0], b?.[1]);
  assert.equal(b?.[1]?.series[0]?.good, 2);
  assert.equal(c?.[0], c?.[1]);
  await store.close();
});

test('after a clock that went back the last attempt is the last one that is not in the future', async () => {
  const { store, take, lasting, fromNothing } = await openStage();
  const last = (view: StatusView) => view.targets[0]?.series[0]?.last?.at;
  for (let minute = 0; minute < 3; minute += 1) {
    await take({ kind: 'sample', no: 0, agoMs: 1_000, how: 'ok' });
    assert.equal(last(await lasting()), START + minute * MINUTE - 1_000);
    await take({ kind: 'pass', ms: MINUTE });
  }
  await take({ kind: 'pass', ms: -3 * MINUTE - 500 });
  const view = await lasting();
  assert.equal(last(view), START - 1_000);
  assert.deepEqual(view, await fromNothing());
  await store.close();
});
