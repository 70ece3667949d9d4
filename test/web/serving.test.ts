import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import type { CompareView } from '../../src/domain/view/compare-view.ts';
import { OWNER_TOKEN_FACT } from '../../src/web/owner.ts';
import { createServer } from '../../src/web/server.ts';
import { openedIncident } from '../support/alert-builders.ts';
import { freezeMonthIn } from '../support/month.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { serveScene } from '../support/serve-scene.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: number;
};

/** What is on the wire; an answer that never ends is cut after its headers. */
function ask(url: string, method: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let bytes = 0;
      const tell = (): void =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes });
      response.on('error', tell);
      if (method !== 'HEAD' && response.headers['content-type']?.startsWith('text/event-stream')) {
        tell();
        sent.destroy();
        return;
      }
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', tell);
    });
    sent.on('error', reject);
    sent.end();
  });
}

const TARGET = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';

const INCIDENT = openedIncident();

/** For each route a path that exists, and how long a reader may keep the answer. */
const ROUTES: Readonly<Record<string, readonly [path: string, cacheControl: string]>> = {
  '/': ['/', 'no-cache'],
  '/api/v1/status': ['/api/v1/status', 'no-cache'],
  '/api/v1/targets': ['/api/v1/targets', 'no-cache'],
  '/api/v1/objectives': ['/api/v1/objectives', 'no-cache'],
  '/api/v1/samples': [`/api/v1/samples?to=${SCENE_AT}`, 'no-cache'],
  '/api/v1/openapi.json': ['/api/v1/openapi.json', 'no-cache'],
  '/api/v1/stream': ['/api/v1/stream', 'no-store'],
  '/targets/*id': [`/targets/${TARGET}`, 'no-cache'],
  '/api/v1/targets/*id': [`/api/v1/targets/${TARGET}`, 'no-cache'],
  '/incidents': ['/incidents', 'no-cache'],
  '/api/v1/incidents': ['/api/v1/incidents', 'no-cache'],
  '/incidents/:id': [`/incidents/${INCIDENT.incident.id}`, 'no-cache'],
  '/owner/incidents/:id': [`/owner/incidents/${INCIDENT.incident.id}`, 'private, no-store'],
  '/api/v1/incidents/:id': [`/api/v1/incidents/${INCIDENT.incident.id}`, 'no-cache'],
  '/compare': ['/compare', 'no-cache'],
  '/api/v1/compare': ['/api/v1/compare', 'no-cache'],
  '/reports': ['/reports', 'no-cache'],
  '/reports/:period/:contract': ['/reports/2027-02/pro', 'no-cache'],
  '/api/v1/reports': ['/api/v1/reports', 'no-cache'],
  '/api/v1/reports/:period/:contract': ['/api/v1/reports/2027-02/pro', 'no-cache'],
  '/method': ['/method', 'no-cache'],
  '/feed.xml': ['/feed.xml', 'no-cache'],
  '/badge/*id': [`/badge/${TARGET}.svg`, 'public, max-age=60'],
  '/embed': ['/embed', 'no-cache'],
  '/metrics': ['/metrics', 'no-store'],
  '/healthz': ['/healthz', 'no-store'],
  '/readyz': ['/readyz', 'no-store'],
  '/favicon.svg': ['/favicon.svg', 'public, max-age=86400'],
};

test('every route answers GET and HEAD alike, knows what the reader has, and refuses to be written to', async (t) => {
  const live = { at: SCENE_AT, toAt: SCENE_AT, targets: new Map(), pendingHours: 0 };
  const { url, store } = await serveScene(t, SCENES.troubled, undefined, live);
  const { app } = createServer({
    store,
    clock: () => SCENE_AT,
    settings: SCENES.troubled.settings,
    log: { error: () => {} },
  });
  const paths = (app.router.stack as readonly { route?: { path: string } }[])
    .flatMap(({ route }) => route?.path ?? [])
    .filter((path) => path !== '/assets/*file');
  await store.saveDecision(INCIDENT.decision);
  await freezeMonthIn(store);
  await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update('a-token').digest('hex'), SCENE_AT);
  const owner = { Authorization: 'Bearer a-token' };
  // A comparison that is under way answers with what there is of it: two answers are alike only once it is whole.
  for (let isWhole = false; !isWhole; ) {
    const { pairs, expected } = (await (await fetch(`${url}/api/v1/compare`)).json()) as CompareView;
    isWhole = pairs.length === expected;
  }
  for (const route of paths) {
    const [path, cacheControl] = ROUTES[route] ?? assert.fail(`${route} has no row in the table`);
    const got = await ask(`${url}${path}`, 'GET', owner);
    assert.equal(got.status, 200, path);
    assert.equal(got.headers['cache-control'], cacheControl, path);
    assert.equal(got.headers['x-content-type-options'], 'nosniff', path);

    const head = await ask(`${url}${path}`, 'HEAD', owner);
    assert.equal(head.status, 200, `HEAD ${path}`);
    assert.equal(head.bytes, 0, `HEAD ${path}`);
    for (const name of ['content-type', 'etag', 'cache-control']) {
      assert.equal(head.headers[name], got.headers[name], `HEAD ${path}: ${name}`);
    }

    if (!cacheControl.includes('no-store')) {
      const { etag } = got.headers;
      assert.equal(typeof etag, 'string', `${path} has an ETag`);
      const again = await ask(`${url}${path}`, 'GET', { 'If-None-Match': String(etag) });
      assert.deepEqual([again.status, again.bytes], [304, 0], path);
      assert.equal((await ask(`${url}${path}`, 'GET', { 'If-None-Match': '"other"' })).status, 200, path);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const refused = await ask(`${url}${path}`, method);
      assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD'], `${method} ${path}`);
    }
  }
});

test('only what is made for frames may be framed', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const page = await ask(url, 'GET');
  assert.equal(page.headers['x-frame-options'], 'SAMEORIGIN');
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
  const embed = await ask(`${url}/embed`, 'GET');
  assert.equal(embed.headers['x-frame-options'], undefined);
  assert.match(
    String(embed.headers['content-security-policy']),
    /^default-src 'none';.*form-action 'none'.*frame-ancestors \*$/,
  );
});

test('what is framed has nothing to press, and its links open outside of the frame', async (t) => {
  const { url } = await serveScene(t, SCENES.practice);
  const page = await (await fetch(`${url}/embed?q=kimi`)).text();
  assert.match(page, /Practice data/);
  assert.equal(page.match(/<li /g)?.length, 2);
  assert.doesNotMatch(page, /<(form|button|input|select)\b/);
  for (const [link] of page.matchAll(/<a [^>]*>/g)) assert.match(link, /target="_blank" rel="noopener"/);
  assert.equal((await fetch(`${url}/embed?state=odd`)).status, 400);
});
