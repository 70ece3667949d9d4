import { type Config, deepFreeze } from './config.ts';
import { createSecret, type Secret } from './secret.ts';

/** A configuration on its way to another of our threads. Secrets refuse to be copied: each is told with its place. */
export type HandedOver = {
  readonly config: unknown;
  readonly secrets: readonly OpenSecret[];
};

type OpenSecret = {
  readonly path: readonly string[];
  readonly origin: string;
  readonly value: string;
};

/** What `takeOver` makes the same configuration of, in plain data that can be copied. */
export function handOver(config: Config): HandedOver {
  const secrets: OpenSecret[] = [];
  const without = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (isSecret(value)) {
      secrets.push({ path, origin: value.origin, value: value.reveal() });
      return null;
    }
    if (Array.isArray(value)) return value.map((inner, index) => without(inner, [...path, String(index)]));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, without(inner, [...path, key])]),
    );
  };
  return { config: without(config, []), secrets };
}

/** @param handed a copy that nobody else has: it is changed, and frozen */
export function takeOver({ config, secrets }: HandedOver): Config {
  for (const { path, origin, value } of secrets) {
    const holder = path.slice(0, -1).reduce((inner, key) => (inner as Holder)[key], config) as Holder;
    holder[path.at(-1) ?? ''] = createSecret(value, origin);
  }
  return deepFreeze(config as Config);
}

type Holder = Record<string, unknown>;

function isSecret(value: object): value is Secret {
  return 'reveal' in value && typeof value.reveal === 'function';
}
