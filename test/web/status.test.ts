import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Store } from '../../src/store/store.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { serveScene } from '../support/serve-scene.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

/** A request as it is on the wire: no decompression, no redirect, any method. */
function ask(url: string, method = 'GET', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the page and its twin tell the same numbers', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const page = (await ask(url)).body.toString();
  const view = JSON.parse((await ask(`${url}/api/v1/status`)).body.toString());
  assert.equal(view.targets.length, 8);
  assert.match(page, /4 of 8 commitments off target/);
  assert.equal(view.byStanding.missed, 4);
  const down = view.targets.find((target: { health: string }) => target.health === 'down');
  assert.equal(down.id, 'global-apis/pro/deepseek-ai/DeepSeek-V3.2');
  const [lead] = down.series;
  const floored = (Math.floor((lead.good * 10_000) / (lead.good + lead.bad)) / 100).toFixed(2);
  assert.ok(page.includes(`<b>${floored}\u202f%</b>`), `the page prints ${floored} %`);
  assert.equal(lead.slots.bad.length, 60);
  assert.equal(
    lead.slots.bad.reduce((sum: number, n: number) => sum + n, 0),
    lead.bad,
  );
});

test('the hour summed from minutes is the hour the store summarises at once', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  const view = JSON.parse((await ask(`${url}/api/v1/status`)).body.toString());
  const windows = await store.summarise(view.fromAt, view.toAt);
  for (const target of view.targets) {
    const window = windows.find((one) => one.target === target.id);
    assert.ok(window);
    const [lead] = target.series;
    assert.deepEqual(
      { good: lead.good, bad: lead.bad, n: lead.ttft.n, maxUs: lead.ttft.maxUs },
      {
        good: window.counts.good,
        bad: window.counts.bad,
        n: window.ttftUs.length,
        maxUs: window.ttftUs.at(-1),
      },
    );
    assert.equal(lead.ttft.p99Us, window.ttftUs[Math.ceil(window.ttftUs.length * 0.99) - 1]);
  }
});

test('a reader who has the page gets 304, and the page again once it has changed', async (t) => {
  const { url, setNow, changed } = await serveScene(t, SCENES.healthy);
  const first = await ask(url);
  const etag = String(first.headers.etag);
  assert.equal((await ask(url, 'GET', { 'If-None-Match': etag })).status, 304);
  setNow(SCENE_AT + 2_000);
  changed();
  const later = await ask(url, 'GET', { 'If-None-Match': etag });
  assert.equal(later.status, 200);
  assert.notEqual(later.headers.etag, etag);
});

test('every encoding carries the same page', async (t) => {
  const { url } = await serveScene(t, SCENES.many);
  const plain = await ask(url);
  const gzip = await ask(url, 'GET', { 'Accept-Encoding': 'gzip' });
  const brotli = await ask(url, 'GET', { 'Accept-Encoding': 'gzip, br' });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  assert.equal(brotli.headers['content-encoding'], 'br');
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  assert.deepEqual(brotliDecompressSync(brotli.body), plain.body);
  assert.ok(brotli.body.length < 150_000, `362 targets weigh ${brotli.body.length} bytes`);
  assert.equal(brotli.headers.vary, 'Accept-Encoding');
});

test('HEAD answers like GET without the body', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const get = await ask(url);
  const head = await ask(url, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.equal(head.headers['content-length'], String(get.body.length));
});

test('what does not exist is 404 and what would write is 405', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const page = await ask(`${url}/nothing`, 'GET', { Accept: 'text/html' });
  assert.equal(page.status, 404);
  assert.match(page.body.toString(), /There is no such page/);
  const api = await ask(`${url}/api/v1/nothing`);
  assert.equal(api.status, 404);
  assert.equal(JSON.parse(api.body.toString()).error.code, 'not_found');
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const refused = await ask(`${url}/api/v1/status`, method);
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.allow, 'GET, HEAD');
  }
  assert.equal((await ask(`${url}/%c3%28`)).status, 404);
});

test('the filter, the order and the search are in the address', async (t) => {
  const { url } = await serveScene(t, SCENES.many);
  const rows = (body: Buffer): string[] =>
    [...body.toString().matchAll(/data-key="([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.equal(rows((await ask(url)).body).length, 200);
  assert.deepEqual(rows((await ask(`${url}/?q=MODEL-02+qwen`)).body), [
    'global-apis/Qwen&#x2F;model-022-instruct',
    'global-apis/Qwen&#x2F;model-027-instruct',
  ]);
  assert.deepEqual(rows((await ask(`${url}/?state=down`)).body), [
    'global-apis/moonshotai&#x2F;model-023-instruct',
  ]);
  assert.equal(
    rows((await ask(`${url}/?sort=urgency`)).body)[0],
    'global-apis/moonshotai&#x2F;model-023-instruct',
  );
  assert.match((await ask(`${url}/?q=nothing-like-this`)).body.toString(), /No target matches/);
});

/** Query, and the message it must cause. */
const BAD_QUERIES: readonly (readonly [path: string, status: number, code: string, message: RegExp])[] = [
  ['/api/v1/samples?from=yesterday', 400, 'invalid', /^from must be an instant such as/],
  ['/api/v1/samples?from=2026-10-03T14:00:00', 400, 'invalid', /^from must be an instant/],
  ['/api/v1/samples?from=2026-02-30&to=2026-03-05', 400, 'invalid', /^from must be an instant/],
  ['/api/v1/samples?from=200&to=100', 400, 'invalid', /^from must be before to$/],
  ['/api/v1/samples?limit=0', 400, 'invalid', /^limit must be a whole number from 1 to 1000$/],
  ['/api/v1/samples?limit=1001', 400, 'invalid', /^limit must be/],
  ['/api/v1/samples?limit=1e3', 400, 'invalid', /^limit must be/],
  ['/api/v1/samples?limit=1&limit=2', 400, 'invalid', /^limit must be given once$/],
  ['/api/v1/samples?target=a/b/c', 404, 'not_found', /^no target has that id$/],
  ['/?state=sideways', 400, 'invalid', /^state is not one of the known states$/],
  ['/?sort=sideways', 400, 'invalid', /^sort is not one of the known orders$/],
];

for (const [path, status, code, message] of BAD_QUERIES) {
  test(`${path} is answered with ${status}`, async (t) => {
    const { url } = await serveScene(t, SCENES.healthy);
    const answer = await ask(`${url}${path}`, 'GET', { Accept: 'application/json' });
    assert.equal(answer.status, status);
    const { error } = JSON.parse(answer.body.toString());
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}

test('samples come newest first, bounded, and say whether there are more', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const target = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';
  const read = async (query: string) =>
    JSON.parse(
      (await ask(`${url}/api/v1/samples?target=${encodeURIComponent(target)}&${query}`)).body.toString(),
    );
  const page = await read('limit=5');
  assert.equal(page.samples.length, 5);
  assert.equal(page.more, true);
  const ticks = page.samples.map((sample: { scheduledAt: number }) => sample.scheduledAt);
  assert.deepEqual(
    ticks,
    ticks.toSorted((a: number, b: number) => b - a),
  );
  assert.equal(page.samples[0].outcome, 'gateway.5xx');
  const from = ticks[4];
  const bounded = await read(`from=${from}&to=${ticks[0]}`);
  assert.equal(bounded.samples.length, 4, 'from is inclusive, to is exclusive');
  assert.equal(bounded.more, false);
});

test('a long answer, put together in pieces, holds the newest attempts in order, each once', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  const span = { fromAt: SCENE_AT - 3_600_000, toAt: SCENE_AT };
  const answer = await ask(`${url}/api/v1/samples?from=${span.fromAt}&to=${span.toAt}&limit=777`);
  const { samples, more } = JSON.parse(answer.body.toString());
  assert.equal(more, true);
  const newest = await store.readSamples({ ...span, order: 'newest-first', limit: samples.length });
  assert.deepEqual(samples, JSON.parse(JSON.stringify(newest)));
  assert.ok(samples.length > 777 - 10 && samples.length <= 777, `${samples.length} of 777`);
});

test('packed hours are read target by target: without one the answer ends before them, and says so', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  while (await store.compact(SCENE_AT - 1_800_000));
  const edge = await store.readPackedUntil();
  assert.ok(edge > SCENE_AT - 7_200_000, 'something is packed');
  const target = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';
  const read = async (query: string) => {
    const { status, body } = await ask(`${url}/api/v1/samples?limit=1000&${query}`);
    return { status, ...JSON.parse(body.toString()) };
  };
  const before = `from=${edge - 600_000}&to=${edge}`;
  const refused = await read(before);
  assert.equal(refused.status, 400);
  assert.match(refused.error.message, /^name a target: before 2026-\S+Z attempts are read target by target$/);
  const own = await read(`${before}&target=${encodeURIComponent(target)}`);
  assert.ok(own.samples.length > 0 && own.samples.every((one: { target: string }) => one.target === target));
  const across = await read(`from=${edge - 600_000}&to=${edge + 60_000}`);
  assert.ok(across.samples.every(({ scheduledAt }: { scheduledAt: number }) => scheduledAt >= edge));
  assert.equal(across.more, true);
});

test('asking on from the last tick received leaves no attempt out and gives none twice, although some share a tick', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  const target = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';
  type Page = {
    readonly more: boolean;
    readonly samples: readonly { scheduledAt: number; purpose: string }[];
  };
  const read = async (query: string): Promise<Page> =>
    JSON.parse(
      (await ask(`${url}/api/v1/samples?target=${encodeURIComponent(target)}&${query}`)).body.toString(),
    );
  const [first] = await store.readSamples({ target, fromAt: 0, toAt: SCENE_AT, limit: 1 });
  assert.ok(first);
  const fromAt = SCENE_AT - 300_000;
  const sharing = [fromAt + 1_000, fromAt + 2_000].flatMap((scheduledAt) =>
    (['scheduled', 'reprobe', 'confirmation', 'canary'] as const).map((purpose) => ({
      ...first,
      evidence: null,
      scheduledAt,
      purpose,
    })),
  );
  await store.record({ samples: sharing, notRun: [] });
  const nameOf = ({ scheduledAt, purpose }: Page['samples'][number]) => `${scheduledAt} ${purpose}`;
  const all = (await read(`from=${fromAt}&to=${SCENE_AT}&limit=1000`)).samples.map(nameOf);
  assert.ok(all.length > sharing.length);
  for (const limit of [1, 3, 5]) {
    const seen: string[] = [];
    let to = SCENE_AT;
    for (;;) {
      const { samples, more } = await read(`from=${fromAt}&to=${to}&limit=${limit}`);
      seen.push(...samples.map(nameOf));
      if (!more) break;
      to = samples.at(-1)?.scheduledAt ?? 0;
    }
    assert.deepEqual(seen, all, `limit ${limit}`);
  }
});

test('hostile names and errors are shown as text', async (t) => {
  const { url } = await serveScene(t, SCENES.hostile);
  const answer = await ask(url);
  const page = answer.body.toString();
  assert.equal(answer.status, 200);
  assert.doesNotMatch(page, /<script>alert/);
  assert.doesNotMatch(page, /<img/);
  assert.doesNotMatch(page, /<i>pro/);
  assert.doesNotMatch(page, /[\u202a-\u202e\u2066-\u2069]/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be there
  assert.doesNotMatch(page, /[\u0000-\u0008\u000b-\u001f\u007f]/);
  assert.match(page, /⟨U\+202E⟩/);
  assert.ok(page.length < 130_000, `a name of 10,000 characters is cut; the page has ${page.length}`);
});

test('nothing in a page may run, load or post except from our own origin', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const { headers, body } = await ask(url);
  assert.equal(
    headers['content-security-policy'],
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
  );
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['x-powered-by'], undefined);
  const page = body.toString();
  assert.doesNotMatch(page, /\sstyle=|\son\w+=|<style|javascript:/);
  assert.doesNotMatch(page, /(?:src|href|action)="(?:https?:)?\/\//);
});

test('assets are named for their content and may be kept for ever', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const page = (await ask(url)).body.toString();
  const [path] = /\/assets\/style-[0-9a-f]{16}\.css/.exec(page) ?? [];
  const asset = await ask(`${url}${path}`);
  assert.equal(asset.status, 200);
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal((await ask(`${url}/assets/style-0000000000000000.css`)).status, 404);
  assert.equal((await ask(`${url}/assets/..%2f..%2fpackage.json`)).status, 404);
});

test('ready while somebody measures, not ready with the reason once the prober is silent', async (t) => {
  const { url, setNow } = await serveScene(t, SCENES.healthy);
  assert.equal((await ask(`${url}/healthz`)).status, 200);
  assert.equal((await ask(`${url}/readyz`)).status, 200);
  setNow(SCENE_AT + 20 * 60_000);
  const refused = await ask(`${url}/readyz`);
  assert.equal(refused.status, 503);
  assert.match(
    JSON.parse(refused.body.toString()).reason,
    /^the prober has been silent since 2026-10-03T14:03:\d\d/,
  );
  assert.match((await ask(url)).body.toString(), /Nobody is measuring/);
});

test('not ready, with the reason, while what is measured cannot be stored: pages go on', async (t) => {
  const { url, setTrouble } = await serveScene(t, SCENES.healthy);
  setTrouble('nothing could be stored since noon: database or disk is full');
  const refused = await ask(`${url}/readyz`);
  assert.equal(refused.status, 503);
  assert.match(refused.body.toString(), /"nothing could be stored since noon: database or disk is full"/);
  assert.equal((await ask(url)).status, 200);
});

test('before the first sample the page says so and is not ready', async (t) => {
  const { url } = await serveScene(t, SCENES.empty);
  assert.match((await ask(url)).body.toString(), /Waiting for the first samples/);
  const ready = await ask(`${url}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(JSON.parse(ready.body.toString()).reason, 'nothing has been measured yet');
});

test('a store that fails is told to the log in full and to the reader in one sentence', async (t) => {
  const { store } = await serveScene(t, SCENES.healthy);
  const failing: Store = {
    ...store,
    summarise: () => Promise.reject(new Error('disk I/O error at /secret/place')),
  };
  const { url, logged } = await serveScene(t, SCENES.healthy, failing);
  const page = await ask(url, 'GET', { Accept: 'text/html' });
  assert.equal(page.status, 500);
  assert.doesNotMatch(page.body.toString(), /secret/);
  assert.match(String(logged[0]?.err), /disk I\/O error/);
  const ready = await ask(`${url}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(JSON.parse(ready.body.toString()).reason, 'the store cannot be read');
});

test('practice data says so on the page, in its title and for machines', async (t) => {
  const { url } = await serveScene(t, SCENES.practice);
  const page = (await ask(url)).body.toString();
  assert.match(page, /<strong>Practice data<\/strong> A simulated gateway\./);
  assert.match(page, /<title>Practice · Practice gateway<\/title>/);
  assert.equal(JSON.parse((await ask(`${url}/api/v1/status`)).body.toString()).practice, true);
  assert.match((await ask(`${url}/none`, 'GET', { Accept: 'text/html' })).body.toString(), /Practice data/);
});

test('the stream tells when there is something new to see', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const stream = await fetch(`${url}/api/v1/stream`);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  let text = '';
  assert.ok(stream.body);
  for await (const chunk of stream.body) {
    text += Buffer.from(chunk).toString();
    if (text.includes('event: edition')) break;
  }
  assert.ok(text.includes(`event: edition\nid: 1\ndata: {"no":1,"at":${SCENE_AT}}\n\n`), text);
});

test('planned work of now and of the coming week stands on the overview, and later work does not', async (t) => {
  const { url, store, changed } = await serveScene(t, { ...SCENES.troubled });
  const hour = 3_600_000;
  const work = { who: 'them', announcedAt: null, enteredAt: SCENE_AT - hour };
  for (const [scope, from] of [
    ['global-apis/pro', -1],
    ['global-apis/standard', 24],
    ['global-apis/later', 8 * 24],
  ] as const) {
    await store.addPlannedWork({
      ...work,
      scope,
      fromAt: SCENE_AT + from * hour,
      toAt: SCENE_AT + (from + 2) * hour,
      reason: 'a <b>deployment</b>',
    });
  }
  changed();
  const page = (await ask(url)).body.toString().replaceAll('&#x2F;', '/');
  assert.match(page, /Planned work: <strong>global-apis\/pro<\/strong> now, until /);
  assert.match(
    page,
    /<strong>global-apis\/standard<\/strong> <time[^>]*>2026-10-04 14:03<\/time> to <time[^>]*>16:03</,
  );
  assert.match(page, /a &lt;b&gt;deployment/);
  assert.doesNotMatch(page, /global-apis\/later/);
  const view = JSON.parse((await ask(`${url}/api/v1/status`)).body.toString());
  assert.deepEqual(
    view.plannedWork.map(({ scope }: { scope: string }) => scope),
    ['global-apis/pro', 'global-apis/standard'],
  );
});
