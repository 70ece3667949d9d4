import type { Contract } from '../contract/contract.ts';
import type { Target } from '../measure/target.ts';

/** Stands for the list of models a gateway offers; asking for it is no use of a model. */
const MODEL_LIST = '(models)';

/** What one statement of a report is about. */
export type ReportScope = { readonly scope: string; readonly targets: readonly string[] };

type Named = Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>;

/**
 * The statements a contract asks for: one for each model if it promises something for each (its scope names model,
 * deployment or endpoint), else one for everything behind a key.
 */
export function scopesOf(contract: Contract, targets: readonly Named[]): readonly ReportScope[] {
  const own = targets.filter(({ model }) => model !== MODEL_LIST);
  const isPerTarget = contract.scope.dimensions.some(
    (one) => one === 'model' || one === 'deployment' || one === 'endpoint',
  );
  const scopes = Map.groupBy(own, ({ id, gateway, tier }) => (isPerTarget ? id : `${gateway}/${tier}`));
  return [...scopes]
    .map(([scope, group]) => ({ scope, targets: group.map(({ id }) => id).sort() }))
    .sort((a, b) => (a.scope < b.scope ? -1 : 1));
}
