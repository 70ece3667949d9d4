import type { Contract } from '../contract/contract.ts';
import { MODEL_LIST, type Target } from '../measure/target.ts';

/** What one statement of a report is about. */
export type ReportScope = { readonly scope: string; readonly targets: readonly string[] };

type Named = Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>;

/** Does a contract promise something for each model, deployment or endpoint, and not for all behind a key together? */
export function isJudgedPerTarget({ scope }: Pick<Contract, 'scope'>): boolean {
  return scope.dimensions.some((one) => one === 'model' || one === 'deployment' || one === 'endpoint');
}

/** What a contract judges a target as: itself, or everything behind its key, `gateway/tier`. */
export function judgedAs(
  contract: Pick<Contract, 'scope'>,
  { id, gateway, tier }: Pick<Target, 'id' | 'gateway' | 'tier'>,
): string {
  return isJudgedPerTarget(contract) ? id : `${gateway}/${tier}`;
}

/**
 * The statements a contract asks for: one for each model if it promises something for each (its scope names model,
 * deployment or endpoint), else one for everything behind a key.
 */
export function scopesOf(contract: Contract, targets: readonly Named[]): readonly ReportScope[] {
  const own = targets.filter(({ model }) => model !== MODEL_LIST);
  const scopes = Map.groupBy(own, (target) => judgedAs(contract, target));
  return [...scopes]
    .map(([scope, group]) => ({ scope, targets: group.map(({ id }) => id).sort() }))
    .sort((a, b) => (a.scope < b.scope ? -1 : 1));
}
