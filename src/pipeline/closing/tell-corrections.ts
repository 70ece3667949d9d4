import type { Message } from '../../domain/alert/message.ts';
import { correctionNotice, takenBackNotice } from '../../domain/alert/notices.ts';
import {
  type Correction,
  correctionBy,
  type LedgerEntry,
  standingOf,
  takesBack,
} from '../../domain/report/ledger.ts';
import type { Report } from '../../domain/report/report.ts';
import type { Attempt, CloseOptions } from './close-period.ts';
import { closedPeriod, recipients, reportIn } from './closed-period.ts';

/** Nobody is told of an older one: each costs a reading of its report in every round. The service is hardly down for so long. */
const CORRECTIONS_TOLD_MS = 31 * 86_400_000;

/** The command that corrects knows no recipients: whoever reads statements is told here, once. */
export async function tellCorrections(
  { store, routes }: CloseOptions,
  attempt: Attempt,
  now: number,
): Promise<void> {
  const byReport = Map.groupBy(
    await store.readLedger({}),
    ({ contract, period }) => `${period}\n${contract}`,
  );
  for (const entries of byReport.values()) {
    for (const [index, entry] of entries.entries()) {
      if (now - entry.at > CORRECTIONS_TOLD_MS) continue;
      const until = entries.slice(0, index + 1);
      const correction = correctionBy(entry);
      if (correction === null && !takesBack(until)) continue;
      const { contract, period } = entry;
      await attempt(`telling of the correction of ${contract} ${period}`, async () => {
        const frozen = await store.readReport(contract, period);
        if (frozen === null) return;
        const report = reportIn(frozen);
        const message = correctionMessage(correction, until, entry, report, now);
        const messages = [{ message, recipients: recipients(routes, message.severity, report) }];
        await store.saveDecision({ incidents: [], events: [], messages, spendsLink: null, at: now });
      });
    }
  }
}

/** What is told of the last entry of a report: `correction`, or without one that a withdrawal is taken back. */
function correctionMessage(
  correction: Correction | null,
  entries: readonly LedgerEntry[],
  { contract, period, no, at, who, note, amount, currency, state }: LedgerEntry,
  report: Report,
  now: number,
): Message {
  const moneyOf = (owed: string | null): string | null =>
    owed === null ? null : `${owed} ${currency ?? ''}`.trim();
  const told = { contract, period, practice: report.practice, no, at, who: who ?? '', reason: note };
  if (correction !== null) {
    return correctionNotice({ ...told, kind: correction.kind, worth: moneyOf(amount) });
  }
  const owed = standingOf(entries)?.amount ?? report.summary.amount;
  const { claimBy, claimed } = closedPeriod(contract, report, state, now, owed);
  return takenBackNotice({ ...told, worth: moneyOf(owed), claimBy: claimed ? null : claimBy });
}
