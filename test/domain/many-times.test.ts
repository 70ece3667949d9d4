import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitMaintenance } from '../../src/domain/contract/admitted-maintenance.ts';
import { evaluate } from '../../src/domain/contract/evaluation.ts';
import { objectiveCounts } from '../../src/domain/contract/objective-counts.ts';
import { recount } from '../../src/domain/contract/recount.ts';
import { accumulate, emptyTally, planTally } from '../../src/domain/contract/tally.ts';
import { addValueCounts } from '../../src/domain/contract/value-counts.ts';
import { contractOf, line, periodOf } from '../support/contract-bench.ts';

/** From 700 ms on, one for each microsecond. */
const DIFFERENT = 3_000;
const FIRST_US = 700_001;
const AT = Date.UTC(2026, 9, 5);
const FAILED = 5;

type Form = { readonly method: string; readonly p: string; readonly op: string; readonly value: string };

function judged(forms: readonly Form[]) {
  const contract = contractOf(`
id: many
version: "1"
window: { kind: calendar_month, timezone: UTC }
latency:
${forms
  .map(
    ({ method, p, op, value }, i) =>
      `  - { id: "${i}", metric: e2e_ms, form: whole_window_percentile, p: "${p}", op: "${op}", value: "${value}", method: ${method} }`,
  )
  .join('\n')}
`);
  const period = periodOf(contract, '2026-10');
  const { intervals } = admitMaintenance(contract, period, []);
  const tally = emptyTally(planTally(period, [{ contract, maintenance: intervals }]));
  for (let i = 0; i < DIFFERENT; i += 1) {
    accumulate(tally, line(AT, { status: 200, totalUs: FIRST_US + ((i * 7_919) % DIFFERENT) }));
  }
  accumulate(tally, line(AT, { status: 500, count: FAILED }));
  // As if there were so many different ones that they are kept rounded up to a millisecond.
  for (const { values } of tally.series) {
    if (values !== null) addValueCounts(values, { resolution: 1000, counts: new Map(), total: 0 });
  }
  const { objectives, flags } = evaluate(tally, contract, { fee: null, previous: [], maintenanceFlags: [] });
  assert.ok(flags.some((flag) => flag.includes('more than 262,144 distinct values')));
  const setting = { contract, period, maintenance: intervals };
  const again = objectiveCounts(tally, contract).map((counts) => recount(counts, setting));
  return { objectives, again };
}

/** The percentile in nanoseconds, as whole as the percentiles of the cases make it. */
function truth({ method, p }: Form): number {
  const n = DIFFERENT + FAILED;
  const at = (rank: number): number => FIRST_US + rank - 1;
  if (method === 'nearest_rank') return at(Math.ceil((Number(p) * n) / 100 - 1e-9)) * 1000;
  const position = ((n - 1) * Number(p)) / 100;
  return Math.round(FIRST_US * 1000 + position * 1000);
}

test('among more times than are kept, the verdict, its recount and the value shown are on the side of the truth', () => {
  const forms: Form[] = [];
  for (const method of ['nearest_rank', 'linear']) {
    for (const p of ['50', '90', '99', '33.3']) {
      const ns = truth({ method, p, op: '', value: '' });
      // Exactly on the line, half a microsecond and one beside it, and a whole millisecond, to which times are rounded up.
      for (const beside of [-1_000, -500, 0, 500, 1_000, 1_000_000 - (ns % 1_000_000)]) {
        const value = ((ns + beside) / 1_000_000).toFixed(6);
        for (const op of ['<', '<=']) forms.push({ method, p, op, value });
      }
    }
  }
  const { objectives, again } = judged(forms);
  for (const [i, form] of forms.entries()) {
    const ns = truth(form);
    const limit = Math.round(Number(form.value) * 1_000_000);
    const isMet = form.op === '<' ? ns < limit : ns <= limit;
    const found = objectives[i];
    const name = `${form.method} p${form.p} ${form.op} ${form.value}: ${ns} ns`;
    assert.equal(found?.result, isMet ? 'met' : 'breached', name);
    assert.equal(again[i]?.result, found?.result, `${name}, recounted`);
    assert.equal(again[i]?.exact, found?.value?.exact, `${name}, recounted`);
    const shown = Number(found?.value?.ms);
    const holds = form.op === '<' ? shown < limit / 1_000_000 : shown <= limit / 1_000_000;
    assert.equal(holds, isMet, `${name}, shown as ${shown} ms`);
    assert.ok(Math.abs(shown - ns / 1_000_000) <= 1, `${name}, shown as ${shown} ms`);
  }
});
