import type { Config } from '../../config/config.ts';
import type { GoverningContract } from '../../config/contract-under-tier.ts';
import { type Commitment, commitmentOf } from '../../domain/contract/commitment.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import type { ViewSettings } from '../../domain/view/build-status-view.ts';

/** What the overview shows of a deployment. It asks for every target in every edition, so that answers are remembered. */
export function viewSettingsOf(
  config: Pick<Config, 'status' | 'gateways' | 'tiers' | 'spend' | 'models'>,
  contractOf: GoverningContract,
): ViewSettings {
  const currencies = currenciesOf(config);
  const commitments = new Map<Contract, Commitment>();
  return {
    title: config.status.title,
    practice: config.gateways.some(({ practice }) => practice !== null),
    timezone: config.status.timezone,
    locale: config.status.locale,
    tiers: config.tiers.map(({ id }) => id),
    spendCap: config.spend,
    currencyOf: ({ model }) => {
      const named = currencies.byModel.get(model);
      return named === undefined ? currencies.discovered : named;
    },
    commitmentFor: (target, at) => {
      const contract = contractOf(target, at);
      if (contract === null) return null;
      const known = commitments.get(contract) ?? commitmentOf(contract);
      commitments.set(contract, known);
      return known;
    },
  };
}

/** Prices are per model; a discovered model has the price of the rule that found it. */
function currenciesOf({ models }: Pick<Config, 'models'>) {
  const byModel = new Map<string, string | null>();
  for (const rule of models) {
    // Of several rules for a model the first holds.
    if (rule.kind === 'named' && !byModel.has(rule.id)) byModel.set(rule.id, rule.price?.currency ?? null);
  }
  const discovering = models.find(({ kind, price }) => kind === 'discover' && price !== null);
  return { byModel, discovered: discovering?.price?.currency ?? null };
}
