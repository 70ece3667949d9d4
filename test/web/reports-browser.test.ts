import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { reportFolder } from '../../src/commands/run/report-folder.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import type { Store } from '../../src/store/store.ts';
import { OWNER_TOKEN_FACT } from '../../src/web/owner.ts';
import { createServer, type Listening } from '../../src/web/server.ts';
import { HOUR } from '../store/builders.ts';
import { closeAt, openStore, writeReportFiles } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';
import { SCENES } from '../support/scenes.ts';
import { findChromium, launchChromium, SPARING, skipWithoutChromium } from './chromium.ts';
import { assertAccessible, openWatched } from './watched-page.ts';

const TOKEN = 'a-token-of-this-test';
const OWNER = { httpCredentials: { username: 'anybody', password: TOKEN } };

describe('reports in a real browser', { skip: skipWithoutChromium() }, () => {
  let folder = '';
  let store: Store;
  let served: Listening;
  let browser: Browser;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'probity-reports-'));
    const key = openSigningKey(folder);
    const month = await recordMonth({ key });
    store = month.store;
    await closeAt(month.closing, MARCH + 3 * HOUR);
    await writeReportFiles(store, folder);
    await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update(TOKEN).digest('hex'), MARCH);
    served = await serve(store, MARCH + 4 * HOUR);
    const path = findChromium();
    assert.ok(path, 'continuous integration needs Chromium: apt-get install chromium');
    browser = await launchChromium(path, SPARING);
  });
  after(async () => {
    await browser?.close();
    await served?.close();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function serve(from: Store, now: number): Promise<Listening> {
    const web = createServer({
      store: from,
      clock: () => now,
      settings: SCENES.healthy.settings,
      log: { error: ({ err }) => assert.fail(String(err)) },
      reports: {
        folderOf: (period, contract) => reportFolder(folder, period, contract),
        publicKey: openSigningKey(folder).publicKey,
      },
    });
    return web.listen('127.0.0.1', 0);
  }

  const PAGES = [
    ['the list of reports', '/reports', {}],
    ['a report', '/reports/2027-02/pro', {}],
    ['the owner’s list', '/owner', OWNER],
    ['the owner’s report', '/owner/reports/2027-02/pro', OWNER],
  ] as const;

  for (const [name, path, options] of PAGES) {
    test(`${name} is accessible, keeps to itself and fits from 320 to 1440 px, light and dark, with and without scripts`, async (t) => {
      const { page, complaints, status } = await openWatched(browser, t, `${served.url}${path}`, options);
      assert.equal(status, 200);
      await assertAccessible(page, { light: [1440, 768, 320], dark: [1440, 768, 320] });
      assert.deepEqual(complaints, []);
      const plain = await openWatched(browser, t, `${served.url}${path}`, {
        ...options,
        javaScriptEnabled: false,
      });
      assert.match((await plain.page.locator('main').textContent()) ?? '', /breached/);
    });
  }

  for (const width of [390, 320]) {
    test(`at ${width} px the owner sees what is owed, and until when, without moving the list sideways`, async (t) => {
      const { page } = await openWatched(browser, t, `${served.url}/owner/reports`, OWNER);
      await page.setViewportSize({ width, height: 844 });
      const list = page.getByRole('region', { name: 'Reports of 2027' });
      const hidden = `document.querySelector('.r-scroll').scrollWidth - document.querySelector('.r-scroll').clientWidth`;
      assert.equal(await page.evaluate(hidden), 0);
      for (const text of ['400.00 EUR', 'ready', '2027-03-30']) {
        const cell = list.getByRole('cell', { name: text });
        const box = await cell.boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${text} at ${JSON.stringify(box)}`);
      }
      // Whoever listens hears a table still.
      assert.equal(await list.getByRole('columnheader', { name: 'Credit' }).count(), 1);
    });
  }

  test('who has no token yet is told how to make one', async (t) => {
    const empty = openStore();
    const other = await serve(empty, MARCH);
    t.after(async () => {
      await other.close();
      await empty.close();
    });
    const { page, status } = await openWatched(browser, t, `${other.url}/owner`, {});
    assert.equal(status, 403);
    assert.match(
      (await page.locator('main').textContent()) ?? '',
      /No token was made yet.*npm run -s probity -- token/s,
    );
    await assertAccessible(page, { light: [1440, 768, 320], dark: [1440, 768, 320] });
  });

  test('the owner reaches every table and every file by the keyboard', async (t) => {
    const { page } = await openWatched(browser, t, `${served.url}/owner/reports/2027-02/pro`, OWNER);
    const reached = new Set<string>();
    for (let i = 0; i < 80; i += 1) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate(
        `document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''`,
      );
      reached.add(String(name).trim());
    }
    for (const name of ['PDF', 'claim pack', 'All statements', 'Ledger']) {
      assert.ok(reached.has(name), `${name} among ${[...reached].join(', ')}`);
    }
  });

  test('the report as a file needs nothing else, and is printed without what is only for screens', async (t) => {
    const files = reportFolder(folder, '2027-02', 'pro');
    const file = readdirSync(files).find((name) => name.endsWith('.html')) ?? '';
    const { page, complaints } = await openWatched(browser, t, pathToFileURL(join(files, file)).href, {});
    await assertAccessible(page, { light: [1440, 768, 320], dark: [1440, 768, 320] });
    assert.deepEqual(complaints, []);
    const pdf = await page.pdf({ format: 'A4' });
    assert.ok(pdf.length > 10_000);
    await page.emulateMedia({ media: 'print' });
    assert.equal(
      await page.evaluate("getComputedStyle(document.querySelector('.r-scroll')).overflowX"),
      'visible',
    );
  });
});
