import { coversWhole } from '../time/interval.ts';
import type { AvailabilityTerms } from './contract.ts';
import { type Exact, exact, HUNDRED, ratio, ZERO } from './exact.ts';
import { type AvailabilityCounts, conclude, type Recount, type RecountSetting } from './recounted.ts';
import { slicesOfRuns } from './slice-runs.ts';
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
