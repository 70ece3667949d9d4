import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReportShelf } from '../../src/web/reports.route.ts';
import { HOUR } from '../store/builders.ts';
import { closeAt } from '../support/closing.ts';
import { MARCH, recordMonth } from '../support/month.ts';

test('a list of many years of reports reads each of them once, however often it is asked for', async (t) => {
  const { store, closing } = await recordMonth({});
  t.after(() => store.close());
  await closeAt(closing, MARCH + 3 * HOUR);
  const [frozen] = await store.listReports();
  assert.ok(frozen);
  const { contract } = frozen;
  const months = Array.from({ length: 150 }, (_, n) => `${2000 + Math.floor(n / 12)}-${(n % 12) + 1}`);
  let reads = 0;
  const shelf = createReportShelf({
    store: {
      listReports: async () => months.map((period) => ({ ...frozen, period })),
      readReport: (of) => {
        reads += 1;
        return store.readReport(of, frozen.period);
      },
    },
  });
  const first = await shelf.list();
  assert.equal(first.length, months.length);
  assert.equal(reads, months.length);
  assert.deepEqual(await shelf.list(), first);
  assert.equal(reads, months.length);

  await shelf.read(contract, '2000-1');
  await shelf.read(contract, '2000-1');
  assert.equal(reads, months.length + 1, 'whole reports are kept too while they are looked at');
  for (const period of months.slice(1, 9)) await shelf.read(contract, period);
  await shelf.read(contract, '2000-1');
  assert.equal(reads, months.length + 10, 'but only a few of them');
});
