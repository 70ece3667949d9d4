import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawCells } from '../../dashboards/drawn-cells.ts';
import { statusPage } from '../../dashboards/status.page.ts';
import { EVERYTHING } from '../../src/domain/view/status-query.ts';
import type { StatusView, TargetView } from '../../src/domain/view/status-view.ts';
import { loadAssets } from '../../src/web/assets.ts';
import { createRecentWindow } from '../../src/web/recent-window.ts';
import { HOUR, MINUTE, sample } from '../store/builders.ts';
import { SCENES } from '../support/scenes.ts';
import { MONTH_AT, proChannel, serveSeeded } from '../support/seeded-month.ts';

const { names } = loadAssets();

/** Changes the first target of a view. */
function withFirst(view: StatusView, over: Partial<TargetView>): StatusView {
  return {
    ...view,
    targets: view.targets.map((target, index) => (index === 0 ? { ...target, ...over } : target)),
  };
}

/** Two hours of fourteen models, which is enough of them for one line each. */
async function viewOf(t: Parameters<typeof serveSeeded>[0]): Promise<StatusView> {
  const models = Array.from({ length: 14 }, (_, index) => `model-${index}`);
  const fromAt = MONTH_AT - 2 * HOUR;
  const samples = models.flatMap((model) =>
    Array.from({ length: 119 }, (_, minute) =>
      sample({ target: `acme/pro/${model}`, scheduledAt: fromAt + minute * MINUTE }),
    ),
  );
  const { store, report } = await serveSeeded(t, proChannel(), { models, samples, fromAt, at: MONTH_AT });
  const { settings } = SCENES.healthy;
  return createRecentWindow({ store, settings, live: () => ({ ...report, pendingHours: 0 }) }).read(MONTH_AT);
}

test('a page of cells that were drawn before is the page that is drawn from nothing', async (t) => {
  const view = await viewOf(t);
  const [first] = view.targets;
  assert.ok(first?.live);
  const [lead] = first.series;
  assert.ok(lead);
  const counting = { ...view, evaluated: { toAt: MONTH_AT, pendingHours: 3 } };
  const answered = { ...lead, good: lead.good + 1 };
  const views: Readonly<Record<string, StatusView>> = {
    'as it is': view,
    'one is down': withFirst(view, { health: 'down' }),
    'one is up again': view,
    'one has another answer': withFirst(view, { series: [answered] }),
    'one has another name': withFirst(view, { id: 'acme/pro/other', model: 'other' }),
    'one has another month': withFirst(view, { live: { ...first.live, days: first.live.days.slice(1) } }),
    'one has no month': withFirst(view, { live: null }),
    'the month is being counted': counting,
    'another answer meanwhile': withFirst(counting, { series: [answered] }),
    'few of them meanwhile': { ...counting, targets: view.targets.slice(0, 4) },
    'few of them': { ...view, targets: view.targets.slice(0, 4) },
    'few of them in another zone': { ...view, targets: view.targets.slice(0, 4), timezone: 'Asia/Tokyo' },
  };
  for (const [what, each] of Object.entries(views)) {
    const drawn = statusPage(each, EVERYTHING, names);
    assert.equal(drawn, statusPage(structuredClone(each), EVERYTHING, names), what);
  }
});

test('a cell is drawn once, and in the line of a month an answer more changes nothing', async (t) => {
  const view = await viewOf(t);
  const drawn = (each: StatusView): number => [...drawCells(each)].length;
  assert.equal(drawn(view), 14);
  assert.equal(drawn(view), 0);
  const [lead] = view.targets[0]?.series ?? [];
  assert.ok(lead);
  assert.equal(drawn(withFirst(view, { series: [{ ...lead, good: lead.good + 1 }] })), 0);
  assert.equal(drawn(withFirst(view, { health: 'down' })), 1);
});
