import type { GatewaySettings, TierSettings } from './config.ts';
import { didYouMean } from './nearest.ts';
import { entriesOf, idsIn, isLoopback, namesIn, type Reading } from './reading.ts';
import { tierSchema } from './schema.ts';
import type { Path } from './yaml-source.ts';

export function readTiers(reading: Reading, gateways: readonly GatewaySettings[]): TierSettings[] {
  const { problems } = reading;
  if (namesIn(reading, 'tiers').length === 0) {
    problems.error(['tiers'], 'expected a map of at least one tier', 'key');
  }
  const contracts = namesIn(reading, 'contracts');
  const all = idsIn(reading, 'gateway');
  const tiers = entriesOf(reading, 'tiers', tierSchema).map(({ id, path, value }) => {
    if (value.contract !== undefined && !contracts.includes(value.contract)) {
      problems.error([...path, 'contract'], unknownName('contract', value.contract, contracts));
    }
    const named = value.gateways?.filter((gateway, index) =>
      isKnown(reading, 'gateway', gateway, all, [...path, 'gateways', index]),
    );
    const reached = named ?? all;
    if (value.apiKey !== undefined && value.gateways === undefined && all.length > 1) {
      problems.error(
        [...path, 'gateways'],
        `missing: with several gateways, a tier that has a key names those the key may be sent to (${all.join(', ')})`,
        'key',
      );
    }
    const open = gateways.find(
      (gateway) =>
        reached.includes(gateway.id) &&
        gateway.baseUrl !== null &&
        !isLoopback(new URL(gateway.baseUrl).hostname),
    );
    if (value.apiKey === undefined && open !== undefined && !problems.isDoubtful(path)) {
      problems.warning(path, `no apiKey: requests to ${open.id} are sent without authorization`, 'key');
    }
    return {
      id,
      apiKey: value.apiKey === undefined ? null : reading.secret(value.apiKey, [...path, 'apiKey']),
      requestsPerMinute: value.requestsPerMinute ?? null,
      modelPrefix: value.modelPrefix ?? '',
      serviceTier: value.serviceTier ?? null,
      contract: value.contract ?? null,
      gateways: reached,
    };
  });
  warnOfSharedKeys(reading, tiers);
  return tiers;
}

/** A quota belongs to a key, but each tier counts its own: two tiers of one key would send twice what it may. */
function warnOfSharedKeys({ problems }: Reading, tiers: readonly TierSettings[]): void {
  tiers.forEach((tier, index) => {
    const { apiKey, requestsPerMinute } = tier;
    const twin = tiers.slice(0, index).find((other) => other.apiKey?.origin === apiKey?.origin);
    if (apiKey === null || twin === undefined) return;
    if (requestsPerMinute === null && twin.requestsPerMinute === null) return;
    if (!tier.gateways.some((gateway) => twin.gateways.includes(gateway))) return;
    problems.warning(
      ['tiers', tier.id],
      `the key is that of tier ${twin.id}, but each tier counts its own requests: divide the key's quota between them`,
      'key',
    );
  });
}

/** Whether a name refers to something; tells if not. */
export function isKnown(
  reading: Reading,
  what: string,
  name: string,
  known: readonly string[],
  path: Path,
): boolean {
  if (known.includes(name)) return true;
  reading.problems.error(path, unknownName(what, name, known));
  return false;
}

export function unknownName(what: string, name: string, known: readonly string[]): string {
  return `unknown ${what} ${JSON.stringify(name)}${guessOrKnown(name, known)}`;
}

/** What was probably meant, or what there is. */
export function guessOrKnown(name: string, known: readonly string[]): string {
  const guess = didYouMean(name, known);
  if (guess !== '') return guess;
  if (known.length === 0) return '; none is defined';
  const more = known.length > 12 ? `, … (${known.length})` : '';
  return `; known: ${known.slice(0, 12).join(', ')}${more}`;
}
