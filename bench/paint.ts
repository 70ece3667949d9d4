/**
 * What a reader's browser does with the overview and with one target: 368 targets, ninety days of history, a real
 * Chromium. Largest contentful paint, and total blocking time (what tasks take beyond 50 ms each, from the first paint
 * until the page has been quiet for two seconds). https://web.dev/articles/tbt
 *
 *   npm run bench:paint
 */
import { loadavg } from 'node:os';
import { commitmentOf } from '../src/domain/contract/commitment.ts';
import { createLiveMemory } from '../src/pipeline/live/live-memory.ts';
import { countingIn, createLiveScope } from '../src/pipeline/live/live-scope.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { createServer } from '../src/web/server.ts';
import { impatientClock } from '../test/support/impatient-clock.ts';
import { proChannel } from '../test/support/seeded-month.ts';
import { findChromium, launchChromium } from '../test/web/chromium.ts';
import { writeNinetyDays } from './ninety-days.ts';

const NOW = Date.UTC(2026, 9, 3, 14, 3, 37);
const ROUNDS = 9;
const MODELS = 184;

const chromium = findChromium();
if (chromium === null) throw new Error('no Chromium found; set CHROMIUM to its path');

const contract = proChannel();
const targets = ['standard', 'pro'].flatMap((tier) =>
  Array.from({ length: MODELS }, (_, index) => {
    const model = `maker-${index % 7}/model-${String(index + 1).padStart(3, '0')}`;
    return { id: `acme/${tier}/${model}`, gateway: 'acme', tier, model, requestModel: model, formerIds: [] };
  }),
);
const opened = openSqliteStore(':memory:');
if (opened.kind !== 'opened') throw new Error('no store');
const { store } = opened;
const past = { targets, probe: 'chat-stream', region: 'local', everyMs: 60_000, contract, costNanos: null };
await writeNinetyDays(store, { ...past, now: NOW, hours: 2 });
const scope = createLiveScope({ versionsOf: () => [contract], plannedWorkOf: () => [] });
const report = await createLiveMemory(store, scope, impatientClock(NOW)).evaluate(NOW);
const web = createServer({
  store,
  clock: () => NOW,
  live: () => report,
  countingOf: (target) => countingIn(scope, target, NOW),
  settings: {
    title: 'AI gateway',
    practice: false,
    timezone: 'UTC',
    locale: 'en',
    tiers: ['standard', 'pro'],
    commitmentFor: () => commitmentOf(contract),
  },
  log: {
    error: ({ err }) => {
      throw err;
    },
  },
});
const { url, close } = await web.listen('127.0.0.1', 0);

type Paint = { readonly lcp: number; readonly tbt: number; readonly elements: number };

const OBSERVE = `
  window.paint = { lcp: 0, fcp: 0, tasks: [] };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.paint.lcp = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.paint.tasks.push([entry.startTime, entry.duration]);
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') window.paint.fcp = entry.startTime;
  }).observe({ type: 'paint', buffered: true });
`;

// The first edition of a start is bench:page's to measure.
await (await fetch(url)).arrayBuffer();
const browser = await launchChromium(chromium);

async function paintOf(path: string): Promise<Paint> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(OBSERVE);
  await page.goto(`${url}${path}`, { waitUntil: 'load', timeout: 180_000 });
  await page.waitForTimeout(2_000);
  const found = (await page.evaluate(`({
    lcp: window.paint.lcp,
    tbt: window.paint.tasks
      .filter(([at]) => at >= window.paint.fcp)
      .reduce((sum, [, ms]) => sum + Math.max(0, ms - 50), 0),
    elements: document.querySelectorAll('*').length,
  })`)) as Paint;
  await page.close();
  return found;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

console.log(
  `${targets.length} targets, 90 days of history; load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`,
);
for (const [name, path] of [
  ['overview', '/'],
  ['one target, 90 days', `/targets/${targets[0]?.id}?span=90d`],
  ['one target, 24 hours', `/targets/${targets[0]?.id}?span=24h`],
  ['comparison, 30 days', '/compare?span=30d'],
] as const) {
  await paintOf(path);
  const rounds: Paint[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await paintOf(path));
  const worst = (key: keyof Paint): string => Math.max(...rounds.map((one) => one[key])).toFixed(0);
  const median = (key: keyof Paint): string => middle(rounds.map((one) => one[key])).toFixed(0);
  console.log(
    `${name.padEnd(22)} LCP ${median('lcp')} ms (worst of ${ROUNDS}: ${worst('lcp')})   aim <= 1000   TBT ${median('tbt')} ms (worst ${worst('tbt')})   aim <= 100   ${median('elements')} elements`,
  );
}
await browser.close();
await close();
await store.close();
