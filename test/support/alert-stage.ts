import type { AlertObjective } from '../../src/domain/alert/alert-objective.ts';
import { type AlertPolicy, DEFAULT_ALERT_POLICY } from '../../src/domain/alert/alert-policy.ts';
import type { DeliveryResult } from '../../src/domain/alert/letter.ts';
import type { OwnEvidence } from '../../src/domain/alert/own-rule.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { deliverDue } from '../../src/pipeline/alerting/deliver.ts';
import {
  type AlertEvaluator,
  type AlertingOptions,
  createAlertEvaluator,
  type LiveFacts,
  NO_LIVE_FACTS,
} from '../../src/pipeline/alerting/evaluate-alerts.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Delivery, Store } from '../../src/store/store.ts';
import { declaration, failure, sample } from '../store/builders.ts';
import { MINUTE, START } from './alert-builders.ts';

/** A deployment in a store of its own, with a clock that a test moves: real rules, real SQL, no network. */
export type AlertStage = {
  readonly store: Store;
  readonly policy: AlertPolicy;
  now: number;
  /** So much of `now` the clock did not live through, but leapt over. */
  leaptMs: number;
  readonly targets: readonly string[];
  /** Records one attempt of a target; its tick is `now` unless told otherwise. */
  readonly probe: (target: string, fields?: Partial<Sample>) => Promise<void>;
  /** A failed tick with its failed burst, 10 s apart. */
  readonly fail: (target: string, outcome?: Outcome) => Promise<void>;
  readonly evaluate: () => Promise<void>;
  readonly deliver: () => Promise<void>;
  /** What was handed over, in order. */
  readonly mailbox: { readonly at: number; readonly delivery: Delivery }[];
  /** What the other side does with a message; default: takes it. */
  answer: (delivery: Delivery) => DeliveryResult;
  live: LiveFacts;
  /** What every target is held to. */
  objectives: readonly AlertObjective[];
  own: Partial<OwnEvidence>;
  /** As after a restart: a new evaluator on the same store. */
  readonly restart: () => void;
};

export const ON_CALL = { channel: 'email', address: 'on-call@oncall.example' } as const;
export const SECOND_LIST = { channel: 'email', address: 'second@oncall.example' } as const;
export const STATEMENTS = { channel: 'email', address: 'contracts@oncall.example' } as const;

export const STAGE_POLICY: AlertPolicy = {
  ...DEFAULT_ALERT_POLICY,
  routes: [
    { id: 'on-call', severities: ['page', 'ticket'], scopes: [], to: [ON_CALL], escalateTo: [SECOND_LIST] },
    { id: 'statements', severities: ['report'], scopes: [], to: [STATEMENTS], escalateTo: [] },
  ],
};

export const THREE_NINES: AlertObjective = {
  id: 'pro-channel/availability',
  contract: 'pro-channel',
  kind: 'availability',
  label: 'availability >= 99.9 %',
  allowedPpm: 1_000,
  judge: ({ outcome, validity }) =>
    validity.kind === 'suspect'
      ? 'excluded'
      : outcome === 'ok'
        ? 'good'
        : outcome.startsWith('config.')
          ? 'excluded'
          : 'bad',
};

export type StageOptions = {
  readonly models?: readonly string[];
  readonly policy?: AlertPolicy;
  readonly path?: string;
  readonly store?: Store;
  readonly setAside?: AlertingOptions['setAside'];
};

export async function createAlertStage(options: StageOptions = {}): Promise<AlertStage> {
  const opened = options.store ?? openStore(options.path ?? ':memory:');
  const models = options.models ?? ['a', 'b', 'c'];
  const policy = options.policy ?? STAGE_POLICY;
  const declarations = models.map((model) => declaration(model));
  await opened.declareSeries(declarations, START - MINUTE);
  let evaluator: AlertEvaluator;
  const stage: AlertStage = {
    store: opened,
    policy,
    now: START,
    leaptMs: 0,
    targets: declarations.map(({ target }) => target.id),
    async probe(target, fields = {}) {
      const one = declarations.find((declared) => declared.target.id === target);
      if (one === undefined) throw new Error(`no target ${target}`);
      const { probe, region } = one;
      const make = (fields.outcome ?? 'ok') === 'ok' ? sample : failure;
      const made = make({ target, probe, region, scheduledAt: stage.now, ...fields });
      await opened.record({ samples: [made], notRun: [] });
      evaluator.touched(made.scheduledAt);
    },
    async fail(target, outcome = 'gateway.5xx') {
      await stage.probe(target, { outcome });
      for (const seconds of [10, 20, 30]) {
        await stage.probe(target, {
          outcome,
          purpose: 'confirmation',
          scheduledAt: stage.now + seconds * 1000,
        });
      }
    },
    async evaluate() {
      await evaluator.evaluate(stage.now);
    },
    async deliver() {
      await deliverDue({
        store: opened,
        send: async (delivery) => {
          const result = stage.answer(delivery);
          if (result.kind === 'delivered') stage.mailbox.push({ at: stage.now, delivery });
          return result;
        },
        now: () => stage.now,
        random: () => 0.5,
        policy: policy.delivery,
        onFault: (error) => {
          throw error;
        },
      });
    },
    mailbox: [],
    answer: () => ({ kind: 'delivered' }),
    live: NO_LIVE_FACTS,
    objectives: [THREE_NINES],
    own: {},
    restart() {
      evaluator = createAlertEvaluator({
        store: opened,
        policy,
        objectivesOf: () => stage.objectives,
        ...(options.setAside === undefined ? {} : { setAside: options.setAside }),
        isPractice: () => false,
        startedAt: stage.now,
        monotonicMs: () => stage.now - stage.leaptMs,
        readLive: async () => stage.live,
        readOwn: async (now) => ({
          proberAliveAt: now,
          spendReachedOn: null,
          diskFreePpm: 500_000,
          isDatabaseGone: false,
          proberDeaths: [],
          unreadable: [],
          ...stage.own,
        }),
      });
    },
  };
  stage.restart();
  return stage;
}

function openStore(path: string): Store {
  const opened = openSqliteStore(path);
  if (opened.kind !== 'opened') throw new Error(opened.message);
  return opened.store;
}

/** Subjects of what was handed over, with the minute. */
export function mails(stage: AlertStage): string[] {
  return stage.mailbox.map(
    ({ at, delivery }) =>
      `${Math.floor((at - START) / MINUTE)} ${delivery.recipient.channel === 'email' ? delivery.recipient.address.split('@')[0] : delivery.recipient.name}: ${delivery.message.subject}`,
  );
}
