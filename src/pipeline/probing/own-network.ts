/**
 * Was it our own network? A witness on another network is asked from time to time, and whenever a probe failed on
 * the wire; and every answer from anywhere is a sign of life. Our network counts as down from the last sign of life
 * before an unanswered witness to the first one after it.
 *
 * A witness that stays silent while others answer is itself the one in trouble. It is not believed again until it
 * answers, so that a dead witness does not excuse us for ever. Only an exchange that began after the witness had been
 * asked contradicts it: an answer that was on its way when the network went may be read long after.
 */
export type OwnNetwork = {
  /** An exchange with this host that began at `beganUs` got an answer at `atUs`. Tells whether that ended an outage. µs, monotonic. */
  readonly alive: (host: string, atUs: number, beganUs: number) => boolean;
  /** The witnesses were asked, and one of them answered. */
  readonly answered: (atUs: number) => void;
  /** The witnesses were asked at `askedUs`; none had answered by `atUs`. */
  readonly silent: (askedUs: number, atUs: number) => void;
  /**
   * A probe of this host failed on the wire at `atUs`. Only heard where there is no witness: then all the hosts that
   * are probed, two at least, stand in for one. A host that goes on failing while others answer says nothing about our
   * network any more, until it has answered itself.
   */
  readonly failed: (host: string, atUs: number) => void;
  /** Was it down at any moment of `[fromUs, toUs]`? */
  readonly wasDown: (fromUs: number, toUs: number) => boolean;
};

type Outage = {
  readonly fromUs: number;
  toUs: number;
  /** When the question was asked that found it. */
  readonly askedUs: number;
};

/** A host that has failed around so many signs of life from others is down itself. */
const TELLS_NOTHING = 3;

/** Longer than any probe takes, so that each can still be compared with what was known during it. */
const REMEMBERED_US = 900_000_000;

/** @param hosts the distinct hosts that are probed, for the case without a witness; empty if there is one */
export function createOwnNetwork(startUs: number, hosts: () => ReadonlySet<string>): OwnNetwork {
  let lastLifeUs = startUs;
  /** When the latest of the exchanges began that showed life. */
  let lastBeganUs = startUs;
  let outages: Outage[] = [];
  let isCredible = true;
  /** The first answer from elsewhere since the witness was last heard and found silent. */
  let contradictedUs = Number.POSITIVE_INFINITY;
  /** Hosts that failed since the last sign of life. */
  const failing = new Set<string>();
  /** Signs of life from others around which a host has failed, since it last answered. */
  const outlived = new Map<string, number>();

  const current = (): Outage | undefined => {
    const last = outages.at(-1);
    return last?.toUs === Number.POSITIVE_INFINITY ? last : undefined;
  };

  const open = (askedUs: number, atUs: number): void => {
    if (current() !== undefined) return;
    outages = outages.filter((outage) => outage.toUs > atUs - REMEMBERED_US);
    outages.push({ fromUs: Math.min(lastLifeUs, askedUs), toUs: Number.POSITIVE_INFINITY, askedUs });
  };

  /** Ends the outage, if there is one. */
  const live = (atUs: number): boolean => {
    if (atUs <= lastLifeUs) return false;
    const ended = current();
    if (ended !== undefined) ended.toUs = atUs;
    lastLifeUs = atUs;
    for (const host of failing) outlived.set(host, (outlived.get(host) ?? 0) + 1);
    failing.clear();
    return ended !== undefined;
  };

  return {
    alive: (host, atUs, beganUs) => {
      outlived.delete(host);
      const outage = current();
      if (outage !== undefined && beganUs < outage.askedUs) return false;
      lastBeganUs = Math.max(lastBeganUs, beganUs);
      const ended = live(atUs);
      if (ended) contradictedUs = Math.min(contradictedUs, atUs);
      return ended;
    },
    answered: (atUs) => {
      live(atUs);
      isCredible = true;
      contradictedUs = Number.POSITIVE_INFINITY;
    },
    silent: (askedUs, atUs) => {
      if (askedUs > contradictedUs) isCredible = false;
      if (lastBeganUs >= askedUs) contradictedUs = Math.min(contradictedUs, lastLifeUs);
      else if (isCredible) open(askedUs, atUs);
    },
    failed: (host, atUs) => {
      failing.add(host);
      const telling = [...hosts()].filter((one) => (outlived.get(one) ?? 0) < TELLS_NOTHING);
      if (telling.length >= 2 && telling.every((one) => failing.has(one))) open(atUs, atUs);
    },
    wasDown: (fromUs, toUs) => outages.some((outage) => outage.fromUs < toUs && outage.toUs > fromUs),
  };
}
