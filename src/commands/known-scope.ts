import { scopeCovers } from '../domain/alert/alert-policy.ts';
import type { Store } from '../store/store.ts';
import type { World } from './world.ts';

/**
 * A mistyped scope silences nobody, and sets nothing aside: whoever entered it is told, not refused, for a gateway may be to come.
 *
 * @param others what else may be named, or anything below it
 */
export async function warnOfUnknownScope(
  store: Pick<Store, 'readTargets'>,
  scope: string,
  world: Pick<World, 'err'>,
  others: readonly string[] = [],
): Promise<void> {
  const current = (await store.readTargets()).filter((target) => target.current);
  if (others.some((other) => scopeCovers(other, scope)) || current.some(({ id }) => scopeCovers(scope, id)))
    return;
  const keys = [...new Set(current.map(({ gateway, tier }) => `${gateway}/${tier}`))].sort();
  const known = keys.length === 0 ? 'nothing is probed yet' : `what is probed belongs to ${keys.join(', ')}`;
  world.err(`nothing that is probed is called ${scope} or belongs to it: ${known}\n`);
}
