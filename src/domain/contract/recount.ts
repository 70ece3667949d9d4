import { coversWhole, type Interval } from '../time/interval.ts';
import type { AvailabilityTerms, Contract, LatencyTerms } from './contract.ts';
import { type Exact, exact, exactText, fixed, HUNDRED, ratio, roundExact, ZERO } from './exact.ts';
import { isUpperLimit } from './latency-question.ts';
import { type SliceRun, slicesOfRuns } from './slice-runs.ts';

/** One line of arithmetic that a reader can redo with a pencil. */
export type Step = { readonly label: string; readonly working: string; readonly value: string };

/** What an objective comes to when its own counts are added up again. */
export type Recount = {
  readonly id: string;
  /** In percent, ms or tokens/s, as an exact fraction; `null`: no data, or a failed request. */
  readonly exact: string | null;
  readonly result: 'met' | 'breached' | 'undecided';
  readonly steps: readonly Step[];
};

/** Good, bad and excluded requests of every slice, those just outside of the period included. */
export type AvailabilityCounts = {
  readonly id: string;
  readonly kind: 'availability';
  readonly sliceMs: number;
  /** Slices before and after the period, kept so that a run of bad slices across its edge has its length. */
  readonly margin: number;
  /** Good, bad, excluded. */
  readonly runs: readonly SliceRun[];
};

/** Requests of every slice that were timed in time, timed at all, and failed. */
export type AttainmentCounts = {
  readonly id: string;
  readonly kind: 'window_attainment';
  readonly sliceMs: number;
  /** Passed, timed, failed and, for a mean, the sum of the values in µs (or 0.001 tokens/s). */
  readonly runs: readonly SliceRun[];
};

/** Where a percentile lies among all requests of the period. */
export type PercentileCounts = {
  readonly id: string;
  readonly kind: 'whole_window_percentile';
  readonly timed: number;
  /** Of the timed ones, those that satisfy the objective. */
  readonly passed: number;
  readonly failed: number;
  /** The timed value at the rank in question, µs or 0.001 tokens/s; `null`: that rank is a failed request. */
  readonly value: number | null;
  /** Timed requests below it, and at or below it. */
  readonly below: number;
  readonly upTo: number;
  /** The next greater value, for interpolation; `null`: there is none. */
  readonly next: number | null;
};

export type ObjectiveCounts = AvailabilityCounts | AttainmentCounts | PercentileCounts;

/** What the counts of a statement are read by. */
export type RecountSetting = {
  readonly contract: Contract;
  readonly period: Interval;
  /** Admitted by the contract; disjoint, ascending. */
  readonly maintenance: readonly Interval[];
};

/** Adds an objective up from its counts alone. Written apart from the engine, so that each checks the other. */
export function recount(counts: ObjectiveCounts, setting: RecountSetting): Recount {
  switch (counts.kind) {
    case 'availability':
      return recountAvailability(counts, setting);
    case 'window_attainment':
      return recountAttainment(counts, setting);
    case 'whole_window_percentile':
      return recountPercentile(counts, setting);
  }
}

function recountAvailability(counts: AvailabilityCounts, setting: RecountSetting): Recount {
  const { contract } = setting;
  const terms = contract.availability;
  if (terms === null) throw new Error('counts of an objective the contract does not have');
  const summary = summarise(counts, terms, setting);
  const { share, steps } = shareOf(summary, terms);
  if (summary.good + summary.bad > 0) return conclude('availability', share, contract, terms.target, steps);
  // A contract may count empty slices as good, but a month without a single counted request is no uptime.
  const [uptime] = steps.slice(-1);
  const unknown = step(uptime?.label ?? 'Uptime', 'no request was counted', percentText(null));
  return conclude('availability', null, contract, terms.target, [...steps.slice(0, -1), unknown]);
}

type Summary = {
  good: number;
  bad: number;
  readonly all: number;
  /** Slices that leave the sum, by why. */
  readonly aside: { maintenance: number; empty: number; excluded: number; undeployed: number };
  readonly assumed: { good: number; bad: number };
  denominator: number;
  down: number;
  dropped: number;
  /** Slices with some bad requests: how many have `bad` of `of`. */
  readonly shares: Map<string, { readonly bad: number; readonly of: number; slices: number }>;
};

type Mood = 'up' | 'down' | 'aside';

function summarise(
  { margin, runs, sliceMs }: AvailabilityCounts,
  terms: AvailabilityTerms,
  { contract, period, maintenance }: RecountSetting,
): Summary {
  const all = Math.ceil((period.toAt - period.fromAt) / sliceMs);
  const summary: Summary = {
    good: 0,
    bad: 0,
    all,
    aside: { maintenance: 0, empty: 0, excluded: 0, undeployed: 0 },
    assumed: { good: 0, bad: 0 },
    denominator: 0,
    down: 0,
    dropped: 0,
    shares: new Map(),
  };
  const seen = [...slicesOfRuns(runs)].filter(({ numbers }) => numbers.some((number) => number > 0));
  const firstSeen = seen[0]?.index ?? Number.POSITIVE_INFINITY;
  const lastSeen = seen.at(-1)?.index ?? Number.NEGATIVE_INFINITY;
  const moods: { readonly mood: Mood; readonly inside: boolean }[] = [];
  for (const { index, numbers } of slicesOfRuns(runs)) {
    const [good = 0, bad = 0, excluded = 0] = numbers;
    const slice = index - margin;
    const inside = slice >= 0 && slice < all;
    const fromAt = period.fromAt + slice * sliceMs;
    const isPlanned = inside && coversWhole(maintenance, fromAt, Math.min(fromAt + sliceMs, period.toAt));
    const counted = good + bad;
    const add = (mood: Mood): void => {
      moods.push({ mood, inside });
    };
    if (inside) {
      summary.good += good;
      summary.bad += bad;
    }
    if (isPlanned && contract.maintenance.mode === 'remove_from_denominator') {
      summary.aside.maintenance += 1;
      add('aside');
    } else if (isPlanned && contract.maintenance.mode === 'count_as_good') {
      if (counted === 0) summary.assumed.good += 1;
      add('up');
    } else if (counted >= terms.minRequestsPerSlice) {
      if (inside && bad > 0) {
        const key = `${bad}/${counted}`;
        const known = summary.shares.get(key);
        if (known === undefined) summary.shares.set(key, { bad, of: counted, slices: 1 });
        else known.slices += 1;
      }
      add(isBad(terms, good, bad) ? 'down' : 'up');
    } else if (!inside) {
      add('up');
    } else if (terms.denominator === 'deployed_slices' && (index < firstSeen || index > lastSeen)) {
      summary.aside.undeployed += 1;
      add('aside');
    } else if (terms.denominator === 'non_excluded_slices' && counted === 0 && excluded > 0) {
      summary.aside.excluded += 1;
      add('aside');
    } else if (terms.emptySlice === 'exclude') {
      summary.aside.empty += 1;
      add('aside');
    } else {
      summary.assumed[terms.emptySlice] += 1;
      add(terms.emptySlice === 'good' ? 'up' : 'down');
    }
  }
  summary.denominator = moods.filter(({ mood, inside }) => inside && mood !== 'aside').length;
  const least = terms.method.kind === 'timeslices' ? terms.method.minRunSlices : 1;
  let run = 0;
  let runInside = 0;
  for (const { mood, inside } of [...moods, { mood: 'up' as const, inside: false }]) {
    if (mood === 'down') {
      run += 1;
      if (inside) runInside += 1;
      continue;
    }
    if (run >= least) summary.down += runInside;
    else summary.dropped += runInside;
    run = runInside = 0;
  }
  return summary;
}

function isBad({ method }: AvailabilityTerms, good: number, bad: number): boolean {
  if (method.kind !== 'timeslices') return bad > 0;
  if (method.badWhen.kind === 'all_failed') return bad > 0 && good === 0;
  const share = ratio(bad, good + bad);
  const rate = exact(method.badWhen.rate);
  return method.badWhen.comparator === '>' ? share.gt(rate) : share.gte(rate);
}

type Shared = { readonly share: Exact | null; readonly steps: readonly Step[] };

const SHARES_SHOWN = 12;

function shareOf(summary: Summary, terms: AvailabilityTerms): Shared {
  const { good, bad, denominator: slices, down, dropped, assumed } = summary;
  if (terms.method.kind === 'occurrences') {
    const share = good + bad === 0 ? null : ratio(good, good + bad);
    return {
      share,
      steps: [
        step('Counted requests', `${number(good)} good + ${number(bad)} bad`, number(good + bad)),
        step('Uptime', `${number(good)} ÷ ${number(good + bad)}`, percentText(share)),
      ],
    };
  }
  const head = [
    step('Slices in the period', `the period in slices of ${spanText(terms.sliceMs)}`, number(summary.all)),
    ...asideSteps(summary),
    step('Slices that count', 'what is left', number(slices)),
    ...(assumed.good + assumed.bad === 0
      ? []
      : [
          step(
            'Of these not measured',
            `${number(assumed.good)} taken as good, ${number(assumed.bad)} as bad, as the contract says`,
            number(assumed.good + assumed.bad),
          ),
        ]),
  ];
  if (terms.method.kind === 'timeslices') {
    const share = slices === 0 ? null : ratio(slices - down, slices);
    return {
      share,
      steps: [
        ...head,
        step(
          'Bad slices',
          dropped === 0
            ? badRule(terms)
            : `${badRule(terms)}; ${number(dropped)} in runs shorter than ${terms.method.minRunSlices} are dropped`,
          number(down),
        ),
        step('Uptime', `(${number(slices)} − ${number(down)}) ÷ ${number(slices)}`, percentText(share)),
      ],
    };
  }
  const groups = [...summary.shares.values()].sort(
    (a, b) => b.slices - a.slices || a.of - b.of || a.bad - b.bad,
  );
  const lost = groups
    .reduce<Exact>((sum, group) => sum.add(ratio(group.bad * group.slices, group.of)), ZERO)
    .add(ratio(assumed.bad, 1));
  const share = slices === 0 ? null : ratio(slices, 1).sub(lost).div(ratio(slices, 1));
  const shown = groups
    .slice(0, SHARES_SHOWN)
    .map((group) => `${number(group.slices)} × ${group.bad}/${group.of}`);
  if (groups.length > SHARES_SHOWN) shown.push(`and ${groups.length - SHARES_SHOWN} further terms`);
  if (assumed.bad > 0) shown.push(`${number(assumed.bad)} × 1/1 not measured`);
  return {
    share,
    steps: [
      ...head,
      step('Lost in slices with errors', shown.length === 0 ? 'none' : shown.join(' + '), shortExact(lost)),
      step('Uptime', `(${number(slices)} − ${shortExact(lost)}) ÷ ${number(slices)}`, percentText(share)),
    ],
  };
}

function asideSteps({ aside }: Summary): Step[] {
  const row = (count: number, why: string): Step[] =>
    count === 0 ? [] : [step('Set aside', why, `− ${number(count)}`)];
  return [
    ...row(aside.maintenance, 'planned work that the contract admits'),
    ...row(aside.excluded, 'only requests that do not count'),
    ...row(aside.empty, 'no counted request: the contract leaves them out'),
    ...row(aside.undeployed, 'before the first or after the last request'),
  ];
}

function badRule({ method }: AvailabilityTerms): string {
  if (method.kind !== 'timeslices') return 'with a failed request';
  if (method.badWhen.kind === 'all_failed') return 'all requests failed';
  const words = method.badWhen.comparator === '>' ? 'more than' : 'at least';
  return `${words} ${fixedShort(exact(method.badWhen.rate).mul(HUNDRED))} % of the requests failed`;
}

function recountAttainment(counts: AttainmentCounts, setting: RecountSetting): Recount {
  const { contract, period, maintenance } = setting;
  const terms = termsOf(contract, counts.id);
  const { form } = terms;
  if (form.kind !== 'window_attainment') throw new Error('counts of another form');
  let held = 0;
  let missed = 0;
  let assumed = 0;
  let aside = 0;
  let slices = 0;
  for (const { index, numbers } of slicesOfRuns(counts.runs)) {
    const [passed = 0, timed = 0, failed = 0, sum = 0] = numbers;
    slices += 1;
    const fromAt = period.fromAt + index * form.sliceMs;
    const isPlanned = coversWhole(maintenance, fromAt, Math.min(fromAt + form.sliceMs, period.toAt));
    if (isPlanned && contract.maintenance.mode !== 'not_excluded') {
      if (contract.maintenance.mode === 'remove_from_denominator') aside += 1;
      else held += 1;
    } else if (timed + failed >= form.minRequestsPerSlice) {
      if (sliceHolds(terms, passed, timed, failed, sum)) held += 1;
      else missed += 1;
    } else if (form.emptySlice === 'exclude') {
      aside += 1;
    } else {
      assumed += 1;
      if (form.emptySlice === 'good') held += 1;
      else missed += 1;
    }
  }
  const counted = held + missed;
  const isMeasured = counted - assumed > 0;
  const share = counted === 0 || !isMeasured ? null : ratio(held, counted);
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

function sliceHolds(
  { form }: LatencyTerms,
  passed: number,
  timed: number,
  failed: number,
  sum: number,
): boolean {
  if (form.kind !== 'window_attainment') return false;
  if (form.stat === 'mean') {
    if (timed === 0) return false;
    // µs to ms and 0.001 tokens/s to tokens/s are the same factor.
    const mean = ratio(sum, timed * 1000);
    const limit = exact(form.value);
    if (form.comparator === '<') return mean.lt(limit);
    if (form.comparator === '<=') return mean.lte(limit);
    return form.comparator === '>' ? mean.gt(limit) : mean.gte(limit);
  }
  const n = timed + failed;
  if (n === 0) return false;
  const rank = rankOf(form.stat.slice(1), n);
  return isUpperLimit(form.comparator) ? passed >= rank : n - passed < rank;
}

/** ⌈p/100 × n⌉, at least 1. */
function rankOf(percentile: string, n: number): number {
  return Math.max(1, Number(exact(percentile).mul(ratio(n, 100)).ceil().valueOf()));
}

function recountPercentile(counts: PercentileCounts, { contract }: RecountSetting): Recount {
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
      : ratio(rankOf(form.percentile, n), 1);
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

function compares(value: Exact | null, comparator: '<' | '<=' | '>' | '>=', limit: Exact): boolean {
  if (value === null) return false;
  if (comparator === '<') return value.lt(limit);
  if (comparator === '<=') return value.lte(limit);
  return comparator === '>' ? value.gt(limit) : value.gte(limit);
}

/** Rounds as the contract says and holds it against the target. */
function conclude(
  id: string,
  share: Exact | null,
  { rounding }: Contract,
  target: { readonly value: string; readonly comparator: '>=' | '>' },
  steps: readonly Step[],
): Recount {
  if (share === null) {
    return {
      id,
      exact: null,
      result: 'undecided',
      steps: [...steps, step('Against the target', 'no data', 'undecided')],
    };
  }
  const raw = share.mul(HUNDRED);
  const percent = roundExact(raw, rounding.decimals, rounding.mode);
  const wanted = exact(target.value);
  const isMet = target.comparator === '>' ? percent.gt(wanted) : percent.gte(wanted);
  const result = isMet ? 'met' : 'breached';
  const rounded = percent.equals(raw)
    ? []
    : [
        step(
          'Rounded',
          `${rounding.mode === 'floor' ? 'down' : 'half up'} to ${rounding.decimals} decimals`,
          `${fixed(percent, rounding.decimals)} %`,
        ),
      ];
  return {
    id,
    exact: exactText(percent),
    result,
    steps: [
      ...steps,
      ...rounded,
      step(
        'Against the target',
        `${fixed(percent, 6)} %, promised ${signOf(target.comparator)} ${target.value} %`,
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

function step(label: string, working: string, value: string): Step {
  return { label, working, value };
}

/** A comparison as people write it. */
export function signOf(comparator: '<' | '<=' | '>' | '>='): string {
  return comparator.replace('>=', '≥').replace('<=', '≤');
}

/** `44,640`. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function percentText(share: Exact | null): string {
  return share === null ? '—' : `${fixed(share.mul(HUNDRED), 6)} %`;
}

/** At most three decimals, none that are zero. */
function fixedShort(value: Exact): string {
  const text = fixed(value, 3).replace(/\.?0+$/, '');
  return text === '' ? '0' : text;
}

/** A whole number or fraction in full while it is short, else rounded to six decimals. */
function shortExact(value: Exact): string {
  const text = exactText(value);
  return text.length <= 24 ? text : `≈ ${fixed(value, 6)}`;
}

function spanText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
