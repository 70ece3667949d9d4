import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { html } from '../../dashboards/html.ts';
import { htmlPart } from '../../dashboards/mail/html-part.ts';
import { textPart } from '../../dashboards/mail/text-part.ts';
import { reportFolder } from '../../src/commands/run/report-folder.ts';
import { ALERT_KINDS } from '../../src/domain/alert/alert.ts';
import { type Message, messageOf } from '../../src/domain/alert/message.ts';
import { compareByUrgency, type StatusView } from '../../src/domain/view/status-view.ts';
import { openSigningKey } from '../../src/evidence/signing-key.ts';
import type { Store } from '../../src/store/store.ts';
import { OWNER_TOKEN_FACT } from '../../src/web/owner.ts';
import { createServer, type WebOptions } from '../../src/web/server.ts';
import { HOUR } from '../store/builders.ts';
import { describedIncident, START } from './alert-builders.ts';
import { closeAt, writeReportFiles } from './closing.ts';
import { recordDeployment } from './deployment.ts';
import { MARCH, recordMonth } from './month.ts';
import { openSceneIncident } from './scene-incident.ts';
import { SCENE_AT, SCENES, type Scene } from './scenes.ts';

export type SceneName = keyof typeof SCENES;

const TOKEN = 'storybook';
const LINKS = { page: 'https://watch.example/incidents/x', acknowledge: 'https://watch.example/acknowledge' };

/** Asks the real server for a page and gives its text; the status does not matter. */
type Ask = (path: string) => Promise<string>;

/**
 * Writes every page and every mail into a folder, as files that a browser opens without a server: pages as the real
 * server answers them over made-up deployments, mails of every kind of alert. Returns the names of the files.
 *
 * @param out a folder that is replaced
 */
export async function writeStorybook(
  out: string,
  scenes: readonly SceneName[] = Object.keys(SCENES) as SceneName[],
): Promise<readonly string[]> {
  rmSync(out, { recursive: true, force: true });
  const written: string[] = [];
  const save = (name: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), content);
    written.push(name);
  };
  for (const name of scenes) await savePages(name, await pagesOf(SCENES[name]), save);
  const { reports, messages } = await closedMonth();
  await savePages('reports', reports, save);
  for (const [name, message] of [...alertMessages(), ...messages]) {
    save(`mail/${name}.html`, htmlPart(message, LINKS));
    save(`mail/${name}.txt`, textPart(message, LINKS));
  }
  save('index.html', indexOf(written));
  return written;
}

/** Pages by the path they were asked for, and the files they need by path. */
type Pages = { readonly pages: ReadonlyMap<string, string>; readonly files: ReadonlyMap<string, Buffer> };

async function pagesOf(scene: Scene): Promise<Pages> {
  const store = await recordDeployment(scene.deployment, SCENE_AT - scene.spanMs, SCENE_AT - 3_000);
  const hasOutage = scene === SCENES.troubled;
  const incident = hasOutage ? await openSceneIncident(store) : null;
  return serving({ store, clock: () => SCENE_AT, settings: scene.settings }, async (ask) => {
    const view = JSON.parse(await ask('/api/v1/status')) as StatusView;
    const [worst] = view.targets.toSorted(compareByUrgency);
    // Comparisons are worked out one after the other while somebody asks.
    for (let left = view.targets.length; left > 0; left -= 1) await ask('/compare');
    return [
      '/',
      '/compare',
      '/method',
      '/embed',
      '/incidents',
      '/nowhere',
      ...(worst === undefined ? [] : [`/targets/${worst.id.split('/').map(encodeURIComponent).join('/')}`]),
      ...(incident === null ? [] : [`/incidents/${incident}`]),
    ];
  });
}

type Named = readonly [name: string, message: Message];

/** The pages of a month with a breach, and what was mailed when it closed. */
async function closedMonth(): Promise<{ readonly reports: Pages; readonly messages: readonly Named[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-storybook-'));
  try {
    const key = openSigningKey(folder);
    const { store, closing } = await recordMonth({ key });
    await closeAt(closing, MARCH + 3 * HOUR);
    await writeReportFiles(store, folder);
    await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update(TOKEN).digest('hex'), MARCH);
    const messages = (await store.readDeliveries({})).map(
      ({ message }, index): Named => [`period-closed-${index + 1}`, message],
    );
    const reports = {
      folderOf: (period: string, contract: string) => reportFolder(folder, period, contract),
      publicKey: key.publicKey,
    };
    const { pages, files } = await serving(
      { store, clock: () => MARCH + 4 * HOUR, settings: SCENES.healthy.settings, reports },
      async () => ['/reports', '/reports/2027-02/pro', '/owner', '/owner/reports/2027-02/pro'],
    );
    const drawn = reportFolder(folder, '2027-02', 'pro');
    const statement = readdirSync(drawn).find((name) => name.endsWith('.html')) ?? '';
    const text = readFileSync(join(drawn, statement), 'utf8');
    return { reports: { pages: new Map([...pages, ['/statement', text]]), files }, messages };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts the server over a store, asks for the pages that `choose` names, and closes both. */
async function serving(
  options: Omit<WebOptions, 'log'> & { readonly store: Store },
  choose: (ask: Ask) => Promise<readonly string[]>,
): Promise<Pages> {
  const log = {
    error: ({ err }: { readonly err: unknown }) => {
      throw err;
    },
  };
  const listening = await createServer({ ...options, log }).listen('127.0.0.1', 0);
  const get = (path: string): Promise<Response> =>
    fetch(`${listening.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const ask: Ask = async (path) => (await get(path)).text();
  const pages = new Map<string, string>();
  const files = new Map<string, Buffer>();
  try {
    for (const path of await choose(ask)) pages.set(path, await ask(path));
    for (const page of pages.values()) {
      for (const [, path = ''] of page.matchAll(/(?:href|src)="(\/(?:assets\/[^"]+|favicon\.svg))"/g)) {
        if (!files.has(path)) files.set(path, Buffer.from(await (await get(path)).arrayBuffer()));
      }
    }
  } finally {
    await listening.close();
    await options.store.close();
  }
  return { pages, files };
}

/** Links lead to what was saved beside a page, and nowhere else. */
async function savePages(
  folder: string,
  { pages, files }: Pages,
  save: (name: string, content: string | Buffer) => void,
): Promise<void> {
  const names = new Map([...pages.keys()].map((path) => [path, `${nameOf(path)}.html`]));
  for (const [path, content] of files) save(join(folder, path), content);
  for (const [path, page] of pages) {
    const linked = page.replace(
      / (href|src|action)="([^"]*)"/g,
      (whole, attribute: string, value: string) => {
        const to = value.replace(/&#x([0-9a-f]+);/gi, (_, code) =>
          String.fromCodePoint(Number.parseInt(code, 16)),
        );
        if (!/^\/[^/]/.test(to) && to !== '/') return whole;
        const name = files.has(to) ? to.slice(1) : (names.get(to.split(/[?#]/)[0] ?? to) ?? '#');
        return ` ${attribute}="${name}"`;
      },
    );
    save(join(folder, names.get(path) ?? ''), linked);
  }
}

function nameOf(path: string): string {
  const words = decodeURIComponent(path)
    .split(/[^A-Za-z0-9.-]+/)
    .filter(Boolean);
  return words.length === 0 ? 'overview' : words.join('-').slice(0, 80);
}

/** Each kind of alert as it begins, is recalled and ends. */
function alertMessages(): readonly Named[] {
  return ALERT_KINDS.flatMap((kind) =>
    (['opened', 'reminder', 'recovered'] as const).map(
      (told): Named => [
        `${kind.replaceAll('_', '-')}-${told}`,
        messageOf({ ...describedIncident(), kind }, { told, sequence: 1 }, START + HOUR, false),
      ],
    ),
  );
}

function indexOf(written: readonly string[]): string {
  const folders = Map.groupBy(
    written.filter((name) => /\.(html|txt)$/.test(name)),
    (name) => dirname(name),
  );
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Every page and every mail</title>
<h1>Every page and every mail</h1>
${[...folders].map(
  ([folder, names]) => html`<h2>${folder}</h2>
<ul>${names.map((name) => html`<li><a href="${name}">${name.slice(folder.length + 1)}</a></li>`)}</ul>`,
)}
</html>
`.toString();
}
