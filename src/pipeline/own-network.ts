/**
 * Was it our own network? A witness on another network is asked from time to time, and whenever a probe failed on
 * the wire; and every answer from anywhere is a sign of life. Our network counts as down from the last sign of life
 * before an unanswered witness to the first one after it. A witness that does not answer while others do is itself
 * the one in trouble, and excuses nobody.
 */
export type OwnNetwork = {
  /** Something answered, whatever it said. µs, monotonic. */
  readonly alive: (atUs: number) => void;
  /** The witnesses were asked at `askedUs`; none had answered by `atUs`. */
  readonly silent: (askedUs: number, atUs: number) => void;
  /**
   * A probe of this host failed on the wire within `[fromUs, toUs]`. Only heard where there is no witness: then all
   * the hosts we probe, two at least, stand in for one.
   */
  readonly failed: (host: string, fromUs: number, toUs: number) => void;
  /** Was it down at any moment of `[fromUs, toUs]`? */
  readonly wasDown: (fromUs: number, toUs: number) => boolean;
};

type Outage = { readonly fromUs: number; toUs: number };

/** Longer than any probe takes, so that each can still be compared with what was known during it. */
const REMEMBERED_US = 900_000_000;

/**
 * @param hosts the distinct hosts that are probed, for the case without a witness; empty if there is one
 */
export function createOwnNetwork(startUs: number, hosts: () => ReadonlySet<string>): OwnNetwork {
  let lastLifeUs = startUs;
  let outages: Outage[] = [];
  /** Hosts that failed since the last sign of life, with the begin of the latest failing attempt. */
  const failing = new Set<string>();

  const open = (atUs: number): void => {
    const last = outages.at(-1);
    if (last?.fromUs === lastLifeUs) {
      last.toUs = Number.POSITIVE_INFINITY;
      return;
    }
    outages = outages.filter((outage) => outage.toUs > atUs - REMEMBERED_US);
    outages.push({ fromUs: lastLifeUs, toUs: Number.POSITIVE_INFINITY });
  };

  return {
    alive: (atUs) => {
      if (atUs <= lastLifeUs) return;
      const last = outages.at(-1);
      if (last !== undefined && last.toUs === Number.POSITIVE_INFINITY) last.toUs = atUs;
      lastLifeUs = atUs;
      failing.clear();
    },
    silent: (askedUs, atUs) => {
      if (lastLifeUs < askedUs) open(atUs);
    },
    failed: (host, _fromUs, toUs) => {
      if (hosts().size < 2) return;
      failing.add(host);
      if ([...hosts()].every((one) => failing.has(one))) open(toUs);
    },
    wasDown: (fromUs, toUs) => outages.some((outage) => outage.fromUs < toUs && outage.toUs > fromUs),
  };
}
