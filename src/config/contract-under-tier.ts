import type { Contract } from '../domain/contract/contract.ts';
import { createGoverning } from '../domain/contract/contract-in-force.ts';
import { MODEL_LIST, type Target } from '../domain/measure/target.ts';
import type { Config, TierSettings } from './config.ts';

type Promises = Pick<Config, 'contracts'> & {
  readonly tiers: readonly Pick<TierSettings, 'id' | 'contract'>[];
};

/** All versions of a contract, in order of their start; none: the deployment knows no such contract. */
export function versionsOf({ contracts }: Promises, contract: string | null): readonly Contract[] {
  return contracts.find(({ id }) => id === contract)?.versions ?? [];
}

/** All versions of the contract a tier is under; none: nothing is promised. */
export function versionsUnder(config: Promises, tier: string): readonly Contract[] {
  return versionsOf(config, config.tiers.find(({ id }) => id === tier)?.contract ?? null);
}

/** The version that governs a target in the period an instant lies in; `null`: nothing is promised. */
export type GoverningContract = (target: Pick<Target, 'tier' | 'model'>, at: number) => Contract | null;

/** What is promised for the targets of a deployment. */
export function governingContracts(config: Promises): GoverningContract {
  const governing = createGoverning();
  return ({ tier, model }, at) =>
    model === MODEL_LIST ? null : governing.at(versionsUnder(config, tier), at);
}
