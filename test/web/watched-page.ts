import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** A page, what it complained of so far, and what it asked of any origin but its own. */
export type WatchedPage = {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly status: number | null;
};

/** Of each browser, by what they were opened with. They end with it. */
const contexts = new WeakMap<Browser, Map<string, Promise<BrowserContext>>>();

/** A context starts processes of its own, which is more work than most pages are: those alike in all share one. */
function contextFor(
  browser: Browser,
  address: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const own = contexts.get(browser) ?? new Map<string, Promise<BrowserContext>>();
  contexts.set(browser, own);
  const key = JSON.stringify(options);
  const context = own.get(key) ?? openContext(browser, address, options);
  own.set(key, context);
  return context;
}

async function openContext(
  browser: Browser,
  address: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  if (address.startsWith('http:')) {
    // The process that draws ends with the last tab it draws for, and would be started anew for every test.
    await (await context.newPage()).goto(new URL('/favicon.svg', address).href);
  }
  return context;
}

/**
 * Opens an address in the light, in a tab of its own, which is closed when the test is over. Tests of one server share what a
 * browser keeps for its origin; Probity keeps nothing there.
 */
export async function openWatched(
  browser: Browser,
  t: TestContext,
  address: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await contextFor(browser, address, { colorScheme: 'light', ...options });
  const page = await context.newPage();
  t.after(() => page.close());
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const home = new URL(address);
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== home.origin || protocol !== home.protocol) complaints.push(`left us: ${request.url()}`);
  });
  const answer = await page.goto(address);
  return { page, complaints, status: answer?.status() ?? null };
}

/** What axe finds wrong. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    // @ts-expect-error axe has just been put into the page
    const { violations } = await globalThis.axe.run();
    return violations.flatMap((violation: { id: string; nodes: { html: string }[] }) =>
      violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 160)}`),
    );
  });
}

/** Fails where the page is wider than a window of one of these widths. */
export async function assertFits(page: Page, widths: readonly number[]): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const tooWide = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(tooWide, 0, `${width} px: ${tooWide} px too wide`);
  }
}

/** Fails where the page, just opened, is wider than its window or axe finds anything; loads it again in the dark. */
export async function assertAccessible(
  page: Page,
  { light, dark }: { readonly light: readonly number[]; readonly dark: readonly number[] },
): Promise<void> {
  for (const [colorScheme, widths] of [
    ['light', light],
    ['dark', dark],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    // In the light it was opened.
    if (colorScheme === 'dark') await page.reload();
    for (const width of widths) {
      await assertFits(page, [width]);
      assert.deepEqual(await violations(page), [], `${colorScheme} ${width} px`);
    }
  }
}
