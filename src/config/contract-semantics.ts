import { type Exact, exact } from '../domain/contract/exact.ts';
import { matchesOutcome } from '../domain/contract/line-predicate.ts';
import { OUTCOME_CODES } from '../domain/measure/outcome.ts';
import { isTimezone, parseInstant } from '../domain/time/period.ts';
import { durationMs, latencyId } from './contract-from-terms.ts';
import type { ContractTerms, PredicateTerms } from './contract-schema.ts';
import { nearest } from './nearest.ts';
import type { Path } from './yaml-source.ts';

/** A problem in a value, before anybody knows its line. */
export type ValueProblem = {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** What is wrong: the value (if not said otherwise) or the key that leads to it. */
  readonly of?: 'key';
  /** What was found and what was expected. */
  readonly message: string;
};

type Check = (terms: ContractTerms) => ValueProblem[];

function error(path: Path, message: string): ValueProblem {
  return { severity: 'error', path, message };
}

function warning(path: Path, message: string): ValueProblem {
  return { severity: 'warning', path, message };
}

const HOUR_MS = 3_600_000;

function checkSlice(text: string | undefined, path: Path): ValueProblem[] {
  if (text === undefined) return [];
  const ms = durationMs(text);
  if (ms >= 1000 && ms <= HOUR_MS && HOUR_MS % ms === 0) return [];
  return [error(path, `must divide the hour and last 1s to 1h (10s, 60s, 5m, 1h), found ${text}`)];
}

type TargetTerms = string | number | { readonly value: string | number };

function targetValue(terms: TargetTerms): Exact {
  return exact(String(typeof terms === 'object' ? terms.value : terms));
}

/** A percentage above 0 and at most 100. */
function checkPercent(
  value: string | number | null | undefined,
  path: Path,
  least: 'zero' | 'more',
): ValueProblem[] {
  if (value == null) return [];
  const percent = exact(String(value));
  const isLow = least === 'zero' ? percent.lt(0) : percent.lte(0);
  if (!isLow && percent.lte(100)) return [];
  const lower = least === 'zero' ? 'from 0' : 'above 0';
  return [error(path, `must be a percentage ${lower} to 100, found ${value}`)];
}

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
    if (exact(String(terms.value)).lte(0)) {
      problems.push(error([...path, 'value'], `must be above 0, found ${terms.value}`));
    }
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

type Shape = NonNullable<ContractTerms['latency'][number]['credits']>;
type Row = (Shape & { shape: 'ladder' })['ladder'][number];
type Range = { readonly low: Exact | null; readonly high: Exact; readonly highInclusive: boolean };

function rangeOf(row: Row): Range | null {
  const high = row.below ?? row.atMost;
  if (high === undefined) return null;
  return {
    low: row.atLeast === undefined ? null : exact(String(row.atLeast)),
    high: exact(String(high)),
    highInclusive: row.below === undefined,
  };
}

function overlaps(a: Range, b: Range): boolean {
  const reaches = (one: Range, other: Range): boolean => {
    if (other.low === null) return true;
    const order = one.high.compare(other.low);
    return order > 0 || (order === 0 && one.highInclusive);
  };
  return reaches(a, b) && reaches(b, a);
}

function rowWords(row: Row): string {
  const upper = row.below !== undefined ? `below ${row.below}` : `at most ${row.atMost}`;
  return row.atLeast === undefined ? upper : `${upper}, at least ${row.atLeast}`;
}

function checkRow(row: Row, path: Path): ValueProblem[] {
  const problems = [
    ...checkPercent(row.below, [...path, 'below'], 'more'),
    ...checkPercent(row.atMost, [...path, 'atMost'], 'zero'),
    ...checkPercent(row.atLeast, [...path, 'atLeast'], 'zero'),
    ...checkPercent(row.percent, [...path, 'percent'], 'zero'),
  ];
  if ((row.below === undefined) === (row.atMost === undefined)) {
    problems.push(error(path, 'expected either below or atMost as the upper end of the row'));
  }
  const range = rangeOf(row);
  if (range?.low != null && range.low.compare(range.high) >= (range.highInclusive ? 1 : 0)) {
    problems.push(error(path, `the row is empty: ${rowWords(row)}`));
  }
  return problems;
}

/** Rows with `below` alone nest, so only equal or contradictory ones are wrong; printed ranges must not meet. */
function checkLadder(rows: readonly Row[], path: Path): ValueProblem[] {
  const problems = rows.flatMap((row, i) => checkRow(row, [...path, i]));
  if (problems.length > 0) return problems;
  const isPrinted = rows.some((row) => row.atLeast !== undefined || row.atMost !== undefined);
  for (const [i, row] of rows.entries()) {
    const range = rangeOf(row);
    for (const [j, other] of rows.slice(0, i).entries()) {
      const earlier = rangeOf(other);
      if (range === null || earlier === null) continue;
      const clash = isPrinted ? overlaps(range, earlier) : range.high.equals(earlier.high);
      if (clash) {
        problems.push(
          error([...path, i], `overlaps row ${j + 1} of the ladder: ${rowWords(row)} and ${rowWords(other)}`),
        );
        continue;
      }
      const isDeeper = range.high.lt(earlier.high);
      const [deep, shallow] = isDeeper ? [row, other] : [other, row];
      if (exact(String(deep.percent)).lt(exact(String(shallow.percent)))) {
        problems.push(
          warning(
            [...path, i],
            `pays less for less uptime: ${deep.percent} % ${rowWords(deep)}, but ${shallow.percent} % ${rowWords(shallow)}`,
          ),
        );
      }
    }
  }
  return problems;
}

function checkShape(shape: Shape | undefined, path: Path): ValueProblem[] {
  if (shape === undefined) return [];
  switch (shape.shape) {
    case 'ladder':
      return checkLadder(shape.ladder, [...path, 'ladder']);
    case 'flat':
      return checkPercent(shape.percent, [...path, 'percent'], 'more');
    case 'per_step':
      return exact(String(shape.step)).lte(0)
        ? [error([...path, 'step'], `must be above 0, found ${shape.step}`)]
        : [];
    case 'per_downtime_unit':
      return durationMs(shape.unit) > 0
        ? []
        : [error([...path, 'unit'], `must be above 0, found ${shape.unit}`)];
    case 'linear':
    case 'downtime_multiplier':
    case 'service_days':
    case 'none':
      return [];
  }
}

const credits: Check = ({ credits: terms, availability, latency, currency }) => {
  const problems = [
    ...checkShape(terms, ['credits']),
    ...latency.flatMap((one, i) => checkShape(one.credits, ['latency', i, 'credits'])),
    ...checkPercent(terms?.capPercent, ['credits', 'capPercent'], 'more'),
  ];
  if (problems.some((problem) => problem.severity === 'error')) return problems;
  if (terms !== undefined && terms.shape !== 'none' && availability === undefined) {
    problems.push(
      error(
        ['credits'],
        'these credits are for availability, which is not promised; expected latency[].credits',
      ),
    );
  }
  if (terms?.minCredit != null && currency === undefined) {
    problems.push(error(['credits', 'minCredit'], 'an amount of money needs currency, e.g. currency: USD'));
  }
  if (terms?.shape === 'ladder' && availability !== undefined) {
    const goal = targetValue(availability.target);
    for (const [i, row] of terms.ladder.entries()) {
      const range = rangeOf(row);
      if (range === null || range.high.lte(goal)) continue;
      problems.push(
        warning(['credits', 'ladder', i], `pays ${rowWords(row)} although the target is ${goal.toString()}`),
      );
    }
  }
  return problems;
};

const rounding: Check = ({ rounding: terms }) =>
  terms !== undefined && terms.mode !== 'none' && terms.decimals == null
    ? [error(['rounding'], `mode ${terms.mode} needs decimals, such as decimals: 2`)]
    : [];

function checkOutcomes(terms: PredicateTerms | undefined, path: Path): ValueProblem[] {
  const patterns = terms?.outcome === undefined ? [] : [terms.outcome].flat();
  return patterns.flatMap((pattern, i) => {
    if (OUTCOME_CODES.some((code) => matchesOutcome(code, [pattern]))) return [];
    const at = Array.isArray(terms?.outcome) ? [...path, 'outcome', i] : [...path, 'outcome'];
    return [error(at, `no outcome matches ${JSON.stringify(pattern)}${suggestion(pattern, OUTCOME_CODES)}`)];
  });
}

const outcomes: Check = ({ eligible, classify, latency }) => [
  ...checkOutcomes(eligible, ['eligible']),
  ...classify.flatMap((rule, i) => checkOutcomes(rule.when, ['classify', i, 'when'])),
  ...latency.flatMap((terms, i) => checkOutcomes(terms.eligible, ['latency', i, 'eligible'])),
];

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
  latencyObjectives,
  credits,
  rounding,
  outcomes,
  chronicWhen,
];

/** What the schema cannot say: values that contradict each other or the world. All of it at once. */
export function semanticProblems(terms: ContractTerms): ValueProblem[] {
  return CHECKS.flatMap((check) => check(terms));
}
