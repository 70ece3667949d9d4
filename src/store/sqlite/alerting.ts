import type { Database } from 'better-sqlite3';
import type { AlertingStore, Decision, DecisionResult } from '../store.ts';
import { prepareIncidents } from './incidents.ts';
import { prepareOutbox } from './outbox.ts';
import { preparePlannedWork } from './planned-work.ts';
import { prepareSilences } from './silences.ts';

/** Ends a transaction without a trace, and says why. */
class Refused extends Error {
  readonly result: DecisionResult;

  constructor(result: DecisionResult) {
    super(`the decision was refused: ${result.kind}`);
    this.result = result;
  }
}

/** The alerting half of the store on an open database. */
export function alertingOn(db: Database): AlertingStore {
  const incidents = prepareIncidents(db);
  const outbox = prepareOutbox(db);
  const silences = prepareSilences(db);
  const plannedWork = preparePlannedWork(db);

  const save = db.transaction((decision: Decision): void => {
    if (decision.spendsLink !== null && !incidents.spendLink(decision.spendsLink, decision.at)) {
      throw new Refused({ kind: 'link spent' });
    }
    for (const incident of decision.incidents) {
      if (!incidents.save(incident)) throw new Refused({ kind: 'conflict', incident: incident.id });
    }
    incidents.addEvents(decision.events);
    for (const addressed of decision.messages) outbox.add(addressed, decision.at);
  });
  const lease = db.transaction(outbox.lease);

  return {
    async readIncidents({ closedSinceAt, limit }) {
      return incidents.select(closedSinceAt, limit ?? -1);
    },
    async listIncidents({ closedSinceAt, limit }) {
      return incidents.list(closedSinceAt, limit);
    },
    async listIncidentsOf({ cells, fromAt, toAt, limit }) {
      return incidents.selectOf(cells, { fromAt, toAt }, limit);
    },
    async readIncident(id) {
      return incidents.read(id);
    },
    async readIncidentEvents(id) {
      return incidents.readEvents(id);
    },
    async saveDecision(decision) {
      try {
        save.immediate(decision);
        return { kind: 'saved' };
      } catch (error) {
        if (error instanceof Refused) return error.result;
        throw error;
      }
    },
    async leaseDeliveries({ now, leaseMs, limit }) {
      return lease.immediate(now, leaseMs, limit);
    },
    async settleDelivery(delivery, settlement) {
      return outbox.settle(delivery, settlement);
    },
    async countSentTo(recipient, sinceAt) {
      return outbox.countSentTo(recipient, sinceAt);
    },
    async readDeliveries({ incident, message, state, limit }) {
      return outbox.select({
        incident: incident ?? null,
        message: message ?? null,
        state: state ?? null,
        limit: limit ?? -1,
      });
    },
    async readOutbox() {
      return outbox.summarise();
    },
    async reviveDelivery(message, recipient, at) {
      return outbox.revive(message, recipient, at);
    },
    async addSilence(silence) {
      return silences.add(silence);
    },
    async endSilence(no, at) {
      return silences.end(no, at);
    },
    async readSilences(at) {
      return silences.inForce(at);
    },
    async addPlannedWork(work) {
      return plannedWork.add(work);
    },
    async cancelPlannedWork(no, at) {
      return plannedWork.cancel(no, at);
    },
    async readPlannedWork(fromAt, toAt, which = 'in force') {
      return plannedWork.overlapping(fromAt, toAt, which);
    },
    async readDeclaredWork() {
      return plannedWork.declared();
    },
    async saveDeclaredWork(changes) {
      plannedWork.declare(changes);
    },
  };
}
