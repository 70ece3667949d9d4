import { type DeclaredWork, workChanges } from '../domain/contract/maintenance.ts';
import type { Store } from '../store/store.ts';

/** Who enters what the configuration declares. */
export const DECLARED_BY = 'configuration';

/**
 * Brings what is remembered of planned work up to what the configuration declares now: new stretches are entered with the
 * time we first saw their declaration, those no longer declared are withdrawn. Returns how many of each.
 */
export async function declareWork(
  store: Pick<Store, 'readDeclaredWork' | 'saveDeclaredWork'>,
  declared: readonly DeclaredWork[],
  now: number,
): Promise<{ readonly added: number; readonly withdrawn: number }> {
  const { add, withdraw } = workChanges(declared, await store.readDeclaredWork(), now);
  if (add.length > 0 || withdraw.length > 0) {
    await store.saveDeclaredWork({ add, withdraw, who: DECLARED_BY, at: now });
  }
  return { added: add.length, withdrawn: withdraw.length };
}
