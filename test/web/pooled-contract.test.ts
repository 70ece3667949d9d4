import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { alertFactsOf } from '../../src/commands/run/start-live.ts';
import { evaluateBreach } from '../../src/domain/alert/alert-rule.ts';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, planTally } from '../../src/domain/contract/tally.ts';
import type { objectivesJson } from '../../src/domain/live/objective-json.ts';
import { lineOfSample } from '../../src/domain/measure/line-of-sample.ts';
import { DAY, failure, MINUTE, sample } from '../store/builders.ts';
import { contractOf } from '../support/contract-bench.ts';
import { serveSeeded } from '../support/seeded-month.ts';

const FROM = Date.UTC(2026, 2, 1);
const AT = FROM + 10 * DAY + 20_000;
const MODELS = ['large', 'small'] as const;

/** What is promised for everything behind a key together: March allows 89 of the 89,280 requests of two targets. */
const CONTRACT = `
id: c
version: "1"
scope: { dimensions: [tier] }
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.9" }
latency:
  - id: ttft
    metric: ttft_ms
    failures: miss
    form: whole_window_percentile
    p: 99
    op: "<"
    value: 500
    minSamples: 300
credits: { shape: ladder, ladder: [{ below: "99.9", percent: 10 }] }
`;

/** Ten days of minutes of two models, of which the first requests of each fail. */
async function served(
  t: TestContext,
  bad: readonly [large: number, small: number],
  yaml = CONTRACT,
  kept: readonly string[] = MODELS,
) {
  const samples = MODELS.flatMap((model, which) =>
    Array.from({ length: (10 * DAY) / MINUTE }, (_, minute) => {
      const at = { target: `acme/pro/${model}`, scheduledAt: FROM + minute * MINUTE };
      if (minute < (bad[which] ?? 0)) return failure({ ...at, evidence: null });
      const ttftUs = 300_000 + (minute % 90 === which ? 300_000 : 0);
      return sample({ ...at, ttftUs, totalUs: ttftUs + 100_000 });
    }),
  );
  const contract = contractOf(yaml);
  const seeded = await serveSeeded(t, contract, { models: MODELS, samples, fromAt: FROM, at: AT, kept });
  const read = (path: string): Promise<Response> =>
    fetch(`${seeded.url}${path}`, { headers: { connection: 'close' } });
  const api = (await (await read('/api/v1/objectives')).json()) as ReturnType<typeof objectivesJson>;
  const text = async (path: string): Promise<string> =>
    (await (await read(path)).text())
      .replace(/<[^>]*>/g, '')
      .replaceAll('\u202f', ' ')
      .replaceAll('&#x2F;', '/');
  const facts = alertFactsOf(seeded.report, () => contract);
  return { ...seeded, api, text, facts };
}

test('a contract over a whole tier stands the same in page, API, engine and alert', async (t) => {
  const { api, text, facts, store, contract } = await served(t, [60, 0]);
  const period = { label: 'x', fromAt: FROM, toAt: FROM + 10 * DAY, timezone: 'UTC', isWindow: false };
  const tally = emptyTally(planTally(period, [{ contract, maintenance: [] }]));
  const { byTarget } = await store.readDecided(FROM, AT);
  for (const attempts of byTarget.values()) {
    for (const attempt of attempts) accumulate(tally, lineOfSample(attempt));
  }
  const engine = evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] });

  for (const own of engine.objectives) {
    const shown = api.objectives.filter(({ id }) => id === `c/${own.id}`);
    assert.equal(shown.length, 2);
    for (const { windows, pool } of shown) {
      assert.deepEqual(
        [windows.period?.n, windows.period?.bad, windows.period?.result, pool?.targets, pool?.scope],
        [own.statement.n, own.statement.k, own.result, 2, 'acme/pro'],
        own.id,
      );
    }
  }
  const uptime = api.objectives.filter(({ kind }) => kind === 'availability');
  assert.deepEqual(
    uptime.map(({ budget }) => [budget?.used, budget?.allowed, budget?.left, budget?.isBreachCertain]),
    Array(2).fill([60, 89, 29, false]),
  );
  const told = facts.breaches.filter(({ objective }) => objective === 'c/availability');
  assert.deepEqual(
    told.map(({ certain, count, of }) => [certain, count?.bad, count?.allowed, of?.targets]),
    Array(2).fill([false, 60, 89, 2]),
  );

  assert.match(await text('/'), /March so far: 0 of 1 commitment on track, 1 behind/);
  assert.match(await text('/'), /Behind: acme\/pro, all 2 targets as one: uptime/);
  for (const model of MODELS) {
    const page = await text(`/targets/acme/pro/${model}`);
    assert.match(page, /99\.79 % good\s*n 28 800, 60 bad of all 2 targets of acme\/pro/);
    assert.match(page, /over budget|of budget left of all 2 targets of acme\/pro/);
    assert.doesNotMatch(page, /cannot be met any more/);
  }
});

test('what all targets of a tier lose together is certain on each of their pages and in the mail', async (t) => {
  const { api, text, facts } = await served(t, [50, 45]);
  assert.deepEqual(
    api.objectives.filter(({ kind }) => kind === 'availability').map(({ budget }) => budget?.isBreachCertain),
    [true, true],
  );
  assert.match(await text('/'), /March so far: 0 of 1 commitment on track, 1 breached/);
  for (const model of MODELS)
    assert.match(await text(`/targets/acme/pro/${model}`), /the period cannot be met any more/);
  const [breach] = facts.breaches;
  assert.ok(breach?.certain);
  assert.match(
    evaluateBreach(breach, AT).facts.finding,
    /: 95 requests of all 2 targets of acme\/pro failed, and the whole period allows 89$/,
  );
});

test('a contract over slices of a whole tier stands on each page as its slices of all targets together do', async (t) => {
  const slices = CONTRACT.replace(
    'method: occurrences',
    'method: ratio_timeslices, slice: 300s, emptySlice: good',
  );
  // Eight slices in which every request of one target of two failed, and the last one half: of 2,880 slices so far.
  const { api, text, facts } = await served(t, [42, 0], slices);
  const uptime = api.objectives.filter(({ kind }) => kind === 'availability');
  assert.deepEqual(
    uptime.map(({ budget, pool, windows }) => [
      budget?.used,
      budget?.unit,
      budget?.isBreachCertain,
      pool?.judged,
      windows.period?.result,
    ]),
    Array(2).fill([4.2, 'slices', false, 'by slice', 'breached']),
  );
  const told = facts.breaches.filter(({ objective }) => objective === 'c/availability');
  assert.deepEqual(
    told.map(({ certain, count, of }) => [certain, count?.unit, count?.allowed, of?.targets]),
    Array(2).fill([false, 'slice', 8, 2]),
  );
  const page = await text('/targets/acme/pro/large');
  assert.match(page, /99\.85 %\s*n 2 880, 9 bad of all 2 targets of acme\/pro/);
  assert.match(page, /of budget left of all 2 targets of acme\/pro/);
});

test('certain loss over slices of a whole tier is told before the month closes', async (t) => {
  const bad = CONTRACT.replace(
    'method: occurrences',
    'method: timeslices, slice: 60s, sliceBadWhen: { allFailed: true }, minRunSlices: 5, emptySlice: good',
  );
  const certain = async (each: readonly [number, number]) => {
    const { api, facts } = await served(t, each, bad);
    return [
      api.objectives.find(({ kind }) => kind === 'availability')?.budget?.used,
      facts.breaches.find(({ objective }) => objective === 'c/availability')?.certain,
    ];
  };
  // March allows 44 of its minutes: a minute is down where both targets are.
  assert.deepEqual(await certain([60, 44]), [44, false]);
  assert.deepEqual(await certain([60, 45]), [45, true]);
});

test('a target that is not probed any more counts to the end of the period with those it is judged with', async (t) => {
  const { api, facts, report } = await served(t, [50, 45], CONTRACT, ['large']);
  assert.deepEqual([...report.targets.keys()], ['acme/pro/large']);
  const [uptime] = api.objectives.filter(({ kind }) => kind === 'availability');
  assert.deepEqual(
    [uptime?.windows.period?.bad, uptime?.pool?.targets, uptime?.budget?.isBreachCertain],
    [95, 2, true],
  );
  assert.deepEqual(
    facts.breaches.filter(({ certain }) => certain).map(({ cell }) => cell),
    ['acme/pro/large'],
  );
});
