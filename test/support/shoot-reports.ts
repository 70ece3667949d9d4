import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { startProbity } from './probity-process.ts';

const CONTRACT = 'pro-channel';
/** Of the printed statement: what it comes to, and the scope that was broken. */
const PAGES_SHOWN = [1, 2];

/**
 * Pictures of a frozen report of a running practice deployment: two printed pages side by side, and the owner's list.
 * `url`: of its pages; `data`: its folder. Needs pdftoppm (poppler-utils).
 */
export async function shootReports(browser: Browser, url: string, data: string, out: string): Promise<void> {
  const token = (await startProbity(['token', '--data', data]).ended).stdout.trim();
  const context = await browser.newContext({
    viewport: { width: 1_200, height: 800 },
    colorScheme: 'light',
    httpCredentials: { username: 'owner', password: token },
  });
  const page = await context.newPage();
  await page.goto(`${url}/owner`);
  const row = page.locator('tr', { hasText: 'breached' }).filter({ hasText: 'Pro channel' }).first();
  // Periods are closed after the past is written, one contract after the other, and so are their files.
  while ((await row.count()) === 0) {
    await page.waitForTimeout(1_000);
    await page.reload();
  }
  const files = page.locator(`a[href$="${CONTRACT}-${await row.locator('a').innerText()}.pdf"]`);
  await row.locator('a').click();
  while ((await files.count()) === 0) {
    await page.waitForTimeout(1_000);
    await page.reload();
  }
  const address = new URL((await files.getAttribute('href')) ?? '', url).href;
  const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
  const pdf = Buffer.from(await answer.arrayBuffer());
  // Files are written when every contract is closed.
  await page.goto(`${url}/owner`);
  await page.screenshot({ path: join(out, 'reports.png'), clip: { x: 0, y: 0, width: 1_200, height: 760 } });
  const folder = mkdtempSync(join(tmpdir(), 'probity-pages-'));
  try {
    const pictures = PAGES_SHOWN.map((number) => {
      const stem = join(folder, String(number));
      execFileSync(
        'pdftoppm',
        ['-r', '76', '-f', `${number}`, '-l', `${number}`, '-singlefile', '-png', '-', stem],
        {
          input: pdf,
        },
      );
      return readFileSync(`${stem}.png`).toString('base64');
    });
    const sheet = 'box-shadow: 0 1px 6px #0003; display: block; width: 600px';
    await page.setViewportSize({ width: 1_280, height: 900 });
    await page.goto('about:blank');
    await page.setContent(
      `<body style="margin: 0; padding: 24px; display: flex; gap: 24px; background: #e9e7e1">${pictures
        .map((picture) => `<img style="${sheet}" src="data:image/png;base64,${picture}">`)
        .join('')}</body>`,
    );
    await page.screenshot({ path: join(out, 'report.png'), fullPage: true });
  } finally {
    rmSync(folder, { recursive: true });
    await context.close();
  }
}
