import type { Config } from '../config/config.ts';
import { discoveriesOf, type PlanInputs, planProbing } from '../config/plan.ts';
import { createProber } from '../prober/prober.ts';
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

/** Asks each key whose models are discovered for its list. What cannot be asked keeps its last known list. */
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

  const { gateways, keys } = planProbing(config, inputs);
  const prober = createProber({ wallClock: world.now });
  try {
    for (const { gateway: gatewayId, tier } of wanted) {
      const id = `${gatewayId}/${tier}`;
      const gateway = gateways.find((one) => one.id === gatewayId);
      if (gateway === undefined) continue;
      const secret = keys.find((key) => key.id === id)?.secret ?? null;
      const discovery = await prober.discoverModels(gateway, secret, signal);
      if (discovery.kind === 'models') {
        models.set(id, discovery.models);
        await facts.writeFact(listFact(id), JSON.stringify(discovery.models), world.now());
        continue;
      }
      failed.set(id, discovery.reason);
      const remembered = await facts.readFact(listFact(id));
      if (remembered !== null) models.set(id, JSON.parse(remembered) as string[]);
    }
  } finally {
    await prober.close();
  }
  return { models, failed };
}
