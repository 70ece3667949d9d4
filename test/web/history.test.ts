import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCount, formatShare, formatSpeed, formatUs } from '../../dashboards/format.ts';
import type { DecidingAttempt } from '../../src/domain/measure/line-of-sample.ts';
import { OUTCOMES } from '../../src/domain/measure/outcome.ts';
import type { Interval } from '../../src/domain/time/interval.ts';
import { type HistoryColumn, uncontracted } from '../../src/domain/view/history.ts';
import { closedTo, SPANS, type SpanName, type TargetPageView } from '../../src/domain/view/target-view.ts';
import { createHistoryReader } from '../../src/web/history-reader.ts';
import { DAY, HOUR, MINUTE } from '../store/builders.ts';
import { MONTH_AT, MONTH_FROM, MONTH_TARGET, serveSeededMonth } from '../support/seeded-month.ts';

const SPAN_NAMES = Object.keys(SPANS) as SpanName[];

/** The nearest rank, found without any of the program's arithmetic. */
function rank(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1] ?? null;
}

/** Holds a stretch against its attempts: counts exactly, percentiles within the width of a histogram's bucket. */
function assertTells(column: HistoryColumn, attempts: readonly DecidingAttempt[], about: string): void {
  const own = attempts.filter(({ scheduledAt }) => scheduledAt >= column.fromAt && scheduledAt < column.toAt);
  const good = own.filter(({ outcome }) => OUTCOMES[outcome].counts === 'good');
  assert.deepEqual([column.good, column.bad], [good.length, own.length - good.length], about);
  assert.equal(
    Object.values(column.outcomes).reduce((sum, count) => sum + count, 0),
    own.length,
    about,
  );
  for (const key of ['ttft', 'total'] as const) {
    const us = good.flatMap((attempt) => attempt[`${key}Us`] ?? []);
    assert.equal(column[key]?.n ?? 0, us.length, about);
    for (const [name, percent] of [
      ['p50Us', 50],
      ['p90Us', 90],
      ['p99Us', 99],
    ] as const) {
      const [shown, exact] = [column[key]?.[name] ?? null, rank(us, percent)];
      assert.equal(shown === null, exact === null, about);
      if (shown === null || exact === null) continue;
      assert.ok(
        shown >= exact && shown <= exact * (1 + 1 / 256),
        `${about} ${key} ${name}: ${shown}, ${exact}`,
      );
    }
  }
  const speeds = good.flatMap(({ completionTokens, totalUs }) =>
    completionTokens === null || totalUs === null ? [] : (completionTokens * 1e9) / totalUs,
  );
  assert.equal(column.speed?.n ?? 0, speeds.length, about);
  for (const [name, percent] of [
    ['p50', 50],
    ['p10', 10],
    ['p1', 1],
  ] as const) {
    const [shown, exact] = [column.speed?.[name] ?? null, rank(speeds, percent)];
    if (shown === null || exact === null) continue;
    assert.ok(shown <= exact && shown >= exact * (1 - 1 / 256) - 1, `${about} ${name}: ${shown}, ${exact}`);
  }
}

test('the history of a target', async (t) => {
  const { url, store, report } = await serveSeededMonth(t);
  const { byTarget } = await store.readDecided(MONTH_FROM, MONTH_AT);
  const attempts = byTarget.get(MONTH_TARGET) ?? [];

  await t.test(
    'hours counted by other terms are left out, and the range says that it lacks them',
    async () => {
      const reader = createHistoryReader(store);
      const range = { fromAt: closedTo(MONTH_AT) - 7 * DAY, toAt: MONTH_AT };
      const { whole } = await reader.read(MONTH_TARGET, uncontracted(), range, 2 * HOUR, MONTH_AT);
      assert.equal(whole.counting, true);
      const withinTheHour = attempts.filter(({ scheduledAt }) => scheduledAt >= closedTo(MONTH_AT)).length;
      assert.equal(whole.good + whole.bad, withinTheHour);
    },
  );

  await t.test('over every span, page, API and engine tell the same of a seeded month', async () => {
    const objectives = report.targets.get(MONTH_TARGET)?.objectives ?? [];
    for (const span of SPAN_NAMES) {
      const address = `/targets/${MONTH_TARGET}?span=${span}`;
      const view = (await (await fetch(`${url}/api/v1${address}`)).json()) as TargetPageView;
      const page = await (await fetch(`${url}${address}`)).text();

      const [uptime, ttft] = objectives;
      const window = uptime?.windows[span];
      assert.ok(window && ttft);
      assert.deepEqual([view.fromAt, view.toAt], [window.fromAt, window.toAt], span);
      assert.deepEqual(
        [view.whole.good, view.whole.good + view.whole.bad],
        [window.good, window.counted],
        span,
      );
      const timed = ttft.windows[span];
      assert.equal((view.whole.ttft?.n ?? 0) + view.whole.bad, timed.n, span);

      assertTells(view.whole, attempts, `${span}, whole`);
      for (const [index, column] of view.buckets.entries())
        assertTells(column, attempts, `${span}, ${index}`);
      assert.equal(view.buckets[0]?.fromAt, view.fromAt);
      assert.equal(view.buckets.at(-1)?.toAt, view.toAt);
      for (const [index, { fromAt, counting }] of view.buckets.entries()) {
        assert.equal(counting, false, span);
        if (index > 0) assert.equal(fromAt, view.buckets[index - 1]?.toAt);
      }

      const { good, bad, speed, total } = view.whole;
      for (const text of [
        `${formatShare(good, good + bad)} of ${formatCount(good + bad)} counted requests succeeded`,
        `p99 ${formatUs(total?.p99Us ?? null)}`,
        `p1 ${formatSpeed(speed?.p1 ?? null)}`,
      ]) {
        if (text.startsWith('p') && (total?.n ?? 0) < 100) continue;
        assert.ok(page.includes(text.replace('/', '&#x2F;')), `${span}: ${text}`);
      }
      const rows = page.match(/<tr><th scope="row">[^<]*\d\d:\d\d[^<]*<\/th>/g)?.length ?? 0;
      assert.equal(rows, view.buckets.length, 'the table has a row for every stretch of the chart');
      for (const column of view.buckets) {
        const cell = `<td class="num">${formatCount(column.good)}</td><td class="num">${formatCount(column.bad)}</td><td class="num">${formatCount(column.excluded)}</td><td class="num">${formatUs(column.ttft?.p50Us ?? null)}</td>`;
        assert.ok(page.includes(cell), `${span}: ${cell}`);
      }
    }
  });

  await t.test(
    'a range of any length that begins and ends anywhere holds every attempt of it once',
    async () => {
      const ranges: readonly Interval[] = [
        { fromAt: MONTH_FROM + 3 * MINUTE + 7, toAt: MONTH_FROM + 5 * DAY + 1 },
        { fromAt: MONTH_AT - 12 * DAY - 17 * MINUTE, toAt: MONTH_AT - 3 * HOUR - 1 },
        { fromAt: MONTH_AT - 90 * MINUTE, toAt: MONTH_AT },
        { fromAt: MONTH_FROM - 60 * DAY, toAt: MONTH_AT + DAY },
      ];
      for (const { fromAt, toAt } of ranges) {
        const answer = await fetch(`${url}/api/v1/targets/${MONTH_TARGET}?from=${fromAt}&to=${toAt}`);
        const view = (await answer.json()) as TargetPageView;
        assert.deepEqual([view.span, view.fromAt, view.toAt], [null, fromAt, toAt]);
        assert.ok(view.buckets.length <= 125, `${view.buckets.length} stretches`);
        assertTells(view.whole, attempts, 'whole');
        for (const column of view.buckets)
          assertTells(column, attempts, new Date(column.fromAt).toISOString());
      }
    },
  );

  await t.test('a range that cannot be answered is refused in words', async () => {
    for (const [query, words] of [
      ['span=2h', 'span must be one of 1h, 6h, 24h, 7d, 30d, 90d, period'],
      ['from=5', 'from and to must be given together'],
      ['from=5&to=5', 'from must be before to'],
      ['from=0&to=8640000001', 'from and to may be at most 100 days apart'],
      ['span=1h&from=1&to=2', 'ask for a span, or for from and to, not for both'],
    ] as const) {
      const answer = await fetch(`${url}/api/v1/targets/${MONTH_TARGET}?${query}`);
      assert.equal(answer.status, 400, query);
      assert.equal(((await answer.json()) as { error: { message: string } }).error.message, words);
    }
  });

  await t.test(
    'failures of a long span are the latest ones, and the slowest answer is the slowest of all',
    async () => {
      const view = (await (
        await fetch(`${url}/api/v1/targets/${MONTH_TARGET}?span=30d`)
      ).json()) as TargetPageView;
      const all = await store.readSamples({ target: MONTH_TARGET, fromAt: view.fromAt, toAt: view.toAt });
      const failed = all.filter(({ outcome }) => OUTCOMES[outcome].counts === 'bad').toReversed();
      assert.ok(failed.length > 20);
      assert.deepEqual(
        view.failures.map(({ sample }) => sample.scheduledAt),
        failed.slice(0, 20).map(({ scheduledAt }) => scheduledAt),
      );
      const slowest = Math.max(...all.map(({ totalUs }) => totalUs ?? 0));
      const lower = slowest * (1 - 1 / 256);
      assert.ok((view.slowest?.totalUs ?? 0) >= lower, `${view.slowest?.totalUs} of ${slowest}`);
    },
  );
});

test('while history is being counted, no month and no budget is shown, and the pages say why', async (t) => {
  const { url } = await serveSeededMonth(t, { pendingHours: 7 });
  const overview = await (await fetch(url)).text();
  assert.match(overview, /Counting history: 7 hours to go/);
  assert.match(overview, /month being counted/);
  assert.doesNotMatch(overview, /of budget left|over budget|30 days, n/);
  assert.match(overview, /Last hour<\/span> <span class="uptime/, 'the hour needs no history');
  const page = await (await fetch(`${url}/targets/${MONTH_TARGET}`)).text();
  assert.match(page, /History is still being counted/);
  assert.equal(
    page.match(/<td class="num soft">counting…<\/td>/g)?.length,
    15,
    'five windows of three objectives',
  );
  assert.doesNotMatch(page, /of budget left|over budget/);
});

test('while a past is still being written, no window that reaches into it is shown', async (t) => {
  const { url } = await serveSeededMonth(t, { pendingHours: 0 }, 400_000);
  const page = await (await fetch(`${url}/targets/${MONTH_TARGET}`)).text();
  assert.match(page, /History is still being counted. All windows but the shortest/);
  assert.equal(
    page.match(/<td class="num soft">counting…<\/td>/g)?.length,
    21,
    'seven windows of three objectives; five minutes need no past',
  );
});
