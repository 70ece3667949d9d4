import type { AlertKind } from '../domain/alert/alert.ts';
import type { Recipient } from '../domain/alert/alert-policy.ts';
import type { Incident, IncidentEvent } from '../domain/alert/incident.ts';
import type { Message } from '../domain/alert/message.ts';
import type { NewWork, RememberedWork } from '../domain/contract/maintenance.ts';

/** A message with those it goes to. Nobody to tell is allowed: the message is kept all the same. */
export type AddressedMessage = { readonly message: Message; readonly recipients: readonly Recipient[] };

/** Everything one evaluation, or one person, decided: committed together or not at all. */
export type Decision = {
  /** As they are from now on; each `version` is one above the stored one, 1 for a new incident. */
  readonly incidents: readonly Incident[];
  readonly events: readonly IncidentEvent[];
  /** A message whose key is known is left as it is, with its deliveries. */
  readonly messages: readonly AddressedMessage[];
  /** The name of a link that works once; `null` where none was used. */
  readonly spendsLink: string | null;
  readonly at: number;
};

export type DecisionResult =
  | { readonly kind: 'saved' }
  /** Somebody else changed one of the incidents since it was read. Nothing was saved: read again, decide again. */
  | { readonly kind: 'conflict'; readonly incident: string }
  /** The link was used before. Nothing was saved. */
  | { readonly kind: 'link spent' };

export type DeliveryState = 'pending' | 'leased' | 'sent' | 'dead';

/** One message on its way to one recipient. */
export type Delivery = {
  readonly message: Message;
  readonly recipient: Recipient;
  readonly state: DeliveryState;
  /** Tries begun so far. */
  readonly attempts: number;
  readonly queuedAt: number;
  /** When it is tried next; of no meaning once it is sent or dead. */
  readonly nextAt: number;
  readonly leaseUntilAt: number | null;
  readonly lastError: string | null;
  /** When it was sent or given up. */
  readonly doneAt: number | null;
};

/** What becomes of a leased delivery. */
export type Settlement =
  | { readonly kind: 'sent'; readonly at: number }
  | { readonly kind: 'again'; readonly nextAt: number; readonly error: string }
  /** Not tried at all: it waits, and the try does not count. */
  | { readonly kind: 'held'; readonly nextAt: number }
  | { readonly kind: 'dead'; readonly at: number; readonly error: string };

export type OutboxSummary = {
  readonly counts: Readonly<Record<DeliveryState, number>>;
  /** When the oldest delivery that is still on its way was queued. */
  readonly oldestQueuedAt: number | null;
};

/** No messages about a scope for a while. */
export type ScopeSilence = {
  readonly no: number;
  /** `gateway`, `gateway/tier`, `gateway/tier/model`, or a part of ourselves such as `disk`. */
  readonly scope: string;
  /** `null`: alerts of every kind. */
  readonly kind: AlertKind | null;
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive. */
  readonly untilAt: number;
  readonly who: string;
  readonly why: string;
};

/** Planned work, entered by hand or declared by the configuration. Kept for ever: a contract may set it aside. */
export type PlannedWork = {
  readonly no: number;
  readonly scope: string;
  /** Inclusive. */
  readonly fromAt: number;
  /** Exclusive; where it was cancelled while it lasted, when. */
  readonly toAt: number;
  /** Exclusive, as it was announced. */
  readonly plannedToAt: number;
  /** When the provider announced it; `null`: nobody can say. */
  readonly announcedAt: number | null;
  readonly who: string;
  readonly reason: string;
  /** When we first heard of it. */
  readonly enteredAt: number;
  readonly cancelledAt: number | null;
};

/** `all`: cancelled ones too. */
export type WhichWork = 'in force' | 'all';

/** Changes of what the configuration declares, committed together. */
export type DeclaredWorkChanges = {
  readonly add: readonly NewWork[];
  /** Numbers; what lies ahead is cancelled whole, what has begun ends now. */
  readonly withdraw: readonly number[];
  readonly who: string;
  readonly at: number;
};

/** A state of an incident: one id and version is always the same. */
export type IncidentRef = Pick<Incident, 'id' | 'version'>;

/** Some of the incidents of a range, and how many there are. */
export type IncidentsOfCells = { readonly incidents: readonly IncidentRef[]; readonly total: number };

/** The part of the store that remembers what was decided and who was told. */
export type AlertingStore = {
  /** Unclosed incidents, and those closed at or after `closedSinceAt`; the newest first. */
  readonly readIncidents: (query: {
    readonly closedSinceAt: number;
    readonly limit?: number;
  }) => Promise<readonly Incident[]>;
  /** The same by name alone, up to `limit` of them. An incident of hundreds of cells takes a millisecond to read. */
  readonly listIncidents: (query: {
    readonly closedSinceAt: number;
    readonly limit: number;
  }) => Promise<readonly IncidentRef[]>;
  /** Incidents that one of these cells was part of in `[fromAt, toAt)`, up to `limit` of them, the newest first. */
  readonly listIncidentsOf: (query: {
    /** As incidents name them: targets, tiers and gateways. */
    readonly cells: readonly string[];
    readonly fromAt: number;
    readonly toAt: number;
    readonly limit: number;
  }) => Promise<IncidentsOfCells>;
  readonly readIncident: (id: string) => Promise<Incident | null>;
  /** The timeline of an incident, oldest first. */
  readonly readIncidentEvents: (id: string) => Promise<readonly IncidentEvent[]>;
  readonly saveDecision: (decision: Decision) => Promise<DecisionResult>;

  /**
   * Takes up to `limit` deliveries that are due, pages first, for as long as `leaseMs`. What is not settled by then, or
   * was taken in a future that a clock step undid, is taken again.
   */
  readonly leaseDeliveries: (query: {
    readonly now: number;
    readonly leaseMs: number;
    readonly limit: number;
  }) => Promise<readonly Delivery[]>;
  /** `false` if the lease had ended and somebody else has it now. */
  readonly settleDelivery: (delivery: Delivery, settlement: Settlement) => Promise<boolean>;
  readonly countSentTo: (recipient: Recipient, sinceAt: number) => Promise<number>;
  /** Deliveries of one message, of one incident, or in one state; the newest message first. */
  readonly readDeliveries: (query: {
    readonly incident?: string;
    readonly message?: string;
    readonly state?: DeliveryState;
    readonly limit?: number;
  }) => Promise<readonly Delivery[]>;
  readonly readOutbox: () => Promise<OutboxSummary>;
  /** Gives a dead delivery another life, due at once. `false` if it is not dead. */
  readonly reviveDelivery: (message: string, recipient: Recipient, at: number) => Promise<boolean>;

  /** Resolves to the number of the silence. */
  readonly addSilence: (silence: Omit<ScopeSilence, 'no'>) => Promise<number>;
  /** Ends a silence that is in force; `false` if there is none of that number. */
  readonly endSilence: (no: number, at: number) => Promise<boolean>;
  /** Silences in force at an instant. */
  readonly readSilences: (at: number) => Promise<readonly ScopeSilence[]>;

  readonly addPlannedWork: (work: Omit<PlannedWork, 'no' | 'cancelledAt' | 'plannedToAt'>) => Promise<number>;
  /** What lies ahead is cancelled whole; what has begun ends now. `false` if it is over or unknown. */
  readonly cancelPlannedWork: (no: number, at: number) => Promise<boolean>;
  /** Planned work that overlaps `[fromAt, toAt)`, oldest first; `in force` unless said: not cancelled before it began. */
  readonly readPlannedWork: (
    fromAt: number,
    toAt: number,
    which?: WhichWork,
  ) => Promise<readonly PlannedWork[]>;
  /** Everything the configuration ever declared, cancelled or not. */
  readonly readDeclaredWork: () => Promise<readonly RememberedWork[]>;
  readonly saveDeclaredWork: (changes: DeclaredWorkChanges) => Promise<void>;
};
