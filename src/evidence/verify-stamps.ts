import type { Store } from '../store/store.ts';
import { checkTimeStamp } from './time-stamp.ts';
import type { Finding } from './verify-chain.ts';

export type StampReport = {
  readonly regions: readonly {
    readonly region: string;
    readonly stamped: number;
    /** The newest one whose signature holds; `null`: there is none. */
    readonly last: { readonly segment: number; readonly at: number; readonly authority: string } | null;
  }[];
  readonly findings: readonly Finding[];
};

/**
 * Checks every time-stamp that is kept against the head it stamps, and against the trusted certificates (PEM), where
 * there are any. Without them the signatures are checked, not who made them.
 */
export async function verifyStamps(
  store: Pick<Store, 'readRegions' | 'readTimeStamps' | 'readSegments'>,
  trusted: readonly string[],
): Promise<StampReport> {
  const regions: StampReport['regions'][number][] = [];
  const findings: Finding[] = [];
  for (const region of await store.readRegions()) {
    const stamps = await store.readTimeStamps(region);
    let last: StampReport['regions'][number]['last'] = null;
    for (const { segment, token } of stamps) {
      const [sealed] = await store.readSegments(region, { fromNo: segment, limit: 1 });
      try {
        if (sealed?.no !== segment) throw new Error('the segment it stamps is missing');
        last = { segment, ...(await checkTimeStamp(token, sealed.head, trusted)) };
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        findings.push({ region, segment, span: null, what });
      }
    }
    regions.push({ region, stamped: stamps.length, last });
  }
  return { regions, findings };
}
