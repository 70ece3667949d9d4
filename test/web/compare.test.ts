import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import { comparePage } from '../../dashboards/compare.page.ts';
import type { CompareView } from '../../src/domain/view/compare-view.ts';
import { uncontracted } from '../../src/domain/view/history.ts';
import type { StatusView } from '../../src/domain/view/status-view.ts';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { countDirty } from '../../src/pipeline/live/roll-up.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { loadAssets } from '../../src/web/assets.ts';
import type { Edition } from '../../src/web/board.ts';
import { compareApiRoute } from '../../src/web/compare.route.ts';
import { createComparisons } from '../../src/web/comparisons.ts';
import type { WebContext } from '../../src/web/context.ts';
import { recordDeployment } from '../support/deployment.ts';
import { impatientClock } from '../support/impatient-clock.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { serveScene } from '../support/serve-scene.ts';

/** Asks until the comparison is whole: it is made in pieces. */
async function readWhole(url: string, span = '24h'): Promise<CompareView> {
  for (;;) {
    const view = (await (await fetch(`${url}/api/v1/compare?span=${span}`)).json()) as CompareView;
    if (view.pairs.length === view.expected) return view;
  }
}

test('a dearer tier that is slower, one that is faster and one that does not differ are told apart, the worst first', async (t) => {
  const { url } = await serveScene(t, SCENES.day);
  const { pairs } = await readWhole(url);
  const verdicts = Object.fromEntries(pairs.map(({ model, verdict }) => [model, verdict]));
  assert.equal(verdicts['deepseek-ai/DeepSeek-R1'], 'worse');
  assert.equal(verdicts['Qwen/Qwen3-32B'], 'better');
  assert.equal(pairs[0]?.verdict, 'worse');
  assert.equal(pairs.at(-1)?.verdict, 'better');
  const [worst] = pairs;
  assert.match(
    worst?.comparison.sentence ?? '',
    /^pro is slower in the tail than standard: p99 .*p [<=] 0\.\d+/,
  );
});

test('the figures of a tier are those of its samples', async (t) => {
  const { url, store } = await serveScene(t, SCENES.day);
  const { pairs, fromAt, toAt } = await readWhole(url);
  const windows = await store.summarise(fromAt, toAt);
  for (const { targets, comparison } of pairs) {
    targets.forEach((target, index) => {
      const window = windows.find((one) => one.target === target);
      const figures = comparison.tiers[index];
      assert.ok(window && figures);
      const { good = 0, bad = 0 } = window.counts;
      assert.deepEqual([figures.n, figures.failures], [good + bad, bad], target);
      const slowest = [
        ...window.ttftUs.map((us) => us / 1000),
        ...Array.from({ length: bad }, () => 'failed'),
      ];
      assert.equal(figures.p99, slowest[Math.ceil(slowest.length * 0.99) - 1], target);
    });
  }
});

test('the page prints the sentence of every pair', async (t) => {
  const { url } = await serveScene(t, SCENES.day);
  const { pairs } = await readWhole(url);
  const page = await (await fetch(`${url}/compare`)).text();
  assert.equal(page.match(/<li class="panel pair"/g)?.length, 4);
  const text = page
    .replace(/&#x([0-9A-Fa-f]+);/g, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll('&lt;', '<');
  for (const { comparison } of pairs) assert.ok(text.includes(comparison.sentence), comparison.sentence);
});

test('nothing is said of every model before every model was compared', async (t) => {
  const { url } = await serveScene(t, SCENES.day);
  const view = await readWhole(url);
  const heading = (shown: CompareView): string =>
    /<h1[^>]*>([^<]*)/.exec(comparePage(shown, loadAssets().names))?.[1] ?? '';
  const worst = view.pairs.filter(({ verdict }) => verdict === 'worse');
  assert.match(
    heading({ ...view, pairs: worst, expected: worst.length }),
    /not measurably better for any model/,
  );
  assert.equal(
    heading({ ...view, pairs: worst }),
    `Comparing: ${worst.length} of ${view.expected} pairs so far`,
  );
});

test('what was compared before there was a plan, or before the past was rewritten, is compared anew', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  t.after(() => store.close());
  const { url, rewritten, setNow } = await serveScene(t, SCENES.day, store);
  assert.equal((await readWhole(url)).expected, 0);
  const page = await (await fetch(url)).text();
  assert.match(page, /being worked out; this page fills by itself/, 'nobody says that there is no target');
  const { deployment, spanMs } = SCENES.day;
  const recorded = await recordDeployment(deployment, SCENE_AT - spanMs, SCENE_AT - 3_000);
  t.after(() => recorded.close());
  const names = new Map((await recorded.readTargets()).map((target) => [target.id, target]));
  const schedules = await recorded.readSchedules(0, SCENE_AT);
  await store.declareSeries(
    schedules.flatMap(({ probe, target: id, region, schedule }) => {
      const target = names.get(id);
      return target === undefined ? [] : [{ probe, target, region, schedule }];
    }),
    SCENE_AT - spanMs,
  );
  setNow(SCENE_AT + 10_000);
  rewritten();
  const before = await readWhole(url);
  assert.deepEqual([before.expected, before.pairs[0]?.comparison.tiers[0].n], [4, 0]);
  const all = await recorded.readSamples({ fromAt: 0, toAt: SCENE_AT });
  await store.record({ samples: all.map((one) => ({ ...one, evidence: null })), notRun: [] });
  setNow(SCENE_AT + 20_000);
  rewritten();
  let after = before;
  // The one before is shown until the new one is whole.
  for (let tries = 0; tries < 500 && after.pairs[0]?.comparison.tiers[0].n === 0; tries += 1) {
    after = await readWhole(url);
  }
  assert.equal(after.pairs[0]?.verdict, 'worse');
});

test('whoever asks before anything is compared is given one answer, prepared once', async (t) => {
  const { url, store } = await serveScene(t, SCENES.day);
  const view = (await (await fetch(`${url}/api/v1/status`)).json()) as StatusView;
  const never = Promise.withResolvers<never>();
  const stuck = { ...store, readDecided: () => never.promise };
  const comparisons = createComparisons(
    stuck,
    () => null,
    uncontracted,
    (error) => assert.fail(String(error)),
  );
  const edition: Edition = { no: 1, view, answers: new Map(), asked: new Map() };
  const board = { read: async () => edition, changed: () => {} };
  const app = express().get('/', compareApiRoute({ board } as WebContext, comparisons));
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).json() as Promise<CompareView>;
  const shown = await Promise.all(Array.from({ length: 5 }, ask));
  assert.deepEqual(
    shown.map(({ pairs, expected }) => [pairs.length, expected]),
    Array.from({ length: 5 }, () => [0, 4]),
  );
  assert.equal(edition.answers.size, 1);
});

test('a model offered at one tier only is compared with nothing', async (t) => {
  const { url } = await serveScene(t, SCENES['no-targets']);
  const view = await readWhole(url);
  assert.equal(view.expected, 0);
  assert.match(await (await fetch(`${url}/compare`)).text(), /nothing to compare/i);
});

test('weeks and months are compared from what is stored, with the counts of every request', async (t) => {
  const { url, store } = await serveScene(t, SCENES.day);
  const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
  await countDirty(store, scope, impatientClock(SCENE_AT), () => false);
  for (const span of ['7d', '30d']) {
    const { pairs, fromAt, toAt } = await readWhole(url, span);
    assert.equal(pairs.length, 4);
    assert.ok(toAt - fromAt >= (span === '7d' ? 7 : 30) * 86_400_000);
    const windows = await store.summarise(fromAt, toAt);
    for (const { targets, comparison, metric } of pairs) {
      assert.equal(metric, 'ttft');
      const own = targets.map((target, index) => {
        const window = windows.find((one) => one.target === target);
        const figures = comparison.tiers[index];
        assert.ok(window && figures);
        const { good = 0, bad = 0 } = window.counts;
        assert.deepEqual([figures.n, figures.failures], [good + bad, bad], target);
        const slowest = [
          ...window.ttftUs.map((us) => us / 1000),
          ...Array(bad).fill(Number.POSITIVE_INFINITY),
        ];
        const p99 = slowest[Math.ceil(slowest.length * 0.99) - 1];
        if (typeof figures.p99 === 'number') {
          assert.ok(figures.p99 >= p99 && figures.p99 <= p99 * (1 + 1 / 256), `${figures.p99} for ${p99}`);
        } else assert.equal(p99, Number.POSITIVE_INFINITY);
        return { slowest, over: figures.over };
      });
      const threshold = comparison.exceedances?.thresholdMs;
      assert.ok(typeof threshold === 'number');
      for (const { slowest, over } of own) {
        assert.equal(
          over,
          slowest.filter((ms) => ms > threshold).length,
          'over the threshold named, exactly',
        );
      }
    }
    const page = await (await fetch(`${url}/compare?span=${span}`)).text();
    assert.match(page, new RegExp(`span=${span}" aria-current="true"`));
  }
});

test('a span that nobody offers is refused', async (t) => {
  const { url } = await serveScene(t, SCENES['no-targets']);
  assert.equal((await fetch(`${url}/compare?span=5d`)).status, 400);
  assert.equal((await fetch(`${url}/api/v1/compare?span=5d`)).status, 400);
});
