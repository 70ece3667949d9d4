import type { Config } from '../config/config.ts';
import { discoveriesOf, type PlanInputs, planProbing } from '../config/plan.ts';
import type { World } from './world.ts';

/** Where the last list of a key's models is remembered, so that a start while the gateway is down knows them. */
const listFact = (key: string): string => `models ${key}`;

export type Discovered = {
  readonly models: ReadonlyMap<string, readonly string[]>;
  /** Keys whose list could not be had, and why. */
  readonly failed: ReadonlyMap<string, string>;
};

type Facts = {
  readonly readFact: (name: string) => Promise<string | null>;
  readonly writeFact: (name: string, value: string, at: number) => Promise<void>;
};

/**
 * Asks each key whose models are discovered for its list. What cannot be asked keeps its last known list, and so does a
 * key that suddenly has no model at all: an outage must not take its own witnesses away.
 */
export async function discoverModels(
  config: Config,
  inputs: PlanInputs,
  facts: Facts,
  world: World,
  signal?: AbortSignal,
): Promise<Discovered> {
  const models = new Map<string, readonly string[]>();
  const failed = new Map<string, string>();
  const wanted = discoveriesOf(config);
  if (wanted.length === 0) return { models, failed };

  // An HTTP client takes several megabytes for as long as the process lives: most deployments name their models.
  const { createProber } = await import('../prober/prober.ts');
  const { gateways, keys } = planProbing(config, inputs);
  const prober = createProber({ wallClock: world.now });
  try {
    // All at once: a gateway that does not answer must not keep the others unprobed.
    await Promise.all(
      wanted.map(async ({ gateway: gatewayId, tier }) => {
        const id = `${gatewayId}/${tier}`;
        const gateway = gateways.find((one) => one.id === gatewayId);
        if (gateway === undefined) return;
        const secret = keys.find((key) => key.id === id)?.secret ?? null;
        const discovery = await prober.discoverModels(gateway, secret, signal);
        const known = await facts.readFact(listFact(id));
        const remembered = known === null ? [] : (JSON.parse(known) as string[]);
        if (discovery.kind === 'models' && (discovery.models.length > 0 || remembered.length === 0)) {
          models.set(id, discovery.models);
          await facts.writeFact(listFact(id), JSON.stringify(discovery.models), world.now());
          return;
        }
        failed.set(id, discovery.kind === 'failed' ? discovery.reason : 'the list is empty');
        models.set(id, remembered);
      }),
    );
  } finally {
    await prober.close();
  }
  return { models, failed };
}
