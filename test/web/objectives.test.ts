import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, planTally } from '../../src/domain/contract/tally.ts';
import { lineOfSample } from '../../src/domain/measure/line-of-sample.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createServer } from '../../src/web/server.ts';
import { MONTH_AT, MONTH_FROM, MONTH_TARGET, serveSeededMonth } from '../support/seeded-month.ts';

type ApiWindow = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly n: number;
  readonly bad: number;
  readonly result: string | null;
  readonly value: { readonly exact?: string; readonly percent?: string; readonly ms?: number } | null;
  readonly statement?: { readonly verdict: string; readonly p: number | null };
};
type Api = {
  readonly objectives: readonly {
    readonly id: string;
    readonly kind: string;
    readonly windows: Readonly<Record<string, ApiWindow>>;
    readonly budget: { readonly left: number } | null;
  }[];
};

test('while a past is being written, the objectives say how far it is', async (t) => {
  for (const ppm of [400_000, null]) {
    const { url } = await serveSeededMonth(t, { pendingHours: 0 }, ppm);
    for (const path of ['/api/v1/objectives', `/api/v1/objectives?target=${MONTH_TARGET}`]) {
      const api = (await (await fetch(`${url}${path}`)).json()) as { preparingPpm: number | null };
      assert.equal(api.preparingPpm, ppm);
    }
  }
});

test('on a seeded month the page, the API and the engine say the same numbers', async (t) => {
  const { url, store, contract, report } = await serveSeededMonth(t);
  // The engine below holds up this thread, and with it the server: a connection kept alive would end meanwhile.
  const read = async (path: string): Promise<Response> =>
    fetch(`${url}${path}`, { headers: { connection: 'close' } });

  const api = (await (await read(`/api/v1/objectives?target=${MONTH_TARGET}`)).json()) as Api;
  const { byTarget } = await store.readDecided(MONTH_FROM, MONTH_AT);
  for (const name of ['24h', '7d', '30d', 'period'] as const) {
    const [first] = api.objectives;
    const window = first?.windows[name];
    assert.ok(window);
    const period = {
      label: name,
      fromAt: window.fromAt,
      toAt: window.toAt,
      timezone: 'UTC',
      isWindow: false,
    };
    const tally = emptyTally(planTally(period, [{ contract, maintenance: [] }]));
    for (const attempt of byTarget.get(MONTH_TARGET) ?? []) accumulate(tally, lineOfSample(attempt));
    const engine = evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] });
    for (const own of engine.objectives) {
      const shown = api.objectives.find(({ id }) => id === `pro-channel/${own.id}`)?.windows[name];
      assert.ok(shown, own.id);
      assert.deepEqual(
        [shown.n, shown.bad, shown.result, shown.statement?.verdict, shown.statement?.p],
        [own.statement.n, own.statement.k, own.result, own.statement.verdict, own.statement.p],
        `${own.id} over ${name}`,
      );
      if (own.kind === 'availability') assert.equal(shown.value?.exact, own.value?.exact);
      else {
        const [ms = 0, exact = 0] = [shown.value?.ms, own.value?.ms];
        assert.ok(ms >= exact && ms <= exact * (1 + 1 / 256), `${ms} ms for ${exact} ms`);
      }
    }
  }

  const page = await (await read('/')).text();
  const [uptime, ttft] = api.objectives;
  const month = uptime?.windows['30d'];
  assert.ok(month?.value?.percent && uptime?.budget && ttft);
  assert.match(page, /March so far: the commitment is behind|March so far: 0 of 1 commitment on track/);
  const floored = Math.floor(Number(month.value.percent) * 100) / 100;
  assert.ok(page.includes(`<b>${floored}\u202f%</b>`), `the page shows ${floored} %`);
  assert.ok(page.includes(`30 days, n ${String(month.n).replace(/\B(?=(\d{3})+$)/g, '\u202f')}`));
  const shownMs = Math.ceil(ttft.windows['30d']?.value?.ms ?? 0);
  assert.ok(page.includes(`${shownMs}\u202fms`), `the page shows ${shownMs} ms`);

  const metrics = await (await read('/metrics')).text();
  for (const { id, budget } of report.targets.get(MONTH_TARGET)?.objectives ?? []) {
    const labels = `{gateway="acme",tier="pro",model="chat-small",objective="${id}"}`;
    assert.ok(budget?.leftPpm);
    assert.ok(metrics.includes(`probity_objective_budget_left_ratio${labels} ${budget.leftPpm / 1e6}\n`), id);
    assert.ok(
      metrics.includes(`probity_objective_breach_certain${labels} ${Number(budget.isBreachCertain)}\n`),
    );
  }

  const detail = await (await read(`/targets/${MONTH_TARGET}`)).text();
  for (const { windows } of api.objectives) {
    for (const { n } of Object.values(windows)) {
      assert.ok(
        detail.includes(`n ${String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f')}`),
        `n ${n} is on the page`,
      );
    }
  }
});

test('objectives before the first evaluation are not there yet, and an unknown target never is', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  t.after(() => store.close());
  const web = createServer({
    store,
    clock: () => MONTH_AT,
    settings: { title: 'x', practice: false, timezone: 'UTC', locale: 'en', commitmentFor: () => null },
    log: { error: ({ err }) => assert.fail(String(err)) },
  });
  const listening = await web.listen('127.0.0.1', 0);
  t.after(listening.close);
  const early = await fetch(`${listening.url}/api/v1/objectives`);
  assert.equal(early.status, 503);
  assert.equal(early.headers.get('retry-after'), '5');
  assert.equal((await fetch(`${listening.url}/api/v1/objectives?target=none`)).status, 404);
});
