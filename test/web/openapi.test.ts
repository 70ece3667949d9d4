import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApi } from '../../src/web/openapi.ts';
import { createServer } from '../../src/web/server.ts';
import { openedIncident } from '../support/alert-builders.ts';
import { freezeMonthIn } from '../support/month.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { MONTH_TARGET, serveSeededMonth } from '../support/seeded-month.ts';
import { serveScene } from '../support/serve-scene.ts';

type Operation = {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
};
type Document = { readonly paths: Readonly<Record<string, { readonly get: Operation }>> };

const document = openApi(false) as unknown as Document;
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  validateFormats: false,
});
ajv.addVocabulary(['openapi', 'info', 'servers', 'paths', 'components', 'example']);
ajv.addSchema({ ...(sealed(openApi(false)) as object), $id: 'api' });

/** The document with every object that names its properties closed, so that a field nobody described is noticed. */
function sealed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(sealed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, sealed(value)]));
  const isOpen = 'properties' in schema && !('additionalProperties' in schema);
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}

const pointer = (...keys: readonly string[]): string =>
  keys.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** Fails with every place where the answer departs from the document. */
function conforms(path: string, status: number, answer: unknown): void {
  const schema = pointer(
    'paths',
    path,
    'get',
    'responses',
    String(status),
    'content',
    'application/json',
    'schema',
  );
  const validate = ajv.getSchema(`api#${schema}`);
  assert.ok(validate, `${path} documents JSON for ${status}`);
  const valid = validate(answer);
  assert.ok(valid, `${path} ${status}: ${ajv.errorsText(validate.errors?.slice(0, 5), { separator: '\n' })}`);
}

const DOWN = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';

/** Path in the document, what is asked for, and the status it must have. */
const QUESTIONS: readonly (readonly [path: string, asked: string, status: number])[] = [
  ['/api/v1/status', '/api/v1/status', 200],
  ['/api/v1/targets', '/api/v1/targets', 200],
  ['/api/v1/targets/{id}', `/api/v1/targets/${DOWN}`, 200],
  ['/api/v1/targets/{id}', `/api/v1/targets/${DOWN}?span=24h`, 200],
  ['/api/v1/targets/{id}', `/api/v1/targets/${DOWN}?span=2h`, 400],
  ['/api/v1/targets/{id}', '/api/v1/targets/none', 404],
  ['/api/v1/compare', '/api/v1/compare', 200],
  ['/api/v1/samples', '/api/v1/samples', 200],
  ['/api/v1/samples', `/api/v1/samples?target=${DOWN}&limit=500`, 200],
  ['/api/v1/samples', '/api/v1/samples?limit=0', 400],
  ['/api/v1/samples', '/api/v1/samples?target=none', 404],
  ['/api/v1/openapi.json', '/api/v1/openapi.json', 200],
  ['/healthz', '/healthz', 200],
];

for (const scene of [
  'healthy',
  'troubled',
  'practice',
  'without-contract',
  'empty',
  'no-targets',
  'silent',
] as const) {
  test(`answers of the ${scene} deployment are as documented`, async (t) => {
    const { url } = await serveScene(t, SCENES[scene]);
    for (const [path, asked, status] of QUESTIONS) {
      const answer = await fetch(`${url}${asked}`);
      if (scene === 'no-targets' && asked.includes(DOWN)) {
        assert.equal(answer.status, asked.includes('span=2h') ? 400 : 404);
        await answer.arrayBuffer();
        continue;
      }
      assert.equal(answer.status, status, asked);
      conforms(path, status, await answer.json());
    }
    const ready = await fetch(`${url}/readyz`);
    conforms('/readyz', ready.status, await ready.json());
  });
}

test('incidents, their evidence and their messages are as documented', async (t) => {
  const { url, store } = await serveScene(t, SCENES.empty);
  const { incident, decision } = openedIncident();
  await store.saveDecision(decision);
  const list = await (await fetch(`${url}/api/v1/incidents`)).json();
  conforms('/api/v1/incidents', 200, list);
  assert.equal((list as { incidents: unknown[] }).incidents.length, 1);
  conforms(
    '/api/v1/incidents/{id}',
    200,
    await (await fetch(`${url}/api/v1/incidents/${incident.id}`)).json(),
  );
  const none = await fetch(`${url}/api/v1/incidents/none`);
  conforms('/api/v1/incidents/{id}', none.status, await none.json());
});

test('reports are as documented', async (t) => {
  const { url, store } = await serveScene(t, SCENES.empty);
  await freezeMonthIn(store);
  const list = await (await fetch(`${url}/api/v1/reports`)).json();
  conforms('/api/v1/reports', 200, list);
  assert.equal((list as { reports: unknown[] }).reports.length, 1);
  const path = '/api/v1/reports/{period}/{contract}';
  conforms(path, 200, await (await fetch(`${url}/api/v1/reports/2027-02/pro`)).json());
  const none = await fetch(`${url}/api/v1/reports/2027-01/pro`);
  conforms(path, none.status, await none.json());
});

test('a hostile deployment answers as documented too', async (t) => {
  const { url } = await serveScene(t, SCENES.hostile);
  conforms('/api/v1/status', 200, await (await fetch(`${url}/api/v1/status`)).json());
});

test('the document describes every route of the API, and no other', async (t) => {
  const { store } = await serveScene(t, SCENES.empty);
  const { app } = createServer({
    store,
    clock: () => SCENE_AT,
    settings: SCENES.empty.settings,
    log: { error: () => {} },
  });
  const routes = (app.router.stack as readonly { route?: { path: string } }[])
    .flatMap(({ route }) => route?.path ?? [])
    .filter((path) => path.startsWith('/api/') || /^\/(health|ready)z$/.test(path))
    .map((path) => path.replace(/\*(\w+)/g, '{$1}').replace(/:(\w+)/g, '{$1}'));
  assert.deepEqual(Object.keys(document.paths).sort(), routes.sort());
});

test('a departure from the document is noticed', () => {
  assert.throws(() => conforms('/healthz', 200, { status: 'fine' }), /must be equal to constant/);
  assert.throws(() => conforms('/api/v1/samples', 200, { samples: [] }), /must have required property/);
  assert.throws(() => conforms('/healthz', 404, {}), /documents JSON for 404/);
});

test('operations have names of their own', () => {
  const names = Object.values(document.paths).map(({ get }) => (get as { operationId?: string }).operationId);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => typeof name === 'string'));
});

test('a counted month is as documented, with its objectives, its history and every span', async (t) => {
  const { url } = await serveSeededMonth(t);
  const read = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  conforms('/api/v1/status', 200, await read('/api/v1/status'));
  for (const span of ['1h', '24h', '30d', '90d', 'period']) {
    conforms('/api/v1/targets/{id}', 200, await read(`/api/v1/targets/${MONTH_TARGET}?span=${span}`));
  }
  conforms('/api/v1/objectives', 200, await read(`/api/v1/objectives?target=${MONTH_TARGET}`));
  conforms('/api/v1/compare', 200, await read('/api/v1/compare?span=30d'));
});
