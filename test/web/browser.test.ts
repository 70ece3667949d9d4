import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { sample } from '../store/builders.ts';
import { evaluation, only, openedIncident, story } from '../support/alert-builders.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { MONTH_TARGET, serveSeededMonth } from '../support/seeded-month.ts';
import { type Served, serveScene } from '../support/serve-scene.ts';
import { findChromium, launchChromium, SPARING, skipWithoutChromium } from './chromium.ts';
import { assertAccessible, assertFits, openWatched, violations } from './watched-page.ts';

const TARGET = '/targets/global-apis/pro/deepseek-ai/DeepSeek-V3.2';

describe('in a real browser', { skip: skipWithoutChromium() }, () => {
  let browser: Browser;

  before(async () => {
    const path = findChromium();
    assert.ok(path, 'continuous integration needs Chromium: apt-get install chromium');
    browser = await launchChromium(path, SPARING);
  });
  after(() => browser?.close());

  /** A page of ours, which answers. */
  async function openPage(t: TestContext, url: string, path: string, options: BrowserContextOptions = {}) {
    const watched = await openWatched(browser, t, `${url}${path}`, options);
    assert.equal(watched.status, 200);
    return watched;
  }

  const PAGES = [
    ['the overview', 'troubled', '/'],
    ['the practice overview', 'practice', '/'],
    ['the overview of 200 models', 'many', '/?q=model-02'],
    ['hostile names', 'hostile', '/'],
    ['the empty overview', 'empty', '/'],
    ['a target', 'troubled', TARGET],
    ['a target over 90 days', 'troubled', `${TARGET}?span=90d`],
    ['the comparison', 'day', '/compare'],
    ['a comparison of hostile names', 'hostile', '/compare'],
    ['the method', 'troubled', '/method'],
    ['the overview in a frame', 'troubled', '/embed'],
    ['hostile names in a frame', 'hostile', '/embed'],
  ] as const;

  /** Scenes that are only looked at, each recorded and served once. */
  const standing = new Map<string, Promise<Served>>();
  const closing: (() => unknown)[] = [];
  after(() => Promise.all(closing.map((close) => close())));

  function standingScene(name: keyof typeof SCENES): Promise<Served> {
    const served =
      standing.get(name) ?? serveScene({ after: (close) => void closing.push(close) }, SCENES[name]);
    standing.set(name, served);
    return served;
  }

  for (const [name, scene, path] of PAGES) {
    test(`${name} is accessible, keeps to itself and fits from 320 to 3840 px, light and dark`, async (t) => {
      const { url } = await standingScene(scene);
      const { page, complaints } = await openPage(t, url, path);
      await assertAccessible(page, { light: [3840, 1440, 768, 320], dark: [1440, 768, 320] });
      assert.deepEqual(complaints, []);
    });
  }

  for (const [name, scene, path] of PAGES) {
    test(`${name} is whole and fits without JavaScript, from 320 to 1440 px`, async (t) => {
      const { url } = await standingScene(scene);
      const { page, complaints } = await openPage(t, url, path, { javaScriptEnabled: false });
      await assertFits(page, [1440, 768, 320]);
      assert.equal(await page.locator('h1').first().isVisible(), true);
      const waiting = page.getByText(/loading|enable javascript/i);
      assert.equal(await waiting.count(), 0, 'nothing waits for a script');
      for (const chart of await page.locator('svg.chart').all()) assert.equal(await chart.isVisible(), true);
      assert.deepEqual(complaints, []);
    });
  }

  test('incidents are accessible and fit, light and dark, with and without JavaScript', async (t) => {
    const { url, store } = await serveScene(t, SCENES.empty);
    const { incident, decision } = openedIncident();
    await store.saveDecision(decision);
    for (const path of ['/incidents', `/incidents/${incident.id}`]) {
      const { page, complaints } = await openPage(t, url, path);
      await assertAccessible(page, { light: [1440, 768, 320], dark: [1440, 768, 320] });
      assert.deepEqual(complaints, []);
      const plain = await openPage(t, url, path, { javaScriptEnabled: false });
      await assertFits(plain.page, [1440, 768, 320]);
      assert.equal(await plain.page.locator('h1').isVisible(), true);
      assert.deepEqual(plain.complaints, []);
    }
  });

  test('without JavaScript everything is there, and the form searches', async (t) => {
    const { url } = await serveScene(t, SCENES.many);
    const { page, complaints } = await openPage(t, url, '/', { javaScriptEnabled: false });
    assert.equal(await page.locator('.matrix tbody tr').count(), 200);
    await page.getByLabel('Search models').fill('model-023');
    await page.getByRole('button', { name: 'Apply' }).click();
    assert.equal(new URL(page.url()).searchParams.get('q'), 'model-023');
    assert.equal(await page.locator('.matrix tbody tr').count(), 1);
    assert.match((await page.locator('.matrix tbody tr').textContent()) ?? '', /Down/);
    await page
      .getByRole('link', { name: /Down.*model-023/ })
      .last()
      .click();
    assert.match((await page.locator('h1').textContent()) ?? '', /model-023-instruct/);
    assert.deepEqual(complaints, []);
  });

  test('typing filters at once, the address follows, and focus stays', async (t) => {
    const { url } = await serveScene(t, SCENES.many);
    const { page, complaints } = await openPage(t, url, '/');
    await page.keyboard.press('/');
    await page.keyboard.type('model-04');
    await page.getByRole('heading', { name: /^10 models/ }).waitFor();
    assert.equal(await page.locator('.matrix tbody tr').count(), 10);
    assert.equal(new URL(page.url()).search, '?q=model-04');
    assert.equal(await page.evaluate('document.activeElement.name'), 'q');
    assert.equal(await page.getByLabel('Search models').inputValue(), 'model-04');
    await page.getByLabel('Search models').fill('');
    await page.getByRole('heading', { name: /^200 models/ }).waitFor();
    assert.equal(await page.locator('.matrix tbody tr').count(), 200);
    assert.equal(new URL(page.url()).search, '');
    assert.deepEqual(complaints, []);
  });

  test('new samples appear by themselves, and the reader stays where they were', async (t) => {
    const { url, store, changed, setNow } = await serveScene(t, SCENES.troubled);
    const { page, complaints } = await openPage(t, url, '/', { viewport: { width: 800, height: 500 } });
    const row = page.locator('tr', { hasText: 'Kimi-K2.5' });
    await row.getByRole('link', { name: /Not measured/ }).waitFor();
    await row.getByRole('link').last().focus();
    const before = await page.evaluate('[scrollY, document.activeElement.href]');
    await store.record({
      samples: [sample({ target: 'global-apis/standard/moonshotai/Kimi-K2.5', scheduledAt: SCENE_AT })],
      notRun: [],
    });
    setNow(SCENE_AT + 2_000);
    changed();
    await row.getByRole('link', { name: /^Up.*standard/ }).waitFor();
    assert.deepEqual(await page.evaluate('[scrollY, document.activeElement.href]'), before);
    await page.locator('#live[data-state=live]').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('a page that cannot be had any more does not go on calling itself live, and does again when it can', async (t) => {
    const { url, changed, setNow } = await serveScene(t, SCENES.healthy);
    const { page } = await openPage(t, url, '/');
    const live = page.locator('#live');
    await page.locator('#live[data-state=live]').waitFor();
    const isPage = (address: URL): boolean => address.pathname === '/';
    await page.route(isPage, (route) => route.fulfill({ status: 500, body: '' }));
    setNow(SCENE_AT + 3_000);
    changed();
    await page.locator('#live[data-state=lost]').waitFor();
    assert.equal(await live.innerText(), 'Out of date');
    await page.unroute(isPage);
    setNow(SCENE_AT + 6_000);
    changed();
    await page.locator('#live[data-state=live]').waitFor();
  });

  test('every cell is reached and opened by keyboard alone', async (t) => {
    const { url } = await serveScene(t, SCENES.healthy);
    const { page } = await openPage(t, url, '/');
    const reached = new Set<string>();
    for (let press = 0; press < 40; press += 1) {
      await page.keyboard.press('Tab');
      const href: string = await page.evaluate('document.activeElement.getAttribute("href") ?? ""');
      if (href.startsWith('/targets/')) reached.add(href);
    }
    assert.equal(reached.size, 8);
    await page.keyboard.press('Shift+Tab');
    await page.locator('td a.state').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/targets\//);
  });

  test('the charts are read stretch by stretch with the keyboard, and say the numbers of the table', async (t) => {
    const { url } = await serveScene(t, SCENES.troubled);
    const { page, complaints } = await openPage(t, url, TARGET);
    const chart = page.getByRole('slider', { name: /^Time to first token/ });
    await chart.focus();
    await page.keyboard.press('Home');
    const said = (await chart.getAttribute('aria-valuetext')) ?? '';
    await page.getByText('The numbers behind the lines').click();
    const row = await page.locator('details tbody tr').first().innerText();
    const [stretch, , , , p50] = row.split('\t').map((cell) => cell.trim());
    assert.ok(said.startsWith(`${stretch}: `), `${said} is about ${stretch}`);
    assert.ok(said.includes(`p50 ${p50},`), `${said} says ${p50}`);
    await chart.focus();
    await page.keyboard.press('End');
    assert.match((await chart.getAttribute('aria-valuetext')) ?? '', /no answers, \d+ failures$/);
    assert.equal(await page.locator('svg.chart').first().isVisible(), false);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(complaints, []);
  });

  test('another span is shown without leaving the page, and the chart follows', async (t) => {
    const { url } = await serveScene(t, SCENES.troubled);
    const { page, complaints } = await openPage(t, url, TARGET);
    const chart = page.getByRole('slider', { name: /^Total time/ });
    assert.equal(await chart.getAttribute('aria-valuemax'), '29');
    await page.getByRole('link', { name: '6 h', exact: true }).click();
    await page.locator('[role=slider][aria-valuemax="35"]').first().waitFor();
    assert.equal(new URL(page.url()).search, '?span=6h');
    await page.goBack();
    await page.locator('[role=slider][aria-valuemax="29"]').first().waitFor();
    assert.deepEqual(complaints, []);
  });

  test('one jumps to any of 362 targets by typing a part of its name', async (t) => {
    const { url } = await serveScene(t, SCENES.many);
    const { page, complaints } = await openPage(t, url, '/method');
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Jump to' });
    await page.getByText('12 of').waitFor();
    await page.keyboard.type('pro 023');
    await page.getByText('1 found').waitFor();
    assert.deepEqual(await violations(page), []);
    assert.match((await page.getByRole('option', { selected: true }).textContent()) ?? '', /model-023.*down/);
    assert.equal(await field.getAttribute('aria-activedescendant'), 'palette-0');
    await page.keyboard.press('Escape');
    assert.equal(await field.isVisible(), false);
    await page.keyboard.press('Control+k');
    await page.getByText('12 of').waitFor();
    await page.keyboard.type('.*[(\\');
    await page.getByText('Nothing matches').waitFor();
    await field.fill('');
    await page.keyboard.type('model-041 standard');
    await page.getByText('1 found').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/targets\/.*model-041-instruct$/);
    assert.deepEqual(complaints, []);
  });

  test('what the provider sent is text on every page', async (t) => {
    const { url } = await serveScene(t, SCENES.hostile);
    const { page, complaints } = await openPage(t, url, '/');
    const links = await page
      .locator('td a.state')
      .evaluateAll((all) => all.map((link) => String(link.getAttribute('href'))));
    assert.equal(links.length, 10);
    assert.equal(await page.locator('main script:not(.plot-data), main img, main i').count(), 0);
    const [script] = links.filter((link) => link.includes('script'));
    await page.goto(`${url}${script}`);
    assert.match((await page.locator('h1').textContent()) ?? '', /<script>alert\(1\)<\/script>/);
    await page.locator('details.failure').first().locator('summary').click();
    assert.equal(await page.locator('main script:not(.plot-data), main img').count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('no name, however long or crooked, widens a page, leaves its place or reaches a header', async (t) => {
    const { url, store } = await serveScene(t, SCENES.hostile);
    const crooked = `\u202E<script>alert(3)</script>\u0007${'z'.repeat(10_000)}`;
    const { incident, decision } = openedIncident();
    const [cell] = incident.cells;
    const [failure] = cell?.facts.failures ?? [];
    assert.ok(cell && failure);
    const facts = {
      ...cell.facts,
      finding: crooked,
      failures: [{ ...failure, requestId: crooked, region: crooked }],
    };
    const cells = [{ ...cell, cell: `acme/pro/${crooked}`, facts }];
    await store.saveDecision({ ...decision, incidents: [{ ...incident, cells }] });
    const { page, complaints } = await openPage(t, url, '/', { viewport: { width: 320, height: 700 } });
    const links = await page
      .locator('td a.state')
      .evaluateAll((all) => all.map((link) => String(link.getAttribute('href'))));
    const places = [
      ...links,
      ...links.slice(0, 4).map((link) => `${link}?span=30d`),
      '/incidents',
      `/incidents/${incident.id}`,
      '/compare?span=7d',
    ];
    for (const path of places) {
      const answer = await page.goto(`${url}${path}`);
      assert.equal(answer?.status(), 200);
      for (const value of Object.values((await answer?.allHeaders()) ?? {})) {
        assert.match(value, /^[\x20-\x7e\n]{0,1000}$/);
      }
      assert.equal(await page.locator('main script:not(.plot-data), main img, main i').count(), 0, path);
      for (const width of [320, 1440]) {
        await page.setViewportSize({ width, height: 700 });
        const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(tooWide) <= 0, `${path.slice(0, 60)} is ${tooWide} px too wide at ${width}`);
      }
    }
    assert.deepEqual(complaints, []);
  });

  test('a time says at the pointer what it is in the zone of the reader', async (t) => {
    const { url, store } = await serveScene(t, SCENES.healthy);
    const { incident, decision } = openedIncident();
    await store.saveDecision(decision);
    const { page } = await openPage(t, url, `/incidents/${incident.id}`);
    const time = page.locator('.facts time').first();
    await time.hover();
    const own = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(
      incident.startedAt,
    );
    assert.equal(await time.getAttribute('title'), `${own} your time`);
  });

  test('a day of the ninety is told to the arrow keys and to the pointer, with the incidents of that day', async (t) => {
    const { url, store } = await serveSeededMonth(t);
    const at = Date.UTC(2026, 2, 28, 9);
    const { step, incidents, events } = story();
    step(at, [evaluation(MONTH_TARGET, 'bad', at)]);
    await store.saveDecision({ incidents: [only(incidents)], events, messages: [], spendsLink: null, at });
    const { page, complaints } = await openPage(t, url, '/');
    await page.locator('td a.state').first().focus();
    await page.keyboard.press('ArrowLeft');
    const tip = page.locator('.tip.is-shown');
    await tip.getByText(/^Sat,? 28 Mar \(UTC\): .*\nDown: chat-small \(pro\)$/).waitFor();
    await page.keyboard.press('ArrowLeft');
    await tip.getByText(/^Fri,? 27 Mar \(UTC\): 99\.\d+\u202f% of 1\u202f440, \d failed$/).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await tip.count(), 0);
    const box = await page.locator('svg.days').first().boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 1, box.y + box.height / 2);
    await tip.getByText(/\(UTC\): not measured/).waitFor();
    assert.deepEqual(complaints, []);
  });
});
