import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, judged } from '../support/judge-file.ts';

function terms(id: string): string {
  return `id: ${id}
version: 1
window: { kind: calendar_month, timezone: UTC }
availability: { method: occurrences, target: "99.8" }
credits: { shape: flat, percent: 10, requiresConsecutiveWindows: 2 }
chronic: [{ when: { k: 2, m: 3 }, right: terminate }]
`;
}

const CONTRACT = terms('looks-back');

function month(label: string, bad: number) {
  const lines = [
    { at: `${label}-10T00:00:00Z`, status: 200, count: 1000 - bad },
    ...(bad === 0 ? [] : [{ at: `${label}-10T00:00:00Z`, status: 500, count: bad }]),
  ];
  return { contract: CONTRACT, period: label, lines };
}

/** The file of a month's result, as the command printed it. */
async function resultOf(label: string, bad: number): Promise<string> {
  return fileOf(JSON.stringify(await judged(month(label, bad))), 'json');
}

const previous = (...files: readonly string[]): string[] => files.flatMap((file) => ['--previous', file]);

test('without earlier results a right that looks back is undecided, and a second month earns nothing', async () => {
  const { chronic, credit } = await judged(month('2026-09', 3));
  assert.deepEqual([chronic[0]?.raised, credit.percent], [null, '0']);
});

test('earlier results decide what looks back on them, each for its own month', async () => {
  const [july, august] = [await resultOf('2026-07', 3), await resultOf('2026-08', 0)];
  const { chronic, credit } = await judged({ ...month('2026-09', 3), args: previous(july, august) });
  // Two of three months missed 99.8 %; August did not, so September is not the second in a row.
  assert.deepEqual([chronic[0]?.raised, credit.percent], [true, '0']);
  assert.deepEqual(
    chronic[0]?.windows.map(({ label, percent }) => [label, percent]),
    [
      ['2026-09', '99.7'],
      ['2026-08', '100'],
      ['2026-07', '99.7'],
    ],
  );
});

test('the second bad month in a row earns the credit', async () => {
  const { credit } = await judged({ ...month('2026-08', 3), args: previous(await resultOf('2026-07', 3)) });
  assert.equal(credit.percent, '10');
});

test('an earlier result that does not belong is told, not used', async () => {
  const june = await resultOf('2026-06', 3);
  const august = await resultOf('2026-08', 3);
  const september = month('2026-09', 3);
  const refused: readonly (readonly [asked: Parameters<typeof judged>[0], message: RegExp])[] = [
    [{ ...september, args: previous(june) }, /is about 2026-06; expected 2026-08, 2026-07$/],
    [{ ...september, args: previous(august, august) }, /two files are about 2026-08; give one of them$/],
    [
      { ...september, args: previous(fileOf('{}', 'json')) },
      /expected what `probity evaluate --json` printed/,
    ],
    [{ ...september, args: previous('/nowhere.json') }, /cannot read \/nowhere\.json/],
    [
      { ...september, contract: terms('other'), args: previous(august) },
      /is about the contract looks-back; expected other$/,
    ],
  ];
  for (const [asked, message] of refused) await assert.rejects(judged(asked), message);
});
