import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { htmlPart } from '../../dashboards/mail/html-part.ts';
import type { Store } from '../../src/store/store.ts';
import { createServer } from '../../src/web/server.ts';
import { findChromium, launchChromium } from '../web/chromium.ts';
import { recordDeployment } from './deployment.ts';
import { startProbity } from './probity-process.ts';
import { openSceneIncident } from './scene-incident.ts';
import { SCENE_AT, SCENES, type Scene } from './scenes.ts';
import { shootReports } from './shoot-reports.ts';

/**
 * Makes the pictures of the README through the real server and a real browser: from the practice deployment as it starts
 * for everybody, the incident and its mail from a made-up one.
 */
const OUT = join(import.meta.dirname, '../../docs');
const MOST_BYTES = 300_000;

type Shot = {
  readonly file: string;
  readonly scene: Scene;
  readonly path: (store: Store) => Promise<string>;
  /** How much of the page is shown; the rest is cut off. */
  readonly height: number;
};

const SHOTS: readonly Shot[] = [
  {
    file: 'incident.png',
    scene: SCENES.troubled,
    path: async (store) => `/incidents/${await openSceneIncident(store)}`,
    height: 1_000,
  },
];

const chromium = findChromium();
if (chromium === null) throw new Error('screenshots need Chromium: apt-get install chromium');
mkdirSync(OUT, { recursive: true });
const browser = await launchChromium(chromium);
/** `practice`: only what the practice deployment shows. */
const isPracticeOnly = process.argv[2] === 'practice';
for (const { file, scene, path, height } of isPracticeOnly ? [] : SHOTS) {
  const store = await recordDeployment(scene.deployment, SCENE_AT - scene.spanMs, SCENE_AT - 3_000);
  const at = await path(store);
  const log = { error: ({ err }: { readonly err: unknown }) => Promise.reject(err) };
  const web = createServer({ store, clock: () => SCENE_AT, settings: scene.settings, log });
  const listening = await web.listen('127.0.0.1', 0);
  const page = await browser.newPage({ viewport: { width: 1_440, height }, colorScheme: 'light' });
  await page.goto(`${listening.url}${at}`);
  await page.locator('html.scripted').waitFor();
  const whole = Number(await page.evaluate('document.documentElement.scrollHeight'));
  const clip = { x: 0, y: 0, width: 1_440, height: Math.min(height, whole) };
  await page.screenshot({ path: join(OUT, file), fullPage: true, clip });
  await page.close();
  if (file === 'incident.png') await shootMail(store);
  await listening.close();
  await store.close();
  tellSize(file);
}
await shootPractice();
await browser.close();

function tellSize(file: string): void {
  const { size } = statSync(join(OUT, file));
  if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes; at most ${MOST_BYTES} are wanted`);
}

/** The HTML part of the mail about the same incident, as a mail reader shows it to somebody who has just been woken. */
async function shootMail(store: Store): Promise<void> {
  const id = await openSceneIncident(store);
  const [delivery] = await store.readDeliveries({ incident: id });
  if (delivery === undefined) throw new Error('nobody was told of the incident');
  const origin = 'https://watch.example.net';
  const acknowledge = `${origin}/incidents/${id}/acknowledge?token=example`;
  const page = await browser.newPage({ viewport: { width: 720, height: 500 }, colorScheme: 'dark' });
  await page.setContent(htmlPart(delivery.message, { page: `${origin}/incidents/${id}`, acknowledge }));
  await page.screenshot({ path: join(OUT, 'mail.png'), fullPage: true });
  await page.close();
  tellSize('mail.png');
}

/** Starts the program as the README says, and waits until its past is written and its last hour is counted. */
async function shootPractice(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'probity-pictures-'));
  const program = startProbity(['run', 'probes/practice', '--data', data, '--port', '0']);
  try {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 1_000 }, colorScheme: 'light' });
    await page.goto(await program.url);
    await page.locator('h1', { hasText: 'so far' }).waitFor({ timeout: 240_000 });
    await page.getByText('Writing the practice history').waitFor({ state: 'detached', timeout: 240_000 });
    // Thirty days of minutes are counted.
    await page
      .getByText(/30 days, n 4\d/)
      .first()
      .waitFor({ timeout: 60_000 });
    await page.screenshot({ path: join(OUT, 'overview.png') });
    const origin = await program.url;
    await page.setViewportSize({ width: 1_440, height: 1_240 });
    await page.goto(`${origin}/targets/practice/standard/deepseek-ai/DeepSeek-R1?span=30d`);
    await page.locator('.plot-readout').first().waitFor();
    await page.screenshot({ path: join(OUT, 'target.png') });
    await page.setViewportSize({ width: 1_440, height: 1_000 });
    await page.goto(`${origin}/compare?span=30d`);
    while ((await page.locator('.pair').count()) < 4) await page.reload();
    await page.screenshot({ path: join(OUT, 'compare.png') });
    await shootReports(browser, origin, data, OUT);
    const files = ['overview.png', 'target.png', 'compare.png', 'report.png', 'reports.png'];
    files.forEach(tellSize);
  } finally {
    program.signal('SIGTERM');
    await program.ended;
    rmSync(data, { recursive: true, force: true });
  }
}
