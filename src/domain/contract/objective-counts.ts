import { nearestRank } from '../statistics/quantile.ts';
import type { Contract, LatencyTerms } from './contract.ts';
import { exact, ratio } from './exact.ts';
import { isUpperLimit, latencyQuestion } from './latency-question.ts';
import { timeAtRank } from './ranked-time.ts';
import type { AttainmentCounts, ObjectiveCounts, PercentileCounts } from './recounted.ts';
import { plannedIndex, sliceCounts } from './slice-counts.ts';
import { runsOfColumns } from './slice-runs.ts';
import { inWiderSlices, type SeriesTally, sumOf, type Tally } from './tally.ts';
import { placeAtRank } from './value-counts.ts';

/** The counts every objective of a contract follows from: what a report keeps, so that it can be redone offline. */
export function objectiveCounts(tally: Tally, contract: Contract): ObjectiveCounts[] {
  const index = plannedIndex(tally, contract);
  const counts: ObjectiveCounts[] = [];
  if (contract.availability !== null) {
    const { sliceMs } = contract.availability;
    const { good, bad, excluded, margin } = sliceCounts(tally, index, sliceMs);
    counts.push({
      id: 'availability',
      kind: 'availability',
      sliceMs,
      margin,
      runs: runsOfColumns([good, bad, excluded]),
    });
  }
  for (const [position, plan] of tally.plan.series.entries()) {
    const series = tally.series[position];
    if (plan.contract !== index || series === undefined) continue;
    counts.push(
      plan.terms.form.kind === 'window_attainment'
        ? attainment(plan.terms, series, tally)
        : percentile(plan.terms, series),
    );
  }
  return counts;
}

function attainment(terms: LatencyTerms, series: SeriesTally, { plan }: Tally): AttainmentCounts {
  if (terms.form.kind !== 'window_attainment') throw new Error('counts of another form');
  const { sliceMs } = terms.form;
  const columns = [series.passed, series.timed, series.failed];
  if (series.sum !== null) columns.push(series.sum);
  const runs = runsOfColumns(columns.map((column) => inWiderSlices(column, plan, sliceMs)));
  return { id: terms.id, kind: 'window_attainment', sliceMs, runs };
}

function percentile(terms: LatencyTerms, series: SeriesTally): PercentileCounts {
  const { form } = terms;
  if (form.kind !== 'whole_window_percentile' || series.values === null) {
    throw new Error('counts of another form');
  }
  const failed = sumOf(series.failed);
  const timed = series.values.total;
  const n = timed + failed;
  const common = {
    id: terms.id,
    kind: 'whole_window_percentile',
    timed,
    passed: sumOf(series.passed),
    failed,
  } as const;
  const nothing = { ...common, value: null, below: 0, upTo: 0, next: null };
  if (n === 0) return nothing;
  const rank =
    form.method === 'linear'
      ? Number(
          exact(form.percentile)
            .mul(ratio(n - 1, 100))
            .floor()
            .valueOf(),
        ) + 1
      : nearestRank(form.percentile, n);
  const isUpper = isUpperLimit(form.comparator);
  const wanted = isUpper ? rank : rank - failed;
  const question = latencyQuestion(terms);
  const at = (one: number) =>
    isUpper
      ? timeAtRank(series, question, common.passed, one)
      : series.values === null
        ? null
        : placeAtRank(series.values, one);
  const place = at(wanted);
  if (place === null) return nothing;
  return { ...common, ...place, next: at(place.upTo + 1)?.value ?? null };
}
