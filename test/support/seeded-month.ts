import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { commitmentOf } from '../../src/domain/contract/commitment.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { LiveReport } from '../../src/domain/live/live-report.ts';
import { withPools } from '../../src/domain/live/pooled-targets.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { createLiveMemory } from '../../src/pipeline/live/live-memory.ts';
import { countingIn, createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { createServer, type Web } from '../../src/web/server.ts';
import { DAY, declaration, failure, MINUTE, sample } from '../store/builders.ts';
import { contractOf } from './contract-bench.ts';
import { impatientClock } from './impatient-clock.ts';

/** Saturday 28 March 2026, 13:37:20 UTC: when the month is looked at. */
export const MONTH_AT = Date.UTC(2026, 2, 28, 13, 37, 20);
export const MONTH_FROM = MONTH_AT - 31 * DAY;
export const MONTH_TARGET = 'acme/pro/chat-small';

export type SeededMonth = {
  readonly url: string;
  readonly store: Store;
  readonly contract: Contract;
  readonly report: LiveReport;
  readonly recorded: Web['recorded'];
};

/** The contract of the month: the pro channel as it is shipped. */
export function proChannel(): Contract {
  return contractOf(
    readFileSync(join(import.meta.dirname, '../../probes/contracts/pro-channel.yaml'), 'utf8'),
  );
}

/** A month of minutes under the pro channel, counted, evaluated and served. Ends with the test. */
export async function serveSeededMonth(
  t: TestContext,
  over: Partial<LiveReport> = {},
  preparingPpm: number | null = null,
): Promise<SeededMonth> {
  const samples = Array.from({ length: (MONTH_AT - MONTH_FROM) / MINUTE - 1 }, (_, minute) => {
    const scheduledAt = MONTH_FROM + minute * MINUTE;
    // The last one is of an hour that is not over.
    if (minute % 1_499 < 2 || minute === 44_600) return failure({ scheduledAt, evidence: null });
    const ttftUs = 200_000 + ((minute * 7_919) % 250_000) + (minute % 131 === 0 ? 300_000 : 0);
    return sample({ scheduledAt, ttftUs, totalUs: ttftUs + 230_000 });
  });
  const data = { models: ['chat-small'], samples, fromAt: MONTH_FROM, at: MONTH_AT };
  return serveSeeded(t, proChannel(), data, over, preparingPpm);
}

/** Samples of models of `acme/pro`, from `fromAt` on, as they are served at `at`. */
export type SeededData = {
  readonly models: readonly string[];
  readonly samples: readonly Sample[];
  readonly fromAt: number;
  readonly at: number;
  /** The models that are still probed at `at`; all, unless given. */
  readonly kept?: readonly string[];
};

/** Samples under a contract, counted, evaluated and served. Ends with the test. */
export async function serveSeeded(
  t: TestContext,
  contract: Contract,
  { models, samples, fromAt, at, kept }: SeededData,
  over: Partial<LiveReport> = {},
  preparingPpm: number | null = null,
): Promise<SeededMonth> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  t.after(() => store.close());
  await store.declareSeries(
    models.map((model) => declaration(model)),
    fromAt,
  );
  await store.recordHistory({ samples, notRun: [] });
  const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => [] });
  const clock = impatientClock(at);
  await countDirty(store, scope, clock, () => false);
  if (kept !== undefined) {
    await store.declareSeries(
      kept.map((model) => declaration(model)),
      at,
    );
  }
  const { retired, bySlice, ...counted } = await createLiveMemory(store, scope, clock).evaluate(at);
  const report = { ...counted, targets: withPools(counted.targets, retired, bySlice), ...over };
  const web = createServer({
    store,
    clock: () => at,
    live: () => report,
    preparingPpm: () => preparingPpm,
    countingOf: (target) => countingIn(scope, target, at),
    settings: {
      title: 'Month',
      practice: false,
      timezone: 'UTC',
      locale: 'en',
      commitmentFor: () => commitmentOf(contract),
    },
    log: { error: ({ err }) => assert.fail(String(err)) },
  });
  const listening = await web.listen('127.0.0.1', 0);
  t.after(listening.close);
  return { url: listening.url, store, contract, report, recorded: web.recorded };
}
