import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { AppError } from '../../src/web/app-error.ts';
import { createWaitingLine, type Rank } from '../../src/web/waiting-line.ts';
import { recordDeployment } from '../support/deployment.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { serveScene } from '../support/serve-scene.ts';

const TARGET = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';

/** Work that ends when told. */
function stage(bounds: { atOnce: number; mostWaiting: number }) {
  const line = createWaitingLine(bounds);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    ask: (rank: Rank, name: string): Promise<string> =>
      line.inTurn(rank, async () => {
        begun.push(name);
        await new Promise<void>((resolve) => {
          ends.set(name, resolve);
        });
        return name;
      }),
    end: async (name: string): Promise<void> => {
      ends.get(name)?.();
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('few are prepared at once; pages go before machines, and whoever waited longest has every fourth turn', async () => {
  const { ask, begun, end } = stage({ atOnce: 1, mostWaiting: 9 });
  const all = [ask('machine', 'm1'), ask('machine', 'm2'), ask('own page', 'o1')];
  for (const name of ['p1', 'p2', 'p3', 'p4']) all.push(ask('page', name));
  await end('');
  assert.deepEqual(begun, ['m1'], 'the first finds nobody before it');
  for (let index = 0; index < all.length; index += 1) await end(begun.at(-1) ?? '');
  assert.deepEqual(begun, ['m1', 'p1', 'p2', 'p3', 'm2', 'p4', 'o1']);
  assert.deepEqual(await Promise.all(all), ['m1', 'm2', 'o1', 'p1', 'p2', 'p3', 'p4']);
});

test('whoever comes when too many of its rank wait is asked to come again, and other ranks are not', async () => {
  const { ask, begun, end } = stage({ atOnce: 1, mostWaiting: 1 });
  const first = ask('own page', 'o1');
  const second = ask('own page', 'o2');
  await assert.rejects(
    ask('own page', 'o3'),
    (error) => error instanceof AppError && error.code === 'unavailable' && error.comeAgainAfterS === 2,
  );
  const page = ask('page', 'p1');
  for (const name of ['o1', 'p1', 'o2']) await end(name);
  assert.deepEqual(await Promise.all([first, second, page]), ['o1', 'o2', 'p1']);
  assert.deepEqual(begun, ['o1', 'p1', 'o2']);
});

test('work that fails gives its place on', async () => {
  const line = createWaitingLine({ atOnce: 1, mostWaiting: 1 });
  await assert.rejects(
    line.inTurn('page', () => {
      throw new Error('broken');
    }),
    /broken/,
  );
  assert.equal(await line.inTurn('page', () => 'next'), 'next');
});

test('a stranger who asks for endless ranges of their own is told to come again, and shuts nobody out of the pages', async (t) => {
  const { deployment, spanMs } = SCENES.healthy;
  const store = await recordDeployment(deployment, SCENE_AT - spanMs, SCENE_AT - 3_000);
  t.after(() => store.close());
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reads = 0;
  const slow = {
    ...store,
    listIncidentsOf: async (query: Parameters<typeof store.listIncidentsOf>[0]) => {
      reads += 1;
      await gate;
      return store.listIncidentsOf(query);
    },
  };
  const { url } = await serveScene(t, SCENES.healthy, slow);
  const rangePage = (n: number): Promise<Response> =>
    fetch(`${url}/targets/${TARGET}?from=${SCENE_AT - 3_600_000}&to=${SCENE_AT - n}`);
  const refused: Response[] = [];
  const asked = Array.from({ length: 40 }, async (_, n) => {
    const answer = await rangePage(n);
    if (answer.status === 503) refused.push(answer);
    return answer.status;
  });
  const again = rangePage(0);
  const span = fetch(`${url}/targets/${TARGET}`);
  while (refused.length < 14) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(reads, 2, 'two at once');
  assert.match(await (refused[0]?.text() ?? ''), /ask again/);
  assert.equal(refused[0]?.headers.get('retry-after'), '2');
  open();
  assert.equal((await span).status, 200);
  const statuses = await Promise.all(asked);
  assert.equal(statuses.filter((status) => status === 200).length, 26);
  assert.equal((await again).status, 200);
  assert.equal(reads, 27, 'what two ask for is prepared once');
});

test('lists of incidents wait in line too, machines behind people', async (t) => {
  const { deployment, spanMs } = SCENES.healthy;
  const store = await recordDeployment(deployment, SCENE_AT - spanMs, SCENE_AT - 3_000);
  t.after(() => store.close());
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const slow = {
    ...store,
    listIncidents: async (query: Parameters<typeof store.listIncidents>[0]) => {
      await gate;
      return store.listIncidents(query);
    },
  };
  const { url } = await serveScene(t, SCENES.healthy, slow);
  let refused = 0;
  const asked = Array.from({ length: 30 }, async () => {
    const { status } = await fetch(`${url}/api/v1/incidents`);
    if (status === 503) refused += 1;
    return status;
  });
  while (refused < 4) await new Promise((resolve) => setImmediate(resolve));
  const page = fetch(`${url}/incidents`);
  open();
  assert.equal((await page).status, 200);
  assert.equal((await Promise.all(asked)).filter((status) => status === 200).length, 26);
});

test('objectives of one target each wait in line, and what many ask for is prepared once', async (t) => {
  const { deployment, spanMs } = SCENES.healthy;
  const store = await recordDeployment(deployment, SCENE_AT - spanMs, SCENE_AT - 3_000);
  t.after(() => store.close());
  const [first] = await store.readTargets();
  assert.ok(first);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let begun = 0;
  let asked = 0;
  const slow: Store = {
    ...store,
    listIncidents: async (query) => {
      begun += 1;
      await gate;
      return store.listIncidents(query);
    },
    readTargets: async () => {
      asked += 1;
      return Array.from({ length: 28 }, (_, n) => ({ ...first, id: `acme/pro/${n}` }));
    },
  };
  const live = { at: SCENE_AT, toAt: SCENE_AT, targets: new Map(), pendingHours: 0 };
  const { url } = await serveScene(t, SCENES.healthy, slow, live);
  const lists = [fetch(`${url}/api/v1/incidents`), fetch(`${url}/api/v1/incidents`)];
  while (begun < 2) await new Promise((resolve) => setImmediate(resolve));
  let refused = 0;
  const ask = async (n: number): Promise<number> => {
    const { status } = await fetch(`${url}/api/v1/objectives?target=acme/pro/${n}`);
    if (status === 503) refused += 1;
    return status;
  };
  const many = Array.from({ length: 60 }, () => ask(0));
  while (asked < many.length) await new Promise((resolve) => setImmediate(resolve));
  const each = Array.from({ length: 28 }, (_, n) => ask(n));
  while (refused < 4) await new Promise((resolve) => setImmediate(resolve));
  open();
  assert.deepEqual([...new Set(await Promise.all(many))], [200]);
  assert.equal((await Promise.all(each)).filter((status) => status === 200).length, 24);
  await Promise.all(lists);
});
