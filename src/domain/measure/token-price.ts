import type { ProbingPlan } from './probe.ts';

/**
 * What one input and one output token cost together, 10^-9 of the currency, by target id: the unit in which tiers of one
 * model are held against each other. Empty if prices are in several currencies, which no ratio can compare.
 */
export function tokenPrices({ series }: Pick<ProbingPlan, 'series'>): ReadonlyMap<string, number> {
  const prices = new Map<string, number>();
  const currencies = new Set<string>();
  for (const { target, price } of series) {
    if (price === null) continue;
    currencies.add(price.currency);
    prices.set(target.id, price.inputNanosPerToken + price.outputNanosPerToken);
  }
  return currencies.size > 1 ? new Map() : prices;
}
