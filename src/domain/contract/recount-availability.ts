import { coversWhole } from '../time/interval.ts';
import type { AvailabilityTerms } from './contract.ts';
import { type Exact, exact, HUNDRED, ratio, ZERO } from './exact.ts';
import {
  type AvailabilityCounts,
  conclude,
  edgesOfWork,
  type Recount,
  type RecountSetting,
} from './recounted.ts';
import { type SliceRun, stretchesOf } from './slice-runs.ts';
import { fixedShort, number, percentText, type Step, shortExact, spanText, step } from './working.ts';

export function recountAvailability(counts: AvailabilityCounts, setting: RecountSetting): Recount {
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
  setting: RecountSetting,
): Summary {
  const { contract, period, maintenance } = setting;
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
  const isBad = badSlice(terms);
  const seen = seenIn(runs);
  const least = terms.method.kind === 'timeslices' ? terms.method.minRunSlices : 1;
  let run = 0;
  let runInside = 0;
  const endRun = (): void => {
    if (run >= least) summary.down += runInside;
    else summary.dropped += runInside;
    run = runInside = 0;
  };
  // Between two of these all slices with the same numbers are alike.
  const cuts = [0, all, ...edgesOfWork(setting, sliceMs)].map((slice) => slice + margin);
  for (const { first, slices, numbers } of stretchesOf(runs, cuts)) {
    const [good = 0, bad = 0, excluded = 0] = numbers;
    const slice = first - margin;
    const inside = slice >= 0 && slice < all;
    const fromAt = period.fromAt + slice * sliceMs;
    const isPlanned = inside && coversWhole(maintenance, fromAt, Math.min(fromAt + sliceMs, period.toAt));
    const counted = good + bad;
    let mood: Mood = 'up';
    if (inside) {
      summary.good += good * slices;
      summary.bad += bad * slices;
    }
    if (isPlanned && contract.maintenance.mode === 'remove_from_denominator') {
      summary.aside.maintenance += slices;
      mood = 'aside';
    } else if (isPlanned && contract.maintenance.mode === 'count_as_good') {
      if (counted === 0) summary.assumed.good += slices;
    } else if (counted >= terms.minRequestsPerSlice) {
      if (inside && bad > 0) {
        const key = `${bad}/${counted}`;
        const known = summary.shares.get(key);
        if (known === undefined) summary.shares.set(key, { bad, of: counted, slices });
        else known.slices += slices;
      }
      if (isBad(good, bad)) mood = 'down';
    } else if (!inside) {
      mood = 'up';
    } else if (terms.denominator === 'deployed_slices' && (first < seen.first || first > seen.last)) {
      summary.aside.undeployed += slices;
      mood = 'aside';
    } else if (terms.denominator === 'non_excluded_slices' && counted === 0 && excluded > 0) {
      summary.aside.excluded += slices;
      mood = 'aside';
    } else if (terms.emptySlice === 'exclude') {
      summary.aside.empty += slices;
      mood = 'aside';
    } else {
      summary.assumed[terms.emptySlice] += slices;
      if (terms.emptySlice === 'bad') mood = 'down';
    }
    if (inside && mood !== 'aside') summary.denominator += slices;
    if (mood === 'down') {
      run += slices;
      if (inside) runInside += slices;
    } else endRun();
  }
  endRun();
  return summary;
}

/** The first and the last slice in which there was any request. */
function seenIn(runs: readonly SliceRun[]): { readonly first: number; readonly last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const stretch of stretchesOf(runs, [])) {
    if (!stretch.numbers.some((number) => number > 0)) continue;
    first = Math.min(first, stretch.first);
    last = stretch.first + stretch.slices - 1;
  }
  return { first, last };
}

/** Whether a slice that has counted requests is a bad one. */
function badSlice({ method }: AvailabilityTerms): (good: number, bad: number) => boolean {
  if (method.kind !== 'timeslices') return (_good, bad) => bad > 0;
  if (method.badWhen.kind === 'all_failed') return (good, bad) => bad > 0 && good === 0;
  const { comparator } = method.badWhen;
  const rate = exact(method.badWhen.rate);
  const exceeds = (share: Exact): boolean => (comparator === '>' ? share.gt(rate) : share.gte(rate));
  const isBadWithoutFailure = exceeds(ZERO);
  return (good, bad) => (bad === 0 ? isBadWithoutFailure : exceeds(ratio(bad, good + bad)));
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
