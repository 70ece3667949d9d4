import type { DeliveryPolicy } from '../../domain/alert/alert-policy.ts';
import type { DeliveryResult } from '../../domain/alert/letter.ts';
import { quietUntil } from '../../domain/time/quiet-hours.ts';
import type { Delivery, Settlement, Store } from '../../store/store.ts';

export type DeliverOptions = {
  readonly store: Pick<Store, 'leaseDeliveries' | 'settleDelivery' | 'countSentTo'>;
  /** Hands one message over. May reject only for a bug of ours; the message is then tried again all the same. */
  readonly send: (delivery: Delivery) => Promise<DeliveryResult>;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Uniform in [0, 1): spreads the tries of many recipients. */
  readonly random: () => number;
  readonly policy: DeliveryPolicy;
  /** Told of a rejection by `send`. */
  readonly onFault: (error: unknown) => void;
};

export type DeliverReport = {
  readonly sent: number;
  readonly again: number;
  readonly held: number;
  readonly dead: number;
  /** Settled too late: the lease had ended, so the message goes out once more. */
  readonly late: number;
};

/** A server may ask for peace, but a page that waits for longer than this helps nobody. */
const LONGEST_ASKED_MS = 6 * 3_600_000;

/** At most so many at once; a lease must outlast the slowest of them. */
const BATCH = 8;

/**
 * Sends everything that is due. A message is leased, handed over and settled; if we die in between, the lease ends and it
 * is handed over again under the same Message-ID: at least once, never zero times.
 */
export async function deliverDue(options: DeliverOptions): Promise<DeliverReport> {
  const report = { sent: 0, again: 0, held: 0, dead: 0, late: 0 };
  for (;;) {
    const { leaseMs } = options.policy;
    const leased = await options.store.leaseDeliveries({ now: options.now(), leaseMs, limit: BATCH });
    if (leased.length === 0) return report;
    const held = await decideHolds(leased, options);
    await Promise.all(
      leased.map(async (delivery) => {
        const settlement = held.get(delivery) ?? (await attempt(delivery, options));
        const settled = await options.store.settleDelivery(delivery, settlement);
        report[settled ? settlement.kind : 'late'] += 1;
      }),
    );
  }
}

async function attempt(delivery: Delivery, options: DeliverOptions): Promise<Settlement> {
  let result: DeliveryResult;
  try {
    result = await options.send(delivery);
  } catch (error) {
    options.onFault(error);
    result = { kind: 'retry', reason: 'a fault of ours', afterMs: null };
  }
  const now = options.now();
  switch (result.kind) {
    case 'delivered':
      return { kind: 'sent', at: now };
    case 'rejected':
      return { kind: 'dead', at: now, error: result.reason };
    case 'retry': {
      if (now - delivery.queuedAt >= options.policy.giveUpAfterMs) {
        return { kind: 'dead', at: now, error: `given up: ${result.reason}` };
      }
      const waitMs = backoffMs(delivery.attempts, options.policy, options.random());
      const askedMs = Math.min(result.afterMs ?? 0, LONGEST_ASKED_MS);
      return { kind: 'again', nextAt: now + Math.max(waitMs, askedMs), error: result.reason };
    }
  }
}

/**
 * The wait after the nth failed try (from 1): doubling from `backoffMs` up to `maxBackoffMs`, of which the upper half is
 * left to chance, so that many recipients of one dead server do not come back in step.
 */
export function backoffMs(attempts: number, policy: DeliveryPolicy, chance: number): number {
  const whole = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(whole / 2 + (whole / 2) * chance);
}

/** Tickets that have to wait: for the end of the quiet hours, or because their recipient had enough lately. */
async function decideHolds(
  leased: readonly Delivery[],
  { store, now, policy }: DeliverOptions,
): Promise<Map<Delivery, Settlement>> {
  const holds = new Map<Delivery, Settlement>();
  const at = now();
  const quietEnd = policy.quietHours === null ? null : quietUntil(policy.quietHours, at);
  /** Messages of this batch count too, or a batch would be one too many. */
  const inBatch = new Map<string, number>();
  for (const delivery of leased) {
    const { message, recipient } = delivery;
    if (message.severity === 'page' || message.topic === 'test') continue;
    if (quietEnd !== null) {
      holds.set(delivery, { kind: 'held', nextAt: quietEnd });
      continue;
    }
    const key = JSON.stringify(recipient);
    const sent = await store.countSentTo(recipient, at - policy.rateWindowMs);
    const before = inBatch.get(key) ?? 0;
    if (sent + before >= policy.rateLimit) {
      holds.set(delivery, { kind: 'held', nextAt: at + Math.ceil(policy.rateWindowMs / policy.rateLimit) });
    } else inBatch.set(key, before + 1);
  }
  return holds;
}
