import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadDeployment } from '../../src/commands/load-deployment.ts';
import { openDataToProbe } from '../../src/commands/open-data.ts';
import { type PracticeHistory, writePracticeHistory } from '../../src/commands/run/practice-history.ts';
import { planProbing } from '../../src/config/plan.ts';
import { uptimeOf } from '../../src/domain/live/live-report.ts';
import { createLiveMemory } from '../../src/pipeline/live/live-memory.ts';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { impatientClock } from '../support/impatient-clock.ts';

const NOW = Date.UTC(2026, 2, 18, 13, 37, 20);
const DAY = 86_400_000;
const KIMI = 'moonshotai/Kimi-K2.5';

test('the first start writes ninety counted days, once, and an interrupted start goes on with the same past', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'probity-history-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const config = loadDeployment('probes/practice', { env: {}, err: () => {} });
  const practice = new Map([['practice', { baseUrl: 'http://127.0.0.1:1/v1', keys: {} }]]);
  const whole = planProbing(config, { practice });
  // Each target's past is its own; two of them are written in a fraction of the time.
  const plan = {
    ...whole,
    series: whole.series.filter(({ target }) => target.model === KIMI && target.tier !== 'critical'),
  };
  assert.equal(plan.series.length, 2);
  const { store, close } = openDataToProbe(data);
  t.after(close);

  let changes = 0;
  const first = await writePracticeHistory(config, plan, store, data, NOW, () => {
    changes += 1;
  });
  assert.notEqual(first.donePpm(), null, 'it says that it is not done');
  await first.stop();
  assert.ok(changes > 1, 'it was not ended while it was still opening its data');
  const told: (number | null)[] = [];
  const later = NOW + 3 * 3_600_000;
  const second: PracticeHistory = await writePracticeHistory(config, plan, store, data, later, () =>
    told.push(second.donePpm()),
  );
  await second.finished;
  assert.ok(told.length > 10);
  assert.ok(
    told.every((ppm) => ppm === null || Number.isInteger(ppm)),
    `${told}`,
  );
  assert.equal(second.donePpm(), null);

  const last = await store.readSamples({ fromAt: 0, toAt: NOW + DAY, order: 'newest-first', limit: 1 });
  assert.ok((last[0]?.scheduledAt ?? 0) < NOW, 'it ends where the first start began');
  const scope = createLiveScope({
    versionsOf: ({ tier }) =>
      config.contracts.find(({ id }) => id === config.tiers.find((one) => one.id === tier)?.contract)
        ?.versions ?? [],
    plannedWorkOf: () => [],
  });
  const report = await createLiveMemory(store, scope, impatientClock(NOW)).evaluate(NOW);
  assert.equal(report.pendingHours, 0, 'every hour of it is counted');
  const kimi = report.targets.get(`practice/pro/${KIMI}`);
  assert.ok(kimi);
  assert.equal(uptimeOf(kimi)?.windows['90d'].result, 'breached', 'the month before was broken');
  assert.ok(
    kimi.days.every(({ good, bad }) => good + bad > 0),
    'no day is missing',
  );

  const third = await writePracticeHistory(config, plan, store, data, NOW + 4 * 3_600_000, () => {});
  assert.equal(third.donePpm(), null, 'nothing is left to write');
});
