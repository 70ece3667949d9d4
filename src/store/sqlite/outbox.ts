import type { Database } from 'better-sqlite3';
import { type Recipient, recipientId } from '../../domain/alert/alert-policy.ts';
import type { Message } from '../../domain/alert/message.ts';
import type { AddressedMessage, Delivery, DeliveryState, OutboxSummary, Settlement } from '../store.ts';

export type OutboxTable = {
  /** `false` if the message was there already; then nothing changes. */
  readonly add: (addressed: AddressedMessage, at: number) => boolean;
  readonly lease: (now: number, leaseMs: number, limit: number) => readonly Delivery[];
  readonly settle: (delivery: Delivery, settlement: Settlement) => boolean;
  readonly countSentTo: (recipient: Recipient, sinceAt: number) => number;
  readonly select: (query: {
    readonly incident: string | null;
    readonly message: string | null;
    readonly state: DeliveryState | null;
    readonly limit: number;
  }) => readonly Delivery[];
  readonly summarise: () => OutboxSummary;
  readonly revive: (message: string, recipient: Recipient, at: number) => boolean;
};

type DeliveryRow = {
  readonly body: string;
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly queued_at_ms: number;
  readonly next_at_ms: number;
  readonly lease_until_ms: number | null;
  readonly last_error: string | null;
  readonly done_at_ms: number | null;
};

const DELIVERY_COLUMNS = `
  messages.body,
  outbox.recipient,
  outbox.state,
  outbox.attempts,
  outbox.queued_at_ms,
  outbox.next_at_ms,
  outbox.lease_until_ms,
  outbox.last_error,
  outbox.done_at_ms
`;

export function prepareOutbox(db: Database): OutboxTable {
  const addMessage = db.prepare(`
    insert or ignore into messages (
      key,
      incident,
      severity,
      at_ms,
      body
    ) values (
      @key,
      @incident,
      @severity,
      @at,
      @body
    )
  `);
  const addDelivery = db.prepare(`
    insert into outbox (
      message,
      recipient,
      state,
      urgency,
      attempts,
      queued_at_ms,
      next_at_ms
    ) values (
      @message,
      @recipient,
      'pending',
      @urgency,
      0,
      @at,
      @at
    )
  `);
  // A lease that ends later than any lease taken now could was taken by a clock that ran ahead: it is void.
  const dueDeliveries = db.prepare<
    { now: number; leaseMs: number; limit: number },
    { message: string; recipient: string }
  >(`
    select
      message,
      recipient
    from outbox
    where (state = 'pending' and next_at_ms <= @now)
      or (state = 'leased' and (lease_until_ms <= @now or lease_until_ms > @now + @leaseMs))
    order by
      urgency,
      next_at_ms,
      message,
      recipient
    limit +@limit
  `);
  const takeDelivery = db.prepare(`
    update outbox
    set
      state = 'leased',
      attempts = attempts + 1,
      lease_until_ms = @leaseUntilAt
    where message = @message
      and recipient = @recipient
  `);
  const deliveryOf = db.prepare<{ message: string; recipient: string }, DeliveryRow>(`
    select ${DELIVERY_COLUMNS}
    from outbox
    join messages on messages.key = outbox.message
    where outbox.message = @message
      and outbox.recipient = @recipient
  `);
  const settleDelivery = db.prepare(`
    update outbox
    set
      state = @state,
      attempts = attempts - @untried,
      next_at_ms = coalesce(@nextAt, next_at_ms),
      lease_until_ms = null,
      last_error = coalesce(@error, last_error),
      done_at_ms = @doneAt
    where message = @message
      and recipient = @recipient
      and state = 'leased'
      and lease_until_ms = @leaseUntilAt
      and attempts = @attempts
  `);
  const sentSince = db
    .prepare<{ recipient: string; sinceAt: number }, number>(`
      select count(*)
      from outbox
      where recipient = @recipient
        and state = 'sent'
        and done_at_ms >= @sinceAt
    `)
    .pluck();
  const deliveriesWhere = db.prepare<
    { incident: string | null; message: string | null; state: string | null; limit: number },
    DeliveryRow
  >(`
    select ${DELIVERY_COLUMNS}
    from outbox
    join messages on messages.key = outbox.message
    where (@incident is null or messages.incident = @incident)
      and (@message is null or outbox.message = @message)
      and (@state is null or outbox.state = @state)
    order by
      messages.at_ms desc,
      outbox.message,
      outbox.recipient
    limit +@limit
  `);
  const countsByState = db.prepare<[], { state: DeliveryState; deliveries: number }>(`
    select
      state,
      count(*) as deliveries
    from outbox
    group by state
  `);
  const oldestQueued = db
    .prepare<[], number | null>(`
      select min(queued_at_ms)
      from outbox
      where state in ('pending', 'leased')
    `)
    .pluck();
  const reviveDelivery = db.prepare(`
    update outbox
    set
      state = 'pending',
      attempts = 0,
      queued_at_ms = @at,
      next_at_ms = @at,
      done_at_ms = null
    where message = @message
      and recipient = @recipient
      and state = 'dead'
  `);

  return {
    add({ message, recipients }, at) {
      const { key, thread, severity } = message;
      const body = JSON.stringify(message);
      const added = addMessage.run({ key, incident: thread, severity, at: message.at, body });
      if (added.changes === 0) return false;
      const urgency = severity === 'page' ? 0 : 1;
      for (const recipient of new Set(recipients.map(recipientId))) {
        addDelivery.run({ message: key, recipient, urgency, at });
      }
      return true;
    },
    lease(now, leaseMs, limit) {
      return dueDeliveries.all({ now, leaseMs, limit }).map((key) => {
        takeDelivery.run({ ...key, leaseUntilAt: now + leaseMs });
        const row = deliveryOf.get(key);
        if (row === undefined) throw new Error(`the delivery of ${key.message} has gone`);
        return deliveryOn(row);
      });
    },
    settle(delivery, settlement) {
      const { state, nextAt, error, doneAt, untried } = columnsOf(settlement);
      const settled = settleDelivery.run({
        message: delivery.message.key,
        recipient: recipientId(delivery.recipient),
        leaseUntilAt: delivery.leaseUntilAt,
        attempts: delivery.attempts,
        state,
        nextAt,
        error,
        doneAt,
        untried,
      });
      return settled.changes === 1;
    },
    countSentTo: (recipient, sinceAt) => sentSince.get({ recipient: recipientId(recipient), sinceAt }) ?? 0,
    select: (query) => deliveriesWhere.all(query).map(deliveryOn),
    summarise() {
      const counts: Record<DeliveryState, number> = { pending: 0, leased: 0, sent: 0, dead: 0 };
      for (const { state, deliveries } of countsByState.all()) counts[state] = deliveries;
      return { counts, oldestQueuedAt: oldestQueued.get() ?? null };
    },
    revive: (message, recipient, at) =>
      reviveDelivery.run({ message, recipient: recipientId(recipient), at }).changes === 1,
  };
}

type SettledColumns = {
  readonly state: DeliveryState;
  readonly nextAt: number | null;
  readonly error: string | null;
  readonly doneAt: number | null;
  readonly untried: 0 | 1;
};

function columnsOf(settlement: Settlement): SettledColumns {
  switch (settlement.kind) {
    case 'sent':
      return { state: 'sent', nextAt: null, error: null, doneAt: settlement.at, untried: 0 };
    case 'again':
      return {
        state: 'pending',
        nextAt: settlement.nextAt,
        error: settlement.error,
        doneAt: null,
        untried: 0,
      };
    case 'held':
      return { state: 'pending', nextAt: settlement.nextAt, error: null, doneAt: null, untried: 1 };
    case 'dead':
      return { state: 'dead', nextAt: null, error: settlement.error, doneAt: settlement.at, untried: 0 };
  }
}

function deliveryOn(row: DeliveryRow): Delivery {
  return {
    message: messageIn(row.body),
    recipient: recipientOf(row.recipient),
    state: row.state,
    attempts: row.attempts,
    queuedAt: row.queued_at_ms,
    nextAt: row.next_at_ms,
    leaseUntilAt: row.lease_until_ms,
    lastError: row.last_error,
    doneAt: row.done_at_ms,
  };
}

/** Messages of an older program had no advice. */
function messageIn(body: string): Message {
  const message = JSON.parse(body) as Omit<Message, 'advice'> & { readonly advice?: string };
  return { ...message, advice: message.advice ?? '' };
}

function recipientOf(id: string): Recipient {
  const colon = id.indexOf(':');
  const [channel, rest] = [id.slice(0, colon), id.slice(colon + 1)];
  if (channel === 'email') return { channel, address: rest };
  if (channel === 'webhook') return { channel, name: rest };
  throw new Error(`the stored recipient "${id}" is of no known channel`);
}
