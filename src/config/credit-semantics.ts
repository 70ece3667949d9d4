import { type Exact, exact } from '../domain/contract/exact.ts';
import { durationMs } from './contract-from-terms.ts';
import type { ContractTerms } from './contract-schema.ts';
import { checkAboveZero, checkPercent, error, type ValueProblem, warning } from './value-problem.ts';
import type { Path } from './yaml-source.ts';

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

function checkDays(rows: readonly { readonly below: string | number }[], path: Path): ValueProblem[] {
  return rows.flatMap(({ below }, i) => {
    const same = rows
      .slice(0, i)
      .findIndex((other) => exact(String(other.below)).equals(exact(String(below))));
    return [
      ...checkPercent(below, [...path, i, 'below'], 'more'),
      ...(same < 0 ? [] : [error([...path, i], `says the same as row ${same + 1}: below ${below}`)]),
    ];
  });
}

function checkShape(shape: Shape | undefined, path: Path): ValueProblem[] {
  if (shape === undefined) return [];
  switch (shape.shape) {
    case 'ladder':
      return checkLadder(shape.ladder, [...path, 'ladder']);
    case 'flat':
      return checkPercent(shape.percent, [...path, 'percent'], 'more');
    case 'linear':
      return checkAboveZero(shape.percentPerPoint, [...path, 'percentPerPoint']);
    case 'per_step':
      return [
        ...checkAboveZero(shape.step, [...path, 'step']),
        ...checkAboveZero(shape.percentPerStep, [...path, 'percentPerStep']),
      ];
    case 'per_downtime_unit':
      return [
        ...(durationMs(shape.unit) > 0
          ? []
          : [error([...path, 'unit'], `must be above 0, found ${shape.unit}`)]),
        ...checkAboveZero(shape.percentPerUnit, [...path, 'percentPerUnit']),
        ...checkPercent(shape.afterPercent, [...path, 'afterPercent'], 'zero'),
      ];
    case 'downtime_multiplier':
      return checkAboveZero(shape.multiplier, [...path, 'multiplier']);
    case 'service_days':
      return checkDays(shape.serviceDays, [...path, 'serviceDays']);
    case 'none':
      return [];
  }
}

/** A percentile in ms is no percentage: it can be missed, but not by so many points. */
function checkBasis({ form, credits }: ContractTerms['latency'][number], path: Path): ValueProblem[] {
  if (form !== 'whole_window_percentile' || credits === undefined) return [];
  if (credits.shape === 'flat' || credits.shape === 'none') return [];
  return [
    error(
      path,
      `a percentile over the whole window earns by being missed: expected flat, found ${credits.shape}`,
    ),
  ];
}

/** What is wrong with the credits of a contract and of its latency objectives. */
export function creditProblems({
  credits: terms,
  availability,
  latency,
  currency,
}: ContractTerms): ValueProblem[] {
  const problems = [
    ...checkShape(terms, ['credits']),
    ...latency.flatMap((one, i) => [
      ...checkShape(one.credits, ['latency', i, 'credits']),
      ...checkBasis(one, ['latency', i, 'credits', 'shape']),
    ]),
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
    const { target } = availability;
    const goal = exact(String(typeof target === 'object' ? target.value : target));
    for (const [i, row] of terms.ladder.entries()) {
      const range = rangeOf(row);
      if (range === null || range.high.lte(goal)) continue;
      problems.push(
        warning(['credits', 'ladder', i], `pays ${rowWords(row)} although the target is ${goal.toString()}`),
      );
    }
  }
  return problems;
}
