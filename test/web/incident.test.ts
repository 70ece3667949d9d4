import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Incident } from '../../src/domain/alert/incident.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { linkName, readLink, signLink } from '../../src/web/acknowledge-link.ts';
import { OWNER_TOKEN_FACT } from '../../src/web/owner.ts';
import { createServer } from '../../src/web/server.ts';
import { DAY, MINUTE, START } from '../support/alert-builders.ts';
import { createAlertStage } from '../support/alert-stage.ts';
import { SCENES } from '../support/scenes.ts';

const KEY = new Uint8Array(32).fill(7);
const HOSTILE = '<script>alert(1)</script>';

type Site = {
  readonly url: string;
  readonly store: Store;
  readonly incident: Incident;
  setNow: (at: number) => void;
};

/** The real server over a real outage. */
async function site(t: TestContext, model = 'a', timezone = 'UTC'): Promise<Site> {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  const stage = await createAlertStage({ store, models: [model, 'b'] });
  for (let minute = 0; minute < 3; minute += 1) {
    await stage.fail(`acme/pro/${model}`);
    await stage.probe('acme/pro/b');
    stage.now += MINUTE;
    await stage.evaluate();
    await stage.deliver();
  }
  let now = stage.now;
  const web = createServer({
    store,
    clock: () => now,
    settings: { ...SCENES.healthy.settings, timezone },
    linkKey: KEY,
    log: {
      error: ({ err }) => {
        throw err;
      },
    },
  });
  const listening = await web.listen('127.0.0.1', 0);
  t.after(async () => {
    await listening.close();
    await store.close();
  });
  const [incident] = await store.readIncidents({ closedSinceAt: now });
  assert.ok(incident);
  return {
    url: listening.url,
    store,
    incident,
    setNow: (at) => {
      now = at;
    },
  };
}

function tokenFor(incident: Incident, change: { untilAt?: number; incident?: string } = {}): string {
  return signLink(KEY, {
    incident: incident.id,
    message: `${incident.id}:1`,
    who: 'ada@oncall.example',
    untilAt: START + 7 * DAY,
    ...change,
  });
}

test('what is at stake is the owner’s: neither page nor API tells it to anybody else', async (t) => {
  const { url, store, incident } = await site(t);
  const stake = {
    contract: 'pro',
    creditPercent: 'at least 12.5 %',
    creditMoney: 'USD 987.65',
    isCertain: false,
  };
  const [cell] = incident.cells;
  assert.ok(cell);
  const cells = [{ ...cell, facts: { ...cell.facts, stake } }];
  const changed = { ...incident, cells, version: incident.version + 1 };
  await store.saveDecision({
    incidents: [changed],
    events: [],
    messages: [],
    spendsLink: null,
    at: START + DAY,
  });
  const token = 'a-token-of-this-test';
  await store.writeFact(OWNER_TOKEN_FACT, createHash('sha256').update(token).digest('hex'), START);
  for (const path of [`/incidents/${incident.id}`, `/api/v1/incidents/${incident.id}`]) {
    assert.doesNotMatch(await (await fetch(`${url}${path}`)).text(), /987\.65|12\.5 %/);
  }
  const owned = `${url}/owner/incidents/${incident.id}`;
  assert.match(await (await fetch(`${url}/incidents/${incident.id}`)).text(), /\/owner\/incidents\//);
  const refused = await fetch(owned);
  assert.equal(refused.status, 401);
  assert.doesNotMatch(await refused.text(), /987\.65/);
  const answer = await fetch(owned, { headers: { authorization: `Bearer ${token}` } });
  assert.match(await answer.text(), /pro: at least 12\.5 % credit, USD 987\.65, if the period is missed/);
  assert.equal(answer.headers.get('cache-control'), 'private, no-store');
});

const press = (url: string, id: string, token: string, why = ''): Promise<Response> =>
  fetch(`${url}/incidents/${id}/acknowledge`, {
    method: 'POST',
    body: new URLSearchParams({ token, why }),
    redirect: 'manual',
  });

test('the list names what is open, and an incident tells its timeline and its evidence', async (t) => {
  const { url, incident } = await site(t);
  const list = await (await fetch(`${url}/incidents`)).text();
  assert.match(list, /1 open incident/);
  assert.match(list, new RegExp(`href="/incidents/${incident.id}"`));
  const page = await (await fetch(`${url}/incidents/${incident.id}`)).text();
  for (const said of [
    'Down: a (pro)',
    'Confirmed',
    'Told',
    'req_7',
    'Nobody has acknowledged it',
    '1 delivered',
  ]) {
    assert.ok(page.includes(said), said);
  }
  const twin = (await (await fetch(`${url}/api/v1/incidents/${incident.id}`)).json()) as { id: string };
  assert.equal(twin.id, incident.id);
  const listTwin = (await (await fetch(`${url}/api/v1/incidents`)).json()) as { incidents: unknown[] };
  assert.equal(listTwin.incidents.length, 1);
  assert.equal((await fetch(`${url}/incidents/none`)).status, 404);
});

test('following the link asks, and changes nothing: mail scanners follow links too', async (t) => {
  const { url, store, incident } = await site(t);
  const answer = await fetch(`${url}/incidents/${incident.id}/acknowledge?token=${tokenFor(incident)}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.match(await answer.text(), /Acknowledge as ada@oncall\.example\?/);
  assert.equal((await store.readIncident(incident.id))?.acknowledgement, null);
});

test('pressing the button acknowledges once; the second time the link is spent', async (t) => {
  const { url, store, incident } = await site(t);
  const token = tokenFor(incident);
  const first = await press(url, incident.id, token, 'vendor called');
  assert.equal(first.status, 303);
  assert.equal(first.headers.get('location'), `/incidents/${incident.id}`);
  const taken = (await store.readIncident(incident.id))?.acknowledgement;
  assert.deepEqual([taken?.who, taken?.why], ['ada@oncall.example', 'vendor called']);
  const second = await press(url, incident.id, token);
  assert.equal(second.status, 400);
  const page = await (await fetch(`${url}/incidents/${incident.id}`)).text();
  assert.match(page, /<strong>ada<\/strong> looks after it/);
  assert.ok(!page.includes('ada@oncall.example'), 'a page may be public: no mail addresses');
});

test('a link that was forged, changed, has run out or is for another incident does nothing', async (t) => {
  const { url, store, incident } = await site(t);
  const good = tokenFor(incident);
  const forged = signLink(new Uint8Array(32).fill(8), {
    incident: incident.id,
    message: 'x',
    who: 'eve',
    untilAt: START + DAY,
  });
  const [claims = '', mac = ''] = good.split('.');
  const tokens = [
    '',
    'x',
    forged,
    `${claims}.`,
    `${claims}x.${mac}`,
    `${claims}.${mac}.x`,
    tokenFor(incident, { untilAt: START }),
    tokenFor(incident, { incident: 'another' }),
    'x'.repeat(5_000),
  ];
  for (const token of tokens) {
    assert.equal((await press(url, incident.id, token)).status, 400, token.slice(0, 40));
  }
  assert.equal((await store.readIncident(incident.id))?.acknowledgement, null);
  assert.equal((await press(url, incident.id, good)).status, 303, 'none of them spent the good one');
});

test('a form that is no form, or too large, is the caller’s mistake', async (t) => {
  const { url, incident } = await site(t);
  const packed = await fetch(`${url}/incidents/${incident.id}/acknowledge`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
    body: new Uint8Array([0x1f, 0x8b, 0x67, 0x61, 0x72, 0x62, 0x61, 0x67, 0x65]),
  });
  assert.equal(packed.status, 400);
  assert.match(await packed.text(), /the form cannot be read/i);
  const large = await press(url, incident.id, tokenFor(incident), 'x'.repeat(20_000));
  assert.equal(large.status, 400);
  const json = await fetch(`${url}/incidents/${incident.id}/acknowledge`, { method: 'POST', body: '{}' });
  assert.equal(json.status, 400);
  const other = await fetch(`${url}/incidents/${incident.id}`, { method: 'POST' });
  assert.equal(other.status, 405);
  const put = await fetch(`${url}/incidents/${incident.id}/acknowledge`, { method: 'PUT' });
  assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, HEAD, POST']);
});

test('hostile names stay text', async (t) => {
  const { url, incident } = await site(t, HOSTILE);
  for (const path of ['/incidents', `/incidents/${incident.id}`]) {
    const page = await (await fetch(`${url}${path}`)).text();
    assert.ok(!page.includes(HOSTILE), path);
  }
});

test('a link lasts up to its last moment, exclusive, and its stored name tells nothing of it', () => {
  const link = { incident: 'i', message: 'i:1', who: 'ada', untilAt: START };
  const token = signLink(KEY, link);
  assert.deepEqual(readLink(KEY, token, START - 1), link);
  assert.equal(readLink(KEY, token, START), null);
  assert.match(linkName(token), /^[0-9a-f]{64}$/);
});

test('the pages of incidents print times of the zone that is configured, and say which', async (t) => {
  const { url, incident } = await site(t, 'a', 'Europe/Berlin');
  const page = await (await fetch(`${url}/incidents/${incident.id}`)).text();
  const list = await (await fetch(`${url}/incidents`)).text();
  assert.match(page, /All times of Europe&#x2F;Berlin; yours at the pointer/);
  for (const text of [page, list]) {
    assert.match(text, /2026-03-02 04:\d\d(:\d\d)? CET</);
    assert.doesNotMatch(text.replace(/<[^>]*>/g, ' '), / 03:\d\d|UTC/);
  }
});
