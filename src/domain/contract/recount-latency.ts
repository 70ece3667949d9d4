import { coversWhole } from '../time/interval.ts';
import type { Contract, LatencyTerms } from './contract.ts';
import { type Exact, exact, exactText, ratio } from './exact.ts';
import { isUpperLimit } from './latency-question.ts';
import {
  type AttainmentCounts,
  compares,
  conclude,
  edgesOfWork,
  type PercentileCounts,
  type Recount,
  type RecountSetting,
} from './recounted.ts';
import { stretchesOf } from './slice-runs.ts';
import { fixedShort, number, percentText, shortExact, signOf, spanText, step } from './working.ts';

export function recountAttainment(counts: AttainmentCounts, setting: RecountSetting): Recount {
  const { contract, period, maintenance } = setting;
  const terms = termsOf(contract, counts.id);
  const { form } = terms;
  if (form.kind !== 'window_attainment') throw new Error('counts of another form');
  let held = 0;
  let missed = 0;
  let measured = 0;
  let assumed = 0;
  let aside = 0;
  let slices = 0;
  const holds = sliceHolds(terms);
  for (const stretch of stretchesOf(counts.runs, edgesOfWork(setting, form.sliceMs))) {
    const [passed = 0, timed = 0, failed = 0, sum = 0] = stretch.numbers;
    slices += stretch.slices;
    const fromAt = period.fromAt + stretch.first * form.sliceMs;
    const isPlanned = coversWhole(maintenance, fromAt, Math.min(fromAt + form.sliceMs, period.toAt));
    if (isPlanned && contract.maintenance.mode !== 'not_excluded') {
      if (contract.maintenance.mode === 'remove_from_denominator') aside += stretch.slices;
      else held += stretch.slices;
    } else if (timed + failed >= form.minRequestsPerSlice) {
      measured += stretch.slices;
      if (holds(passed, timed, failed, sum)) held += stretch.slices;
      else missed += stretch.slices;
    } else if (form.emptySlice === 'exclude') {
      aside += stretch.slices;
    } else {
      assumed += stretch.slices;
      if (form.emptySlice === 'good') held += stretch.slices;
      else missed += stretch.slices;
    }
  }
  const counted = held + missed;
  // Slices that are good by contract, but not one that was measured: nobody looked.
  const share = measured === 0 ? null : ratio(held, counted);
  const unit = terms.metric === 'tokens_per_s' ? 'tokens/s' : 'ms';
  return conclude(terms.id, share, contract, form.target, [
    step('Slices in the period', `slices of ${spanText(form.sliceMs)}`, number(slices)),
    ...(aside === 0 ? [] : [step('Set aside', 'planned work, or too few requests', `− ${number(aside)}`)]),
    ...(assumed === 0
      ? []
      : [
          step('Of these not measured', `taken as ${form.emptySlice}, as the contract says`, number(assumed)),
        ]),
    step('Slices that hold', `${form.stat} ${signOf(form.comparator)} ${form.value} ${unit}`, number(held)),
    step('Attainment', `${number(held)} ÷ ${number(counted)}`, percentText(share)),
  ]);
}

type SliceTest = (passed: number, timed: number, failed: number, sum: number) => boolean;

function sliceHolds({ form }: LatencyTerms): SliceTest {
  if (form.kind !== 'window_attainment') return () => false;
  const { comparator, stat } = form;
  if (stat === 'mean') {
    const limit = exact(form.value);
    // µs to ms and 0.001 tokens/s to tokens/s are the same factor.
    return (_passed, timed, _failed, sum) =>
      timed > 0 && compares(ratio(sum, timed * 1000), comparator, limit);
  }
  const percentile = exact(stat.slice(1));
  const isUpper = isUpperLimit(comparator);
  return (passed, timed, failed) => {
    const n = timed + failed;
    if (n === 0) return false;
    const rank = rankOf(percentile, n);
    return isUpper ? passed >= rank : n - passed < rank;
  };
}

/** ⌈p/100 × n⌉, at least 1. */
function rankOf(percentile: Exact, n: number): number {
  const whole = percentile.d * 100n;
  return Math.max(1, Number((percentile.n * BigInt(n) + whole - 1n) / whole));
}

export function recountPercentile(counts: PercentileCounts, { contract }: RecountSetting): Recount {
  const terms = termsOf(contract, counts.id);
  const { form } = terms;
  if (form.kind !== 'whole_window_percentile') throw new Error('counts of another form');
  const { timed, failed, passed, value, below, upTo, next } = counts;
  const n = timed + failed;
  const isUpper = isUpperLimit(form.comparator);
  const unit = terms.metric === 'tokens_per_s' ? 'tokens/s' : 'ms';
  const counted = step(
    'Counted requests',
    failed === 0 && terms.failures === 'exclude'
      ? `${number(timed)} answered`
      : `${number(timed)} answered + ${number(failed)} failed, which are ${isUpper ? 'slower' : 'worse'} than any answer`,
    number(n),
  );
  if (n === 0) return { id: terms.id, exact: null, result: 'undecided', steps: [counted] };
  const position =
    form.method === 'linear'
      ? exact(form.percentile)
          .mul(ratio(n - 1, 100))
          .add(ratio(1, 1))
      : ratio(rankOf(exact(form.percentile), n), 1);
  const rank = Number(position.floor().valueOf());
  const part = position.sub(ratio(rank, 1));
  const shift = isUpper ? 0 : failed;
  const inPlace = value !== null && below < rank - shift && rank - shift <= upTo;
  if (value !== null && !inPlace) throw new RangeError(`the value of ${terms.id} is not at rank ${rank}`);
  const upper = part.equals(0) || upTo >= rank - shift + 1 ? value : next;
  const measured =
    value === null || upper === null ? null : ratio(value, 1000).add(part.mul(ratio(upper - value, 1000)));
  const limit = exact(form.value);
  const holds = isUpper ? passed >= rank : n - passed < rank;
  const isMet = form.method === 'linear' ? compares(measured, form.comparator, limit) : holds;
  const result = n < Math.max(1, form.minSamples) ? 'undecided' : isMet ? 'met' : 'breached';
  return {
    id: terms.id,
    exact: measured === null ? null : exactText(measured),
    result,
    steps: [
      counted,
      step(
        'Rank of the percentile',
        form.method === 'linear'
          ? `${form.percentile} % × (${number(n)} − 1) + 1`
          : `${form.percentile} % × ${number(n)}, rounded up`,
        form.method === 'linear' ? shortExact(position) : number(rank),
      ),
      step(
        `Requests ${signOf(form.comparator)} ${form.value} ${unit}`,
        form.method === 'linear' ? 'counted' : `must reach the rank of ${number(rank)}`,
        number(passed),
      ),
      step(
        `${form.percentile}th percentile`,
        value === null
          ? 'the request at that rank failed'
          : `${number(below)} answers are lower, ${number(upTo - below)} equal`,
        measured === null ? '—' : `${fixedShort(measured)} ${unit}`,
      ),
      step(
        'Against the target',
        `${measured === null ? 'a failed request' : `${fixedShort(measured)} ${unit}`}, promised ${signOf(form.comparator)} ${form.value} ${unit}`,
        result,
      ),
    ],
  };
}

function termsOf({ latency }: Contract, id: string): LatencyTerms {
  const terms = latency.find((one) => one.id === id);
  if (terms === undefined) throw new Error(`the contract has no objective ${id}`);
  return terms;
}
