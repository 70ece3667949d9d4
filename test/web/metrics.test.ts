import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { StatusView } from '../../src/domain/view/status-view.ts';
import type { Store } from '../../src/store/store.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { HOUR, MINUTE, sample } from '../store/builders.ts';
import { recordDeployment } from '../support/deployment.ts';
import { SCENE_AT, SCENES } from '../support/scenes.ts';
import { MONTH_AT, MONTH_TARGET, proChannel, serveSeeded } from '../support/seeded-month.ts';
import { serveScene } from '../support/serve-scene.ts';

async function read(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return answer.text();
}

/** The value of the first line that starts with `name` and carries every label. */
function valueIn(text: string, name: string, ...labels: readonly string[]): number | null {
  const line = text
    .split('\n')
    .find((one) => new RegExp(`^${name}[{ ]`).test(one) && labels.every((label) => one.includes(label)));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
}

const DOWN = ['tier="pro"', 'model="deepseek-ai/DeepSeek-V3.2"'];

test('the gauges of a target are the numbers of the page', async (t) => {
  const { url } = await serveScene(t, SCENES.troubled);
  const text = await read(url);
  const view = (await (await fetch(`${url}/api/v1/status`)).json()) as StatusView;
  const lead = view.targets.find(({ id }) => id === 'global-apis/pro/deepseek-ai/DeepSeek-V3.2')?.series[0];
  assert.ok(lead?.ttft);
  assert.equal(valueIn(text, 'probity_target_up', ...DOWN), 0);
  assert.equal(valueIn(text, 'probity_target_on_target', ...DOWN), 0);
  assert.equal(valueIn(text, 'probity_target_uptime_ratio', ...DOWN), lead.good / (lead.good + lead.bad));
  assert.equal(valueIn(text, 'probity_target_samples', ...DOWN), lead.good + lead.bad);
  assert.equal(valueIn(text, 'probity_target_ttft_p99_seconds', ...DOWN), lead.ttft.p99Us / 1e6);
  assert.equal(valueIn(text, 'probity_targets', 'state="down"'), view.byHealth.down);
  assert.equal(valueIn(text, 'probity_outbox_deliveries', 'state="dead"'), 0);
  assert.equal(valueIn(text, 'probity_practice'), 0);
});

test('what is not known has no line, least of all a zero', async (t) => {
  const { url } = await serveScene(t, SCENES.empty);
  const text = await read(url);
  for (const name of [
    'probity_target_up',
    'probity_target_uptime_ratio',
    'probity_target_ttft_p99_seconds',
    'probity_target_on_target',
    'probity_prober_last_sign_timestamp_seconds',
  ]) {
    assert.equal(valueIn(text, name), null, name);
  }
  const unmeasured = await serveScene(t, SCENES.troubled);
  const labels = ['tier="standard"', 'model="moonshotai/Kimi-K2.5"'];
  assert.equal(valueIn(await read(unmeasured.url), 'probity_target_up', ...labels), null);
});

test('attempts are counted by outcome as they are stored, and only good ones have a time to first token', async (t) => {
  const { url, recorded } = await serveScene(t, SCENES.healthy);
  const target = 'global-apis/pro/deepseek-ai/DeepSeek-V3.2';
  recorded({
    samples: [
      sample({ target, scheduledAt: SCENE_AT, ttftUs: 470_000, totalUs: 700_000 }),
      sample({ target, scheduledAt: SCENE_AT + 1, outcome: 'gateway.5xx', ttftUs: null, totalUs: null }),
      sample({
        target,
        scheduledAt: SCENE_AT + 2,
        ttftUs: 90_000,
        validity: { kind: 'suspect', reason: 'event_loop_delay' },
      }),
      sample({ target, scheduledAt: SCENE_AT + 3, purpose: 'confirmation', ttftUs: 90_000 }),
    ],
    notRun: [{ probe: 'chat-stream', target, region: 'eu-west', scheduledAt: 4, reason: 'skipped: quota' }],
  });
  const text = await read(url);
  const all = 'probity_samples_total';
  assert.equal(valueIn(text, all, ...DOWN, 'outcome="gateway.5xx"', 'purpose="scheduled"'), 1);
  assert.equal(valueIn(text, all, ...DOWN, 'outcome="ok"', 'validity="suspect"'), 1);
  assert.equal(valueIn(text, all, ...DOWN, 'outcome="ok"', 'purpose="confirmation"'), 1);
  assert.equal(valueIn(text, 'probity_ttft_seconds_count', ...DOWN), 1);
  assert.equal(valueIn(text, 'probity_ttft_seconds_bucket', ...DOWN, 'le="0.4"'), 0);
  assert.equal(valueIn(text, 'probity_ttft_seconds_bucket', ...DOWN, 'le="0.5"'), 1);
  assert.equal(valueIn(text, 'probity_ticks_not_run_total', 'reason="skipped: quota"'), 1);
  assert.equal(valueIn(text, 'probity_prober_lag_seconds_count'), 4);
  const duration = 'gen_ai_client_operation_duration_seconds_count';
  const otel = ['gen_ai_request_model="deepseek-ai/DeepSeek-V3.2"', 'gen_ai_operation_name="chat"'];
  assert.equal(valueIn(text, duration, ...otel, 'error_type="gateway.5xx"'), 1);
  assert.doesNotMatch(text, /time_to_first_chunk/);
});

test('however many collect the metrics at once, they are made once', async (t) => {
  const { deployment, spanMs } = SCENES.healthy;
  const store = await recordDeployment(deployment, SCENE_AT - spanMs, SCENE_AT - 3_000);
  t.after(() => store.close());
  let made = 0;
  const counting: Store = {
    ...store,
    readOutbox: () => {
      made += 1;
      return store.readOutbox();
    },
  };
  const { url } = await serveScene(t, SCENES.healthy, counting);
  const texts = await Promise.all(Array.from({ length: 30 }, () => read(url)));
  assert.equal(made, 1);
  assert.equal(new Set(texts).size, 1);
});

test('hostile names stay inside their quotes', async (t) => {
  const { url } = await serveScene(t, SCENES.hostile);
  for (const line of (await read(url)).split('\n')) {
    assert.match(line, /^(#.*|[a-zA-Z_:][\w:]*(\{(\w+="(\\.|[^"\\])*",?)*\})? \S+)?$/, line.slice(0, 200));
    assert.ok(line.length < 1_500, `a line of ${line.length} characters`);
  }
});

test('targets beyond the bound share one label', async () => {
  const metrics = createMetrics({ operationOf: () => 'chat', mostTargets: 2 });
  metrics.count({
    samples: ['a', 'b', 'c', 'd'].map((model) => sample({ target: `acme/pro/${model}` })),
    notRun: [],
  });
  const text = await metrics.registry.metrics();
  assert.equal(valueIn(text, 'probity_samples_total', 'model="b"'), 1);
  assert.equal(valueIn(text, 'probity_samples_total', 'model="_OTHER"'), 2);
  assert.equal(valueIn(text, 'probity_samples_total', 'model="c"'), null);
});

/** The metrics of an hour of one target under a contract. */
async function metricsOfAnHour(t: TestContext): Promise<string> {
  const samples = Array.from({ length: 60 }, (_, minute) =>
    sample({ scheduledAt: MONTH_AT - (minute + 1) * MINUTE }),
  );
  const data = { models: ['chat-small'], samples, fromAt: MONTH_AT - 2 * HOUR, at: MONTH_AT };
  const { url, recorded } = await serveSeeded(t, proChannel(), data);
  const reason = 'skipped: quota';
  recorded({
    samples,
    notRun: [{ probe: 'chat-stream', target: MONTH_TARGET, region: 'eu-west', scheduledAt: 4, reason }],
  });
  return read(url);
}

test('the documentation names every metric of ours, and no other', async (t) => {
  const text = await metricsOfAnHour(t);
  const given = [...text.matchAll(/^# TYPE ((?:probity|gen_ai)_\w+)/gm)].map(([, name]) => name);
  const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = [...document.matchAll(/^\| `((?:probity|gen_ai)_\w+)`/gm)].map(([, name]) => name);
  const others = ['probity_outbox_oldest_timestamp_seconds', 'probity_prober_last_sign_timestamp_seconds'];
  assert.deepEqual(documented.sort(), [...new Set([...given, ...others])].sort());
});

test('the Grafana dashboard asks for nothing that Probity does not export, and for no label it does not have', async (t) => {
  const lines = (await metricsOfAnHour(t)).split('\n');
  const board = JSON.parse(
    readFileSync(new URL('../../dashboards/grafana/probity.json', import.meta.url), 'utf8'),
  ) as {
    readonly panels: readonly {
      readonly targets: readonly { readonly expr: string }[];
    }[];
  };
  const asked = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(asked.length > 10);
  for (const expr of asked) {
    for (const [, name = '', selected = ''] of expr.matchAll(
      /\b((?:probity|process)_\w+)(?:\{([^}]*)\})?/g,
    )) {
      const line = lines.find((one) => one.startsWith(`${name}{`) || one.startsWith(`${name} `));
      assert.ok(line, `${name} is exported, for ${expr}`);
      for (const [, label] of selected.matchAll(/(\w+)[=!]/g)) {
        // Prometheus itself adds the job.
        if (label !== 'job') assert.match(line, new RegExp(`[{,]${label}="`), `${name} has ${label}`);
      }
    }
  }
});
