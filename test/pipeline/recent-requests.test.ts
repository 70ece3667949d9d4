import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveScope } from '../../src/pipeline/live/live-scope.ts';
import { createRecentRequests } from '../../src/pipeline/live/recent-requests.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { declaration, HOUR, MINUTE, MONDAY, sample, target } from '../store/builders.ts';
import { impatientClock } from '../support/impatient-clock.ts';

test('a target that was gone for a while and comes back has all its requests, those that arrived meanwhile too', async (t) => {
  const opened = openSqliteStore(':memory:');
  assert.ok(opened.kind === 'opened');
  const { store } = opened;
  t.after(() => store.close());
  const [stays, goes] = [target('stays'), target('goes')];
  await store.declareSeries(
    [stays, goes].map((one) => declaration(one.model, { target: one })),
    MONDAY,
  );
  const scope = createLiveScope({ versionsOf: () => [], plannedWorkOf: () => [] });
  const recent = createRecentRequests(store, scope, impatientClock(MONDAY));
  const at = MONDAY + 12 * HOUR;
  const answered = async (scheduledAt: number): Promise<void> => {
    const samples = [stays, goes].map(({ id }) => sample({ target: id, scheduledAt }));
    await store.record({ samples, notRun: [] });
    recent.touched(scheduledAt);
  };
  const seen = () => [stays, goes].map(({ id }) => recent.linesOf(id)?.length);

  await answered(at - 2 * MINUTE);
  await recent.refresh([stays, goes], at, at - HOUR);
  assert.deepEqual(seen(), [1, 1]);
  await answered(at);
  await recent.refresh([stays], at + MINUTE, at - HOUR);
  await recent.refresh([stays, goes], at + 2 * MINUTE, at - HOUR);
  assert.deepEqual(seen(), [2, 2]);
});
