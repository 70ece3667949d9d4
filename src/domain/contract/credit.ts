import type { Contract, CreditShape, LadderRow } from './contract.ts';
import {
  ceilExact,
  type Exact,
  exact,
  fixed,
  floorExact,
  HUNDRED,
  maxExact,
  minExact,
  ratio,
  roundExact,
  shortest,
  ZERO,
} from './exact.ts';

/** What a contract window came to for one objective, as far as credits are concerned. */
export type CreditBasis = {
  readonly objective: string;
  /** In percent, rounded as the contract says; `null`: no data. */
  readonly percent: Exact | null;
  /** In percent; `null` where the objective has no percentage, e.g. a p99 in ms. */
  readonly target: Exact | null;
  readonly isBreached: boolean;
  readonly downtimeMs: Exact;
  /** Length of the window, whatever of it was set aside: this is what the fee is for. */
  readonly windowMs: number;
};

export type CreditRow = { readonly objective: string; readonly rule: string; readonly percent: string };

type Earned = {
  readonly percent: Exact;
  readonly rule: string | null;
  readonly serviceDays: number;
  readonly flags: readonly string[];
};

const NOTHING: Earned = { percent: ZERO, rule: null, serviceDays: 0, flags: [] };

function isPrinted(rows: readonly LadderRow[]): boolean {
  return rows.some((row) => row.atLeast !== null || row.atMost !== null);
}

function inRow(value: Exact, row: LadderRow): boolean {
  if (row.below !== null && !value.lt(exact(row.below))) return false;
  if (row.atMost !== null && !value.lte(exact(row.atMost))) return false;
  return row.atLeast === null || value.gte(exact(row.atLeast));
}

function rowText({ below, atMost, atLeast }: LadderRow): string {
  const upper = below !== null ? `below ${below}` : `at most ${atMost}`;
  return atLeast === null ? `${upper} %` : `${upper} %, at least ${atLeast} %`;
}

function upperEnd(row: LadderRow): Exact {
  return exact(row.below ?? row.atMost ?? '0');
}

function ladder(rows: readonly LadderRow[], basis: CreditBasis): Earned {
  const { percent, isBreached } = basis;
  if (percent === null) return NOTHING;
  const matching = rows.filter((row) => inRow(percent, row));
  const deepest = matching.reduce<LadderRow | null>(
    (deep, row) => (deep === null || upperEnd(row).lt(upperEnd(deep)) ? row : deep),
    null,
  );
  if (deepest !== null) {
    return { ...NOTHING, percent: exact(deepest.percent), rule: rowText(deepest) };
  }
  const top = rows.reduce<Exact | null>(
    (high, row) => (high === null ? upperEnd(row) : maxExact(high, upperEnd(row))),
    null,
  );
  // A value between printed rows, or between the target and the first row: no row speaks of it.
  const isBetween = isPrinted(rows) && top !== null && percent.lt(top);
  if (!isBreached && !isBetween) return NOTHING;
  return {
    ...NOTHING,
    flags: ['gap: contract silent', `note: no row of the ladder covers ${shortest(percent, 6)} %`],
  };
}

function points(basis: CreditBasis): Exact {
  if (basis.percent === null || basis.target === null) return ZERO;
  return maxExact(ZERO, basis.target.sub(basis.percent));
}

function linear(shape: CreditShape & { kind: 'linear' }, basis: CreditBasis): Earned {
  const missing = points(basis);
  const rate = exact(shape.percentPerPoint);
  const continuous = missing.mul(rate);
  const whole = ratio(floorExact(missing), 1n).mul(rate);
  const percent = shape.wholePoints === true ? whole : continuous;
  const rule = `${shape.percentPerPoint} % per point below ${basis.target === null ? '?' : shortest(basis.target, 6)} %`;
  if (shape.wholePoints !== null || whole.equals(continuous)) return { ...NOTHING, percent, rule };
  const flag = `ambiguity: ${shortest(continuous, 6)} % if parts of a point count, ${shortest(whole, 6)} % if only whole points do; the former is shown`;
  return { ...NOTHING, percent, rule, flags: [flag] };
}

/** Started units against completed ones; `orPortion` `null` means that the contract leaves it open. */
function units(count: Exact, orPortion: boolean | null, silent: boolean): { units: bigint; flags: string[] } {
  const started = ceilExact(count);
  const completed = floorExact(count);
  if (orPortion !== null || started === completed) {
    return { units: (orPortion ?? silent) ? started : completed, flags: [] };
  }
  const chosen = silent ? started : completed;
  return {
    units: chosen,
    flags: [`ambiguity: ${completed} completed units, ${started} if a started one counts; ${chosen} is used`],
  };
}

function perStep(shape: CreditShape & { kind: 'per_step' }, basis: CreditBasis): Earned {
  const { units: steps, flags } = units(points(basis).div(exact(shape.step)), shape.orPortion, false);
  return {
    ...NOTHING,
    percent: exact(shape.percentPerStep).mul(ratio(steps, 1n)),
    rule: `${steps} steps of ${shape.step} points, ${shape.percentPerStep} % each`,
    flags,
  };
}

function perDowntimeUnit(shape: CreditShape & { kind: 'per_downtime_unit' }, basis: CreditBasis): Earned {
  const free = ratio(basis.windowMs, 1).mul(exact(shape.afterPercent)).div(HUNDRED);
  const over = maxExact(ZERO, basis.downtimeMs.sub(free));
  const { units: counted, flags } = units(over.div(ratio(shape.unitMs, 1)), shape.orPortion, false);
  return {
    ...NOTHING,
    percent: exact(shape.percentPerUnit).mul(ratio(counted, 1n)),
    rule: `${counted} units of ${shape.unitMs / 60_000} min downtime, ${shape.percentPerUnit} % each`,
    flags,
  };
}

function serviceDays(shape: CreditShape & { kind: 'service_days' }, basis: CreditBasis): Earned {
  const { percent } = basis;
  if (percent === null) return NOTHING;
  const row = shape.rows
    .filter((one) => percent.lt(exact(one.below)))
    .reduce<(typeof shape.rows)[number] | null>(
      (deep, one) => (deep === null || exact(one.below).lt(exact(deep.below)) ? one : deep),
      null,
    );
  if (row === null) return NOTHING;
  return { ...NOTHING, rule: `below ${row.below} %: ${row.days} service days`, serviceDays: row.days };
}

/** What one objective earns by its shape, before cap, minimum and overlap. */
export function earned(shape: CreditShape, basis: CreditBasis): Earned {
  if (shape.kind === 'flat') {
    return basis.isBreached
      ? { ...NOTHING, percent: exact(shape.percent), rule: 'flat, on breach' }
      : NOTHING;
  }
  if (shape.kind === 'none' || basis.percent === null) return NOTHING;
  if (shape.kind === 'ladder') return ladder(shape.rows, basis);
  if (shape.kind === 'service_days') return serviceDays(shape, basis);
  if (shape.kind === 'per_downtime_unit') return perDowntimeUnit(shape, basis);
  if (!basis.isBreached) return NOTHING;
  switch (shape.kind) {
    case 'linear':
      return linear(shape, basis);
    case 'per_step':
      return perStep(shape, basis);
    case 'downtime_multiplier':
      return {
        ...NOTHING,
        percent: basis.downtimeMs.div(ratio(basis.windowMs, 1)).mul(HUNDRED).mul(exact(shape.multiplier)),
        rule: `${shape.multiplier} × the fee for the downtime`,
      };
  }
}

/** The fee a credit is taken of. */
export type Fee = {
  readonly amount: string;
  readonly base: string | null;
  /** Fees of their own, by scope (`gateway`, `gateway/tier` or `gateway/tier/model`). */
  readonly scopes?: Readonly<Record<string, string>>;
};

/** The credit of one window. `percent` is of the fee named by `of`. */
export type Credit = {
  readonly percent: string;
  readonly exact: string;
  /** In the contract's currency, rounded as it says; `null` without a fee, or where days of service are owed alone. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly of: 'period_fee' | 'annual_fee';
  readonly feeBase: string | null;
  readonly serviceDays: number;
  readonly rows: readonly CreditRow[];
  readonly capped: boolean;
  readonly belowMinimum: boolean;
  readonly overlap: 'max' | 'choose_one' | 'sum';
  readonly flags: readonly string[];
};

function combine(parts: readonly Exact[], overlap: Credit['overlap']): Exact {
  if (overlap === 'sum') return parts.reduce((sum, part) => sum.add(part), ZERO);
  return parts.reduce((high, part) => maxExact(high, part), ZERO);
}

function overlapFlags(paying: number, overlap: Credit['overlap']): string[] {
  if (paying < 2 || overlap === 'sum') return [];
  return overlap === 'max'
    ? ['note: several objectives were missed; the greater credit counts, not their sum']
    : ['note: several objectives were missed; the customer picks one, the greater is shown'];
}

type Money = { readonly amount: string | null; readonly belowMinimum: boolean; readonly flags: string[] };

/** A credit in money, rounded as the contract says and held against its minimum; `null` without a fee. */
export function moneyOf({ credits }: Contract, percent: Exact, fee: Fee | null): Money {
  if (fee === null) return { amount: null, belowMinimum: false, flags: [] };
  const { mode, places } = credits.moneyRounding;
  const owed = exact(fee.amount).mul(percent).div(HUNDRED);
  const payable = roundExact(owed, places, mode);
  const { minCredit } = credits;
  if (minCredit === null || percent.equals(0)) {
    return { amount: fixed(payable, places), belowMinimum: false, flags: [] };
  }
  const minimum = exact(minCredit.amount);
  const reaches = (value: Exact): boolean => (minCredit.strict ? value.gt(minimum) : value.gte(minimum));
  const flags =
    reaches(owed) === reaches(payable)
      ? []
      : [
          'ambiguity: the credit passes the minimum only before or only after rounding; the unrounded one decides',
        ];
  if (reaches(owed)) return { amount: fixed(payable, places), belowMinimum: false, flags };
  return { amount: fixed(ZERO, places), belowMinimum: true, flags };
}

function feeFlags(contract: Contract, fee: Fee | null): string[] {
  if (fee === null) return [];
  const { feeBase } = contract.scope;
  const flags: string[] = [];
  if (fee.base === null && feeBase !== null) {
    flags.push(`note: the fee is taken to be the charge for the contract's fee base (${feeBase})`);
  }
  if (fee.base !== null && feeBase !== null && fee.base !== feeBase) {
    flags.push(`ambiguity: the fee given is per ${fee.base}, the contract credits per ${feeBase}`);
  }
  if (contract.credits.of === 'annual_fee') flags.push('note: percentages are of the annual fee');
  return flags;
}

/** One objective's basis and the shape it earns by. */
export type CreditClaim = { readonly basis: CreditBasis; readonly shape: CreditShape };

/**
 * The credit of a window: what each objective earns, joined by the contract's overlap rule, capped, turned into money if
 * there is a fee, and held against the minimum. `isDue` false (not enough breached windows in a row) earns nothing.
 */
export function creditOf(
  contract: Contract,
  claims: readonly CreditClaim[],
  fee: Fee | null,
  due: { readonly isDue: boolean; readonly flags: readonly string[] },
): Credit {
  const { credits } = contract;
  const parts = claims.map(({ basis, shape }) => ({ basis, earned: earned(shape, basis) }));
  const paying = parts.filter((part) => part.earned.percent.gt(0));
  const joined = due.isDue
    ? combine(
        parts.map((part) => part.earned.percent),
        credits.overlap,
      )
    : ZERO;
  const cap = credits.capPercent === null ? null : exact(credits.capPercent);
  const capped = cap !== null && joined.gt(cap);
  const percent = cap === null ? joined : minExact(joined, cap);
  const money = moneyOf(contract, percent, fee);
  const rows = parts.flatMap(({ basis, earned: part }): CreditRow[] =>
    part.rule === null || (part.percent.equals(0) && part.serviceDays === 0)
      ? []
      : [{ objective: basis.objective, rule: part.rule, percent: shortest(part.percent, 6) }],
  );
  const days = due.isDue ? Math.max(0, ...parts.map((part) => part.earned.serviceDays)) : 0;
  const isAssumed = credits.status === 'assumed' && rows.length > 0;
  return {
    percent: shortest(percent, 6),
    exact: percent.toFraction(),
    // Days of service are not paid in money: an amount of nothing beside them would read as nothing owed.
    amount: days > 0 && percent.equals(0) ? null : money.amount,
    currency: contract.currency,
    of: credits.of,
    feeBase: fee?.base ?? contract.scope.feeBase,
    serviceDays: days,
    rows,
    capped,
    belowMinimum: money.belowMinimum,
    overlap: credits.overlap,
    flags: [
      ...parts.flatMap((part) => part.earned.flags),
      ...overlapFlags(paying.length, credits.overlap),
      ...(isAssumed
        ? ['assumed: the credit percentages are placeholders; take them from the signed contract']
        : []),
      ...money.flags,
      ...feeFlags(contract, fee),
      ...due.flags,
    ],
  };
}
