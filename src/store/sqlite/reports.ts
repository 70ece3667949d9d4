import type { Database } from 'better-sqlite3';
import type { LedgerEntry } from '../../domain/report/ledger.ts';
import type { FrozenReport, LateRows, NamedReport, ReportStore } from '../store.ts';
import { prepareOutbox } from './outbox.ts';

type LedgerRow = {
  readonly entry_no: number;
  readonly contract: string;
  readonly period: string;
  readonly kind: LedgerEntry['kind'];
  readonly state: LedgerEntry['state'];
  readonly amount: string | null;
  readonly currency: string | null;
  readonly at_ms: number;
  readonly who: string | null;
  readonly note: string;
  readonly key: string;
};

/** The reports' part of the store on an open database. */
export function reportsOn(db: Database): ReportStore {
  const outbox = prepareOutbox(db);
  const addReport = db.prepare(`
    insert or ignore into reports (
      contract,
      period,
      from_at_ms,
      to_at_ms,
      frozen_at_ms,
      document
    ) values (
      @contract,
      @period,
      @fromAt,
      @toAt,
      @frozenAt,
      @document
    )
  `);
  const reportNamed = db.prepare<{ contract: string; period: string }, FrozenReport>(`
    select
      contract,
      period,
      from_at_ms as fromAt,
      to_at_ms as toAt,
      frozen_at_ms as frozenAt,
      document
    from reports
    where contract = @contract
      and period = @period
  `);
  const allReports = db.prepare<[], Omit<FrozenReport, 'document'>>(`
    select
      contract,
      period,
      from_at_ms as fromAt,
      to_at_ms as toAt,
      frozen_at_ms as frozenAt
    from reports
    order by from_at_ms desc, contract
  `);
  const addEntry = db.prepare(`
    insert or ignore into ledger (
      contract,
      period,
      kind,
      state,
      amount,
      currency,
      at_ms,
      who,
      note,
      key
    ) values (
      @contract,
      @period,
      @kind,
      @state,
      @amount,
      @currency,
      @at,
      @who,
      @note,
      @key
    )
  `);
  const lastEntryNo = db
    .prepare<{ contract: string; period: string }, number | null>(
      'select max(entry_no) from ledger where contract = @contract and period = @period',
    )
    .pluck();
  const entries = db.prepare<{ contract: string | null; period: string | null }, LedgerRow>(`
    select *
    from ledger
    where (@contract is null or contract = @contract)
      and (@period is null or period = @period)
    order by entry_no
  `);
  const addHeads = db.prepare(`
    insert into report_heads
    select
      @contract,
      @period,
      json_extract(value, '$.region'),
      json_extract(value, '$.segment')
    from json_each(@document, '$.report.chain')
  `);
  const addClaims = db.prepare(`
    insert into report_claims
    select distinct
      @contract,
      @period,
      json_extract(reading.value, '$.by')
    from
      json_each(@document, '$.report.statements') as statement,
      json_each(statement.value, '$.evaluation.deadlines') as deadline,
      json_each(deadline.value, '$.readings') as reading
    where json_extract(statement.value, '$.claim.isDue')
  `);
  const lateReports = db.prepare<[], LateRows>(`
    select
      contract,
      period,
      rows
    from (
      select
        reports.contract,
        reports.period,
        count(*) as rows
      from reports
      join report_heads using (contract, period)
      join late_rows on late_rows.scheduled_at_ms >= reports.from_at_ms
        and late_rows.scheduled_at_ms < reports.to_at_ms
        and late_rows.region = report_heads.region
        and late_rows.segment_no > report_heads.segment_no
      group by reports.contract, reports.period
    )
    where not exists (
      select 1
      from ledger
      where key = 'correction:' || contract || ':' || period || ':' || rows
    )
    order by contract, period
  `);
  const claimsDue = db.prepare<{ fromDay: string; toDay: string }, NamedReport>(`
    select
      contract,
      period
    from report_claims
    where substr(claim_by, 1, 10) between @fromDay and @toDay
    group by contract, period
    order by min(claim_by), contract
  `);

  const freeze = db.transaction((...[report, entry, messages]: Parameters<ReportStore['freezeReport']>) => {
    if (addReport.run(report).changes === 0) return 'exists';
    addHeads.run(report);
    addClaims.run(report);
    addEntry.run(entry);
    for (const addressed of messages) outbox.add(addressed, report.frozenAt);
    return 'frozen';
  });
  const append = db.transaction((entry: Omit<LedgerEntry, 'no'>, afterNo: number): boolean => {
    if ((lastEntryNo.get(entry) ?? null) !== afterNo) return false;
    return addEntry.run(entry).changes === 1;
  });

  return {
    async freezeReport(report, entry, messages) {
      return freeze.immediate(report, entry, messages);
    },
    async readReport(contract, period) {
      return reportNamed.get({ contract, period }) ?? null;
    },
    async listReports() {
      return allReports.all();
    },
    async addLedgerEntry(entry, afterNo) {
      return append.immediate(entry, afterNo);
    },
    async readLedger({ contract, period }) {
      return entries
        .all({ contract: contract ?? null, period: period ?? null })
        .map(({ entry_no: no, at_ms: at, ...rest }) => ({ no, at, ...rest }));
    },
    async readLate() {
      return lateReports.all();
    },
    async readClaimsDue(fromDay, toDay) {
      return claimsDue.all({ fromDay, toDay });
    },
    async backUp(path, onProgress) {
      // Within one read transaction: otherwise every commit of a writer sends the copy back to its first page.
      db.exec('begin');
      try {
        lastEntryNo.get({ contract: '', period: '' });
        await db.backup(path, {
          progress: ({ totalPages, remainingPages }) => {
            onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
            return 1_000;
          },
        });
      } finally {
        db.exec('commit');
      }
    },
  };
}
