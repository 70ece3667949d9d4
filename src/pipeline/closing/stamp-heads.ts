import type { Contract } from '../../domain/contract/contract.ts';
import { contractInForce } from '../../domain/contract/contract-in-force.ts';
import { windowAt } from '../../domain/time/period.ts';
import type { StampedHead, Store } from '../../store/store.ts';

export type StampOptions = {
  readonly store: Pick<Store, 'readRegions' | 'readSegmentUntil' | 'readTimeStamp' | 'addTimeStamp'>;
  /** The versions of each contract, whose periods' ends are stamped too. */
  readonly contracts: readonly (readonly Contract[])[];
  /** Has a head stamped by the authority; rejects if that fails. */
  readonly stamp: (head: string) => Promise<Omit<StampedHead, 'region' | 'segment'>>;
};

const DAY_MS = 86_400_000;
/** A head that was not stamped for so long is covered by those of later days, which rest on it. */
const LOOK_BACK_DAYS = 7;

/**
 * Has the head of every region at the end of each UTC day, and of each contract's period, stamped, if it is sealed and
 * was not stamped yet. Resolves to how many were stamped; rejects at the first failure: the next round tries again.
 */
export async function stampHeads({ store, contracts, stamp }: StampOptions, now: number): Promise<number> {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const since = today - LOOK_BACK_DAYS * DAY_MS;
  const ends = contracts.flatMap((versions) => {
    const contract = contractInForce(versions, now) ?? versions[0];
    return contract === undefined ? [] : [windowAt(contract.window, now).fromAt];
  });
  const days = Array.from({ length: LOOK_BACK_DAYS }, (_, i) => today - i * DAY_MS);
  const moments = new Set([...ends, ...days].filter((at) => at > since && at <= now));
  let stamped = 0;
  for (const region of await store.readRegions()) {
    for (const at of [...moments].sort((one, other) => other - one)) {
      const segment = await store.readSegmentUntil(region, at);
      if (segment === null || (await store.readTimeStamp(region, segment.no)) !== null) continue;
      await store.addTimeStamp({ region, segment: segment.no, ...(await stamp(segment.head)) });
      stamped += 1;
    }
  }
  return stamped;
}
