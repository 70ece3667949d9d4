import { exact } from '../domain/contract/exact.ts';
import { matchesOutcome } from '../domain/contract/line-predicate.ts';
import { OUTCOME_CODES } from '../domain/measure/outcome.ts';
import { isTimezone, parseInstant } from '../domain/time/period.ts';
import { durationMs, latencyId } from './contract-from-terms.ts';
import type { ContractTerms, PredicateTerms } from './contract-schema.ts';
import { creditProblems } from './credit-semantics.ts';
import { nearest } from './nearest.ts';
import { checkAboveZero, checkPercent, error, type ValueProblem, warning } from './value-problem.ts';
import type { Path } from './yaml-source.ts';

type Check = (terms: ContractTerms) => ValueProblem[];

const HOUR_MS = 3_600_000;

function checkSlice(text: string | undefined, path: Path): ValueProblem[] {
  if (text === undefined) return [];
  const ms = durationMs(text);
  if (ms >= 1000 && ms <= HOUR_MS && HOUR_MS % ms === 0) return [];
  return [error(path, `must divide the hour and last 1s to 1h (10s, 60s, 5m, 1h), found ${text}`)];
}

type TargetTerms = string | number | { readonly value: string | number };

function checkTarget(terms: TargetTerms, path: Path): ValueProblem[] {
  return typeof terms === 'object'
    ? checkPercent(terms.value, [...path, 'value'], 'more')
    : checkPercent(terms, path, 'more');
}

const timezone: Check = ({ window }) =>
  isTimezone(window.timezone)
    ? []
    : [
        error(
          ['window', 'timezone'],
          `unknown time zone ${JSON.stringify(window.timezone)}${suggestion(window.timezone, Intl.supportedValuesOf('timeZone'))}; expected an IANA name such as UTC or Europe/Berlin`,
        ),
      ];

function suggestion(word: string, words: readonly string[]): string {
  const near = nearest(word, words);
  return near === null ? '' : `; did you mean ${near}?`;
}

const anchorDay: Check = ({ window }) => {
  if (window.kind === 'billing_cycle' || window.anchorDay === undefined || window.anchorDay === 1) return [];
  return [
    error(
      ['window', 'anchorDay'],
      `only a billing_cycle starts on another day than the first, but kind is ${window.kind}`,
    ),
  ];
};

const inForceFrom: Check = ({ inForceFrom: text, window }) => {
  if (text === undefined || !isTimezone(window.timezone)) return [];
  if (parseInstant(text, window.timezone) !== null) return [];
  return [
    error(['inForceFrom'], `expected a date (2026-10-01) or an RFC 3339 time, found ${JSON.stringify(text)}`),
  ];
};

const hasObjective: Check = ({ availability, latency }) =>
  availability === undefined && latency.length === 0
    ? [error([], 'promises nothing: expected availability, latency or both')]
    : [];

const slices: Check = ({ availability, latency }) => [
  ...checkSlice(availability?.slice, ['availability', 'slice']),
  ...latency.flatMap((terms, i) =>
    terms.form === 'window_attainment' ? checkSlice(terms.slice, ['latency', i, 'slice']) : [],
  ),
];

const targets: Check = ({ availability, latency, chronic }) => [
  ...(availability === undefined ? [] : checkTarget(availability.target, ['availability', 'target'])),
  ...latency.flatMap((terms, i) =>
    terms.form === 'window_attainment' ? checkTarget(terms.target, ['latency', i, 'target']) : [],
  ),
  ...chronic.flatMap((terms, i) => [
    ...checkPercent(terms.below, ['chronic', i, 'below'], 'more'),
    ...checkPercent(terms.when.singleWindowBelow, ['chronic', i, 'when', 'singleWindowBelow'], 'more'),
  ]),
];

const DAY_MS = 86_400_000;
/** The shortest window is a February. */
const LONGEST_RUN_MS = 28 * DAY_MS;

const minRun: Check = ({ availability }) => {
  if (availability?.method !== 'timeslices') return [];
  const { minRunSlices, slice: text } = availability;
  if (checkSlice(text, []).length > 0 || minRunSlices * durationMs(text) <= LONGEST_RUN_MS) return [];
  return [
    error(
      ['availability', 'minRunSlices'],
      `no run of bad slices lasts that long: expected at most 28 days, found ${minRunSlices} slices of ${text}`,
    ),
  ];
};

const sliceBadWhen: Check = ({ availability }) => {
  if (availability?.method !== 'timeslices') return [];
  const path = ['availability', 'sliceBadWhen'];
  const { errorRateGt, errorRateGte } = availability.sliceBadWhen;
  const given = Object.keys(availability.sliceBadWhen);
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.join(' and ');
    return [error(path, `expected exactly one of errorRateGt, errorRateGte, allFailed, found ${got}`)];
  }
  const rate = errorRateGt ?? errorRateGte;
  if (rate === undefined) return [];
  const value = exact(String(rate));
  const isShare = errorRateGt === undefined ? value.gt(0) && value.lte(1) : value.gte(0) && value.lt(1);
  if (isShare) return [];
  return [
    error([...path, given[0] ?? ''], `expected a share between 0 and 1 ("0.05" is 5 %), found ${rate}`),
  ];
};

const latencyObjectives: Check = ({ latency, availability }) => {
  const problems: ValueProblem[] = [];
  const seen = new Set(availability === undefined ? [] : ['availability']);
  for (const [i, terms] of latency.entries()) {
    const path = ['latency', i];
    const id = latencyId(terms);
    if (seen.has(id))
      problems.push(error([...path, 'id'], `two objectives are called ${id}; give each its own id`));
    seen.add(id);
    const isSpeed = terms.metric === 'tokens_per_s';
    const isUpper = terms.op === '<' || terms.op === '<=';
    if (isSpeed === isUpper) {
      const expected = isSpeed ? '> or >= (a speed has a floor)' : '< or <= (a latency has a ceiling)';
      problems.push(error([...path, 'op'], `expected ${expected}, found ${terms.op}`));
    }
    problems.push(...checkAboveZero(terms.value, [...path, 'value']));
    if (!isSpeed && terms.tpsBasis !== undefined) {
      problems.push(
        error([...path, 'tpsBasis'], `only tokens_per_s has a basis, but metric is ${terms.metric}`),
      );
    }
    if (isSpeed && terms.tpsBasis === undefined) {
      problems.push(
        warning(
          path,
          'tokens per second of what? tpsBasis is taken as total; state total or after_first_token',
        ),
      );
    }
    if (terms.form === 'whole_window_percentile') {
      const p = exact(String(terms.p));
      if (p.lte(0) || p.gte(100)) {
        problems.push(error([...path, 'p'], `must be a percentile above 0 and below 100, found ${terms.p}`));
      }
      if (terms.method === 'linear' && isSpeed) {
        problems.push(
          error([...path, 'method'], 'linear interpolation is for latencies; expected nearest_rank'),
        );
      }
    }
    if (isSpeed && terms.form === 'window_attainment' && terms.stat === 'mean') {
      problems.push(error([...path, 'stat'], 'a mean speed is not defined; expected p50, p90, p95 or p99'));
    }
  }
  return problems;
};

const rounding: Check = ({ rounding: terms }) =>
  terms !== undefined && terms.mode !== 'none' && terms.decimals == null
    ? [error(['rounding'], `mode ${terms.mode} needs decimals, such as decimals: 2`)]
    : [];

function checkStatuses(terms: PredicateTerms | undefined, path: Path): ValueProblem[] {
  const codes = terms?.status === undefined ? [] : [terms.status].flat();
  return codes.flatMap((code, i) => {
    const [from, to] = String(code).split('-').map(Number);
    if (from === undefined || to === undefined || from <= to) return [];
    const at = Array.isArray(terms?.status) ? [...path, 'status', i] : [...path, 'status'];
    return [error(at, `the range is empty; expected "${to}-${from}", found "${code}"`)];
  });
}

function checkOutcomes(terms: PredicateTerms | undefined, path: Path): ValueProblem[] {
  const patterns = terms?.outcome === undefined ? [] : [terms.outcome].flat();
  return patterns.flatMap((pattern, i) => {
    if (OUTCOME_CODES.some((code) => matchesOutcome(code, [pattern]))) return [];
    const at = Array.isArray(terms?.outcome) ? [...path, 'outcome', i] : [...path, 'outcome'];
    return [error(at, `no outcome matches ${JSON.stringify(pattern)}${suggestion(pattern, OUTCOME_CODES)}`)];
  });
}

const predicates: Check = ({ eligible, classify, latency }) =>
  [
    { terms: eligible, path: ['eligible'] },
    ...classify.map((rule, i) => ({ terms: rule.when, path: ['classify', i, 'when'] })),
    ...latency.map((one, i) => ({ terms: one.eligible, path: ['latency', i, 'eligible'] })),
  ].flatMap(({ terms, path }) => [...checkOutcomes(terms, path), ...checkStatuses(terms, path)]);

const holidays: Check = ({ claim, window }) =>
  (claim?.holidays ?? []).flatMap((text, i) =>
    !isTimezone(window.timezone) || parseInstant(text, window.timezone) !== null
      ? []
      : [error(['claim', 'holidays', i], `no such day: ${text}`)],
  );

const chronicWhen: Check = ({ chronic }) =>
  chronic.flatMap(({ when }, i) => {
    const path = ['chronic', i, 'when'];
    const { consecutive, k, m, singleWindowBelow } = when;
    const forms = [consecutive, k ?? m, singleWindowBelow].filter((one) => one !== undefined).length;
    if (forms !== 1) return [error(path, 'expected exactly one of consecutive, k with m, singleWindowBelow')];
    if ((k === undefined) !== (m === undefined))
      return [error(path, 'k and m go together: k of the last m windows')];
    return k !== undefined && m !== undefined && k > m
      ? [error(path, `k must not exceed m, found ${k} of ${m}`)]
      : [];
  });

/** Below zero a fee would make every credit one that we owe. */
function amounts({ fee, credits: terms }: ContractTerms): ValueProblem[] {
  const given: readonly (readonly [value: string | number | undefined, path: Path])[] = [
    [fee?.amount, ['fee', 'amount']],
    ...Object.entries(fee?.scopes ?? {}).map(([scope, value]) => [value, ['fee', 'scopes', scope]] as const),
    [terms?.minCredit?.amount, ['credits', 'minCredit', 'amount']],
  ];
  return given.flatMap(([value, path]) =>
    value === undefined || exact(String(value)).gte(0)
      ? []
      : [error(path, `must be an amount, zero or more, found ${value}`)],
  );
}

const CHECKS: readonly Check[] = [
  amounts,
  timezone,
  anchorDay,
  inForceFrom,
  hasObjective,
  slices,
  targets,
  sliceBadWhen,
  minRun,
  latencyObjectives,
  creditProblems,
  rounding,
  predicates,
  holidays,
  chronicWhen,
];

/** What the schema cannot say: values that contradict each other or the world. All of it at once. */
export function semanticProblems(terms: ContractTerms): ValueProblem[] {
  return CHECKS.flatMap((check) => check(terms));
}
