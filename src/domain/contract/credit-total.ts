import type { Contract } from './contract.ts';
import type { Fee } from './credit.ts';
import {
  type Exact,
  exact,
  fixed,
  HUNDRED,
  maxExact,
  minExact,
  roundExact,
  shortest,
  ZERO,
} from './exact.ts';
import type { Step } from './working.ts';

/** What is owed for one scope of a contract. */
export type DueCredit = {
  /** `gateway/tier` or `gateway/tier/model`. */
  readonly scope: string;
  /** Percent of the fee that stands behind the scope. */
  readonly percent: string;
  /** In the contract's currency; `null` without a fee. */
  readonly amount: string | null;
};

/** What the credits of all scopes of one contract come to together. */
export type CreditTotal = {
  /** The greatest percentage of any one fee. */
  readonly percent: string;
  /** In the contract's currency; `null` without a fee. */
  readonly amount: string | null;
  /** How many separate fees something is owed of. */
  readonly fees: number;
  /** How scopes behind the same fee were joined; `alone`: no fee stands behind two of them. */
  readonly joined: 'alone' | 'greatest' | 'sum';
  readonly working: readonly Step[];
  readonly flags: readonly string[];
};

/** The key of `fee.scopes` that names a scope or the longest part of its beginning; `null`: none does. */
function feeKey(fee: Fee | undefined, scope: string): string | null {
  const keys = Object.keys(fee?.scopes ?? {}).filter((key) => scope === key || scope.startsWith(`${key}/`));
  return keys.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

/** The fee that stands behind a scope; `null` where none was given. */
export function feeFor(fee: Fee | undefined, scope: string): Fee | null {
  if (fee === undefined) return null;
  const key = feeKey(fee, scope);
  const amount = key === null ? fee.amount : fee.scopes?.[key];
  return amount === undefined ? null : { amount, base: fee.base };
}

/**
 * What two scopes share if one fee stands behind both. A resource or a token unit is paid for by itself; a region is taken to
 * be a gateway, which has one address; a service or an invoice is everything. A fee given for a scope goes before all that.
 */
function feeBehind({ fee, scope: { feeBase } }: Contract, scope: string): string {
  const key = feeKey(fee, scope);
  if (key !== null) return key;
  const base = fee?.base ?? feeBase;
  if (base === 'resource' || base === 'token_unit') return scope;
  return base === 'region' ? (scope.split('/')[0] ?? scope) : '';
}

/**
 * Joins what is owed for each scope: within one fee as the contract says, over several fees by adding up. Where the contract
 * does not say whether scopes behind one fee add up, the greatest counts and a flag names the other reading: nothing is
 * claimed that the contract does not carry.
 */
export function totalCredit(contract: Contract, due: readonly DueCredit[]): CreditTotal {
  const { acrossScopes, capPercent } = contract.credits;
  const byFee = [...Map.groupBy(due, ({ scope }) => feeBehind(contract, scope))];
  const isShared = byFee.some(([, own]) => own.length > 1);
  const working: Step[] = [];
  const flags: string[] = [];
  if (due.length > 1) {
    for (const one of due) {
      const fee = feeFor(contract.fee, one.scope);
      working.push({
        label: one.scope,
        working: fee === null ? 'percent of its fee' : `${money(fee.amount, contract)} × ${one.percent} %`,
        value: one.amount === null ? `${one.percent} %` : money(one.amount, contract),
      });
    }
  }
  let percent = ZERO;
  let amount: Exact | null = ZERO;
  for (const [name, own] of byFee) {
    const greatest = joinedBy(maxExact, own);
    const sum = joinedBy((a, b) => a.add(b), own);
    const isSum = acrossScopes === 'sum' && own.length > 1;
    const cap = isSum && capPercent !== null ? capOf(contract, own[0]?.scope ?? '', exact(capPercent)) : null;
    const chosen = isSum ? atMost(sum, cap) : greatest;
    percent = maxExact(percent, chosen.percent);
    amount = amount === null || chosen.amount === null ? null : amount.add(chosen.amount);
    if (own.length < 2) continue;
    const isCapped = isSum && cap !== null && sum.percent.gt(cap.percent);
    working.push({
      label: name === '' ? 'One fee behind all' : `One fee behind ${name}`,
      working: isSum
        ? `added up${isCapped ? `, at most ${capPercent} % of the fee` : ''}`
        : 'the greatest counts',
      value: jointText(chosen, contract),
    });
    if (acrossScopes === null) {
      flags.push(
        `ambiguity: one fee stands behind ${own.length} scopes that were missed; the contract does not say whether their credits add up (${jointText(sum, contract)}) or the greatest counts (${jointText(greatest, contract)}); the latter is shown`,
      );
    }
  }
  const total = due.length === 0 || amount === null ? null : fixed(amount, placesOf(contract));
  if (byFee.length > 1 && total !== null) {
    working.push({
      label: 'In all',
      working: `added up: ${byFee.length} separate fees`,
      value: money(total, contract),
    });
  }
  return {
    percent: shortest(percent, 6),
    amount: total,
    fees: byFee.length,
    joined: !isShared ? 'alone' : acrossScopes === 'sum' ? 'sum' : 'greatest',
    working,
    flags,
  };
}

type Joint = { readonly percent: Exact; readonly amount: Exact | null };

function joinedBy(join: (a: Exact, b: Exact) => Exact, own: readonly DueCredit[]): Joint {
  const amounts = own.flatMap(({ amount }) => (amount === null ? [] : [exact(amount)]));
  return {
    percent: own.map(({ percent }) => exact(percent)).reduce(join, ZERO),
    amount: amounts.length < own.length ? null : amounts.reduce(join, ZERO),
  };
}

function capOf(contract: Contract, scope: string, percent: Exact): Joint {
  const fee = feeFor(contract.fee, scope);
  const { mode, places } = contract.credits.moneyRounding;
  return {
    percent,
    amount: fee === null ? null : roundExact(exact(fee.amount).mul(percent).div(HUNDRED), places, mode),
  };
}

function atMost(joint: Joint, cap: Joint | null): Joint {
  if (cap === null) return joint;
  return {
    percent: minExact(joint.percent, cap.percent),
    amount: joint.amount === null || cap.amount === null ? joint.amount : minExact(joint.amount, cap.amount),
  };
}

function placesOf({ credits }: Contract): number {
  return credits.moneyRounding.places;
}

function money(amount: string, { currency }: Contract): string {
  return `${amount} ${currency ?? ''}`.trim();
}

function jointText({ percent, amount }: Joint, contract: Contract): string {
  return amount === null ? `${shortest(percent, 6)} %` : money(fixed(amount, placesOf(contract)), contract);
}
