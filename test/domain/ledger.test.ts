import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correctionOf, type LedgerEntry, movesAfter, standingOf } from '../../src/domain/report/ledger.ts';

type Said = readonly [kind: LedgerEntry['kind'], state: LedgerEntry['state'], amount: string | null];

const FROZEN: Said = ['frozen', 'ready', '100.00'];
const WITHDRAWN: Said = ['correction', 'no claim', null];

function ledger(said: readonly Said[]): LedgerEntry[] {
  return said.map(
    ([kind, state, amount], index): LedgerEntry => ({
      no: index + 1,
      contract: 'pro',
      period: '2027-02',
      kind,
      state,
      amount,
      currency: 'EUR',
      at: index,
      who: kind === 'frozen' ? null : 'ada',
      note: 'why',
      key: String(index),
    }),
  );
}

/** Where a report stands after these entries: its state, its amount, and the correction in force. */
function after(...said: readonly Said[]) {
  const entries = ledger(said);
  const standing = standingOf(entries);
  return [standing?.state, standing?.amount, correctionOf(entries)?.kind ?? null];
}

test('a withdrawal that is taken back leaves the correction before it in force, and tells so', () => {
  const corrected: Said = ['correction', 'ready', '90.00'];
  assert.deepEqual(after(FROZEN, WITHDRAWN, ['state', 'ready', null]), ['ready', '100.00', null]);
  assert.deepEqual(after(FROZEN, corrected, WITHDRAWN), ['no claim', null, 'withdrawn']);
  assert.deepEqual(after(FROZEN, corrected, WITHDRAWN, ['state', 'ready', null]), [
    'ready',
    '90.00',
    'corrected',
  ]);
});

test('a correction changes what is owed and what is claimed, and never what was credited', () => {
  const claimed: Said = ['state', 'claimed', '100.00'];
  assert.deepEqual(after(FROZEN, claimed, ['correction', 'claimed', '80.00']), [
    'claimed',
    '80.00',
    'corrected',
  ]);
  assert.deepEqual(
    after(FROZEN, claimed, ['state', 'credited', '95.00'], ['correction', 'credited', '80.00']),
    ['credited', '95.00', 'corrected'],
  );
});

test('money that was received stays received when its report is withdrawn, until it is paid back', () => {
  const credited: Said = ['state', 'credited', '95.00'];
  const withdrawn: Said = ['correction', 'credited', null];
  assert.deepEqual(after(FROZEN, credited, withdrawn), ['credited', '95.00', 'withdrawn']);
  const before: readonly Said[] = [FROZEN, WITHDRAWN, ['state', 'ready', null], ['state', 'credited', null]];
  assert.deepEqual(after(...before, withdrawn), ['credited', '100.00', 'withdrawn'], 'also withdrawn twice');
  const paidBack: readonly Said[] = [FROZEN, credited, withdrawn, ['state', 'no claim', null]];
  assert.deepEqual(after(...paidBack), ['no claim', null, 'withdrawn']);
});

test('nothing is claimed from a withdrawn report; making it ready is what takes the withdrawal back', () => {
  assert.deepEqual(movesAfter(ledger([FROZEN, WITHDRAWN])), ['ready']);
  assert.deepEqual(movesAfter(ledger([FROZEN, WITHDRAWN, ['state', 'ready', null]])), [
    'claimed',
    'no claim',
  ]);
  assert.deepEqual(movesAfter(ledger([FROZEN, ['state', 'no claim', null]])), ['ready', 'claimed']);
});
