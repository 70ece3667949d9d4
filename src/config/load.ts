import type { Problem } from '../domain/problem.ts';
import { readAlerts } from './alerts.ts';
import { type Config, deepFreeze } from './config.ts';
import { readContracts } from './contracts.ts';
import { readFolder } from './folder.ts';
import { readGateways } from './gateways.ts';
import { readMaintenance } from './maintenance.ts';
import { readModels } from './models.ts';
import { readProbes } from './probes.ts';
import { createProblemList } from './problem-list.ts';
import { readPrompts } from './prompts.ts';
import { secretReader } from './read-secret.ts';
import { type ReadCron, type Reading, readTimezone } from './reading.ts';
import { configSchema } from './schema.ts';
import { looksLikeKey } from './secret.ts';
import { readRetention, readSpend, readStatus } from './settings.ts';
import { readShape } from './shape.ts';
import { readTiers } from './tiers.ts';
import { readTimeStamps } from './time-stamps.ts';
import type { Path, Place } from './yaml-source.ts';

export type LoadOptions = {
  /** Reads a cron pattern; throws if it is none. */
  readonly cron: ReadCron;
  /** `optional` makes an absent secret a warning: for commands that send nothing. */
  readonly secrets: 'required' | 'optional';
};

export type Loaded =
  | {
      readonly kind: 'config';
      readonly config: Config;
      readonly warnings: readonly Problem[];
      /** Where a value of the configuration stands, for problems found later. */
      readonly placeOf: (path: Path, of?: 'value' | 'key') => Place;
    }
  /** Errors and warnings, by place. */
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/**
 * Reads a deployment folder into a frozen Config, or tells everything that is wrong with it at once. What the operator
 * got wrong is never thrown; what is thrown is a bug.
 */
export function loadConfig(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  options: LoadOptions,
): Loaded {
  const { value: root, placeOf, problems: found } = readFolder(folder);
  // Without readable files every key would be missing: that would bury the one thing to mend.
  if (found.some(({ path }) => path === '')) return { kind: 'problems', problems: found };

  const problems = createProblemList(placeOf);
  for (const problem of found) problems.add(problem);
  tellLiteralSecrets(root, [], problems.error);
  readShape(configSchema, root, [], problems);

  const reading: Reading = {
    folder,
    problems,
    secret: secretReader(folder, env, options.secrets === 'required', problems),
    cron: options.cron,
    root,
  };
  const gateways = readGateways(reading);
  const tiers = readTiers(reading, gateways);
  const models = readModels(reading);
  const prompts = readPrompts(reading);
  const contracts = readContracts(reading);
  const config: Config = {
    folder,
    region: typeof root.region === 'string' ? root.region : 'local',
    gateways,
    tiers,
    models,
    prompts,
    probes: readProbes(reading, prompts, models),
    spend: readSpend(reading, models),
    contracts,
    maintenance: readMaintenance(reading, tiers, contracts),
    alerts: readAlerts(reading, gateways, tiers),
    status: readStatus(reading),
    retention: readRetention(reading),
    timeStamps: readTimeStamps(reading),
  };
  tellTimezones(reading, root, []);
  const all = problems.all();
  return all.some(({ severity }) => severity === 'error')
    ? { kind: 'problems', problems: all }
    : { kind: 'config', config: deepFreeze(config), warnings: all, placeOf };
}

/** A key that somebody pasted anywhere at all is told before anything else can quote it. */
function tellLiteralSecrets(value: unknown, path: Path, tell: (path: Path, message: string) => void): void {
  if (typeof value === 'string') {
    if (looksLikeKey(value)) {
      tell(path, 'this looks like a secret (not shown): write { env: NAME } or { file: path } instead');
    }
  } else if (Array.isArray(value)) {
    value.forEach((inner, index) => {
      tellLiteralSecrets(inner, [...path, index], tell);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) tellLiteralSecrets(inner, [...path, key], tell);
  }
}

/** Zones inside of parts that were not understood: what is wrong there must not hide what is wrong here. */
function tellTimezones(reading: Reading, value: unknown, path: Path): void {
  if (path[0] === 'contracts' || typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const place = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === 'timezone' && typeof inner === 'string' && inner !== '') readTimezone(reading, inner, place);
    else tellTimezones(reading, inner, place);
  }
}
