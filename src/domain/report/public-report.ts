import type { Report, ReportStatement } from './report.ts';

/** What everybody may know of a report among others. */
export function publicReportLine({ contract, period, state, practice, madeAt, summary }: Report) {
  return {
    contract: contract.id,
    title: contract.title,
    version: contract.version,
    period: period.label,
    from: Date.parse(period.from),
    to: Date.parse(period.to),
    timezone: period.timezone,
    state,
    practice,
    frozenAt: Date.parse(madeAt),
    result: summary.result,
    byResult: summary.byResult,
  };
}

/** Whether the contract was kept, and by which figures. What is owed is the owner's to know: there is no credit in it. */
export function publicReport(report: Report) {
  return {
    ...publicReportLine(report),
    statements: report.statements.map(publicStatement),
    chain: report.chain,
  };
}

function publicStatement({ scope, result, coverage, evaluation, exclusions, incidents }: ReportStatement) {
  const { counts, uptime } = evaluation;
  return {
    scope,
    result,
    insufficient: coverage.insufficient,
    uptimePercent: uptime.contract?.percent ?? null,
    rawUptimePercent: uptime.raw?.percent ?? null,
    coverage: {
      expected: coverage.ticks.expected,
      measured: coverage.ticks.measured,
      percent: coverage.ticks.percent,
    },
    requests: { total: counts.total, good: counts.good, bad: counts.bad, excluded: counts.excluded },
    objectives: evaluation.objectives.map((one) => ({
      id: one.id,
      kind: one.kind,
      metric: one.metric,
      percent: one.value?.percent ?? null,
      ms: one.value?.ms ?? null,
      tokensPerSecond: one.value?.tokensPerSecond ?? null,
      exact: one.value?.exact ?? null,
      comparator: one.comparator,
      target: one.target,
      result: one.result,
      verdict: one.statement.verdict,
      n: one.statement.n,
      k: one.statement.k,
      p: one.statement.p,
    })),
    exclusions,
    incidents: incidents.map(({ from, to, minutes, failures }) => ({
      from: Date.parse(from),
      to: Date.parse(to),
      minutes,
      failures,
    })),
  };
}
