import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellEvaluation } from '../../src/domain/alert/alert.ts';
import type { Incident } from '../../src/domain/alert/incident.ts';
import type { TargetPageView } from '../../src/domain/view/target-view.ts';
import { evaluation, only, story } from '../support/alert-builders.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { serveScene } from '../support/serve-scene.ts';

async function readView(url: string): Promise<TargetPageView> {
  return (await (await fetch(url)).json()) as TargetPageView;
}

const DOWN = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';

test('a target tells its failures with their request ids and what came back', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const view = await readView(`${url}/api/v1/targets/${DOWN}`);
  assert.equal(view.target.health, 'down');
  assert.equal(view.failures.length, 20);
  assert.ok(view.whole.bad > 20);
  const [latest] = view.failures;
  const page = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.ok(page.includes(latest?.evidence?.requestIds['x-request-id'] ?? 'no id'));
  assert.match(page, /no healthy upstream/);
  const since = /since <time [^>]*data-exact>\d\d:\d\d:\d\d UTC</;
  assert.match(page, since, 'not "since 3 min ago"');
  assert.match(await (await fetch(url)).text(), new RegExp(`is down ${since.source}`));
  assert.match(page, /a 5xx from the gateway/);
  const words = page.replace(/<script[\s\S]*?<\/script>|<[^>]*>/g, ' ');
  assert.equal(
    /\b(true|false|null|undefined)\b.*/.exec(words)?.[0] ?? null,
    null,
    'no value of the program is shown',
  );
});

test('a span without answers is a gap in the chart, and its numbers are dashes', async (t) => {
  const { url } = await serveScene(t, SCENES.silent);
  const view = await readView(`${url}/api/v1/targets/${DOWN}`);
  const gaps = view.buckets.filter((bucket) => bucket.ttft === null);
  assert.ok(gaps.length >= 8);
  const page = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.match(page, /no answers, 0 failures/);
  assert.match(
    page,
    /<td class="num">0<\/td><td class="num">0<\/td><td class="num">0<\/td><td class="num">—<\/td>/,
  );
});

test('the buckets of a span hold every counted attempt of that span once', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  for (const span of ['1h', '6h', '24h']) {
    const view = await readView(`${url}/api/v1/targets/${DOWN}?span=${span}`);
    const window = (await store.summarise(view.fromAt, view.toAt)).find((one) => one.target === DOWN);
    const sum = (key: 'good' | 'bad'): number =>
      view.buckets.reduce((total, bucket) => total + bucket[key], 0);
    assert.deepEqual([sum('good'), sum('bad')], [window?.counts.good, window?.counts.bad], span);
  }
});

test('under the outcomes stands when they begin and when they end', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const axis = async (query: string): Promise<string[]> => {
    const page = await (await fetch(`${url}/targets/${DOWN}?${query}`)).text();
    const [, labels = ''] = /class="lane-axis">(.*?)<\/span><\/span>/.exec(page) ?? [];
    return [...labels.matchAll(/<span>([^<]*)/g)].map(([, label = '']) => label);
  };
  const minute = (at: number): string => new Date(at).toISOString().slice(11, 16);
  const view = await readView(`${url}/api/v1/targets/${DOWN}?span=1h`);
  assert.deepEqual(await axis('span=1h'), [
    minute(view.fromAt),
    minute(view.fromAt + 1_800_000),
    minute(view.toAt),
  ]);
  const day = 'from=2026-10-03T00:00:00Z&to=2026-10-04T00:00:00Z';
  assert.deepEqual(await axis(day), ['00:00', '12:00', '00:00'], 'a day later it is the same time again');
  const week = 'from=2026-10-01T00:00:00Z&to=2026-10-08T00:00:00Z';
  assert.deepEqual((await axis(week)).map(Number.parseFloat), [1, 4, 7]);
});

test('an unknown target is 404, an unknown span 400', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  assert.equal((await fetch(`${url}/targets/global-apis/pro/none`)).status, 404);
  assert.equal((await fetch(`${url}/api/v1/targets/none`)).status, 404);
  assert.equal((await fetch(`${url}/api/v1/targets/${DOWN}?span=2h`)).status, 400);
});

test('a target that is not probed any more keeps its page: since when, and what was measured before', async (t) => {
  const { url, store, setNow } = await serveScene(t, SCENES.troubled);
  const schedules = (await store.readSchedules(0, SCENE_AT)).filter(({ toAt }) => toAt === null);
  const [first] = schedules;
  assert.ok(first);
  const known = await store.readTargets();
  const left = schedules.flatMap(({ probe, target: id, region, schedule }) => {
    const target = known.find((one) => one.id === id);
    return target === undefined || id === DOWN ? [] : [{ probe, target, region, schedule }];
  });
  const gone = SCENE_AT + 60_000;
  await store.declareSeries(left, gone);
  setNow(SCENE_AT + 7 * 86_400_000);
  const view = await readView(`${url}/api/v1/targets/${DOWN}?span=24h`);
  assert.equal(view.retiredAt, gone);
  assert.ok(view.toAt >= gone && view.toAt < gone + 60_000);
  assert.ok(view.whole.bad > 20 && view.failures.length === 20);
  const page = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.match(page, /No longer probed<\/strong> since <time [^>]+>2026-10-\d\d \d\d:\d\d UTC</);
  assert.match(page, /What was measured before remains/);
  assert.equal((await fetch(`${url}/badge/${DOWN}.svg`)).status, 200);
  const others = await (await fetch(`${url}/api/v1/targets`)).text();
  assert.ok(!others.includes(DOWN), 'it is no target of today');
});

test('every link of the overview leads somewhere, however the names are written', async (t) => {
  const { url } = await serveScene(t, SCENES.hostile);
  const page = await (await fetch(url)).text();
  const links = [...new Set([...page.matchAll(/href="(\/[^"#]*)"/g)].map((match) => match[1] ?? ''))];
  assert.ok(links.filter((link) => link.startsWith('/targets/')).length >= 8);
  for (const link of links) {
    const answer = await fetch(`${url}${link.replaceAll('&amp;', '&')}`);
    await answer.arrayBuffer();
    assert.equal(answer.status, 200, link.slice(0, 120));
  }
});

test('the method page names every outcome', async (t) => {
  const { url } = await serveScene(t, SCENES.healthy);
  const page = await (await fetch(`${url}/method`)).text();
  for (const outcome of ['ok', 'provider.truncated', 'ratelimit.own', 'excluded.cache_hit']) {
    assert.ok(page.includes(`<code>${outcome}</code>`), outcome);
  }
});

test('the feed lists what is in trouble, and says where it stands', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const answer = await fetch(`${url}/feed.xml`);
  assert.equal(answer.headers.get('content-type'), 'application/atom+xml; charset=utf-8');
  const xml = await answer.text();
  assert.equal(xml.match(/<entry>/g)?.length, 2);
  assert.match(xml, /<title>deepseek-ai&#x2F;DeepSeek-V3.2 \(pro\) is down<\/title>/);
});

test('a badge says the state in words and may be shown elsewhere', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const answer = await fetch(`${url}/badge/${DOWN}.svg`);
  assert.equal(answer.headers.get('content-type'), 'image/svg+xml; charset=utf-8');
  assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin');
  assert.match(await answer.text(), /<title>DeepSeek-V3.2 pro: down 84\.83\u202f%, last hour<\/title>/);
  const practice = await serveScene(t, SCENES.practice);
  assert.match(await (await fetch(`${practice.url}/badge/${DOWN}.svg`)).text(), /practice: /);
});

test('the incidents a target was part of are named with the range they touch, and others are not', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  const at = SCENE_AT - 1_800_000;
  const open = async (one: CellEvaluation): Promise<Incident> => {
    const { step, incidents, events } = story();
    step(at, [one]);
    const incident = only(incidents);
    await store.saveDecision({ incidents: [incident], events, messages: [], spendsLink: null, at });
    return incident;
  };
  const own = await open(evaluation(DOWN, 'bad', at));
  await open(evaluation('global-apis/standard/other', 'bad', at, { kind: 'latency_at_risk' }));
  const view = await readView(`${url}/api/v1/targets/${DOWN}`);
  assert.deepEqual(
    view.incidents.map(({ id }) => id),
    [own.id],
  );
  const page = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.match(page, new RegExp(`<a href="/incidents/${own.id}">Down: `));
  const range = `from=${SCENE_AT - 3_600_000}&to=${at}`;
  assert.deepEqual(
    (await readView(`${url}/api/v1/targets/${DOWN}?${range}`)).incidents,
    [],
    'to is exclusive',
  );
});

test('attempts that count neither way are told beside those that count, and why they do not', async (t) => {
  const { url, store } = await serveScene(t, SCENES.healthy);
  const before = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.doesNotMatch(before, /set aside, /);
  const [good] = await store.readSamples({ target: DOWN, fromAt: 0, toAt: SCENE_AT, limit: 1 });
  assert.ok(good);
  const doubted = [1, 2, 3].map((n) => ({
    ...good,
    evidence: null,
    scheduledAt: SCENE_AT - 1_800_000 + n,
    validity: { kind: 'suspect', reason: 'event_loop_delay' } as const,
  }));
  await store.record({ samples: doubted, notRun: [] });
  const view = await readView(`${url}/api/v1/targets/${DOWN}?from=${SCENE_AT - 3_600_000}&to=${SCENE_AT}`);
  assert.equal(view.whole.excluded, 3);
  const page = await (
    await fetch(`${url}/targets/${DOWN}?from=${SCENE_AT - 3_600_000}&to=${SCENE_AT}`)
  ).text();
  assert.match(page, /<b>3 attempts<\/b> set aside, <a href="\/method#doubts">counting neither way<\/a>/);
  assert.match(page, /; 3 of them set aside/);
});

test('a failure that we doubt is listed as one that does not count', async (t) => {
  const { url, store, setNow, changed } = await serveScene(t, SCENES.troubled);
  const [failed] = await store.readSamples({
    target: DOWN,
    outcomes: ['gateway.5xx'],
    fromAt: 0,
    toAt: SCENE_AT,
    order: 'newest-first',
    limit: 1,
  });
  assert.ok(failed);
  const page = async (): Promise<string> =>
    (await fetch(`${url}/targets/${DOWN}?from=${SCENE_AT - 600_000}&to=${SCENE_AT}`)).text();
  const before = await page();
  assert.doesNotMatch(before, /not counted: /);
  await store.record({
    samples: [
      {
        ...failed,
        evidence: null,
        scheduledAt: failed.scheduledAt + 1,
        validity: { kind: 'suspect', reason: 'late_start' },
      },
    ],
    notRun: [],
  });
  setNow(SCENE_AT + 2_000);
  changed();
  const after = await page();
  assert.equal(after.match(/not counted: we started late/g)?.length, 1);
  const failures = /<h2 id="failures">[^<]*/;
  assert.equal(failures.exec(after)?.[0], failures.exec(before)?.[0], 'it is not among those that count');
});

test('of very many incidents the latest are named, and all are counted', async (t) => {
  const { url, store } = await serveScene(t, SCENES.troubled);
  const { step, incidents } = story();
  step(SCENE_AT - 1_800_000, [evaluation(DOWN, 'bad', SCENE_AT - 1_800_000)]);
  const incident = only(incidents);
  const many = Array.from({ length: 130 }, (_, index) => ({
    ...incident,
    id: `20261103-${String(index).padStart(7, '0')}`,
    startedAt: incident.startedAt + index,
  }));
  await store.saveDecision({ incidents: many, events: [], messages: [], spendsLink: null, at: SCENE_AT });
  const view = await readView(`${url}/api/v1/targets/${DOWN}`);
  assert.equal(view.incidentCount, 130);
  assert.deepEqual(
    view.incidents.map(({ id }) => id),
    many.toReversed().flatMap(({ id }, index) => (index < 100 ? [id] : [])),
  );
  const page = await (await fetch(`${url}/targets/${DOWN}`)).text();
  assert.match(page, /130 incidents <small>in this range/);
});
