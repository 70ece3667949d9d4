import { BEHAVIOURS, type Behaviour, behaviourNamed } from './incident.ts';
import {
  LISTING,
  PRACTICE_KEY_WITHOUT_CREDIT,
  PRACTICE_KEYS,
  PRO_PREFIX,
  type PracticeModel,
  type PracticeTarget,
  type PracticeTier,
} from './models.ts';
import { type Planner, planAs, plannerFor, type ReplyPlan } from './plan.ts';
import { readQuestion } from './question-body.ts';
import { type Quota, quotaOf } from './quota.ts';
import {
  BAD_KEY,
  invalid,
  NO_CREDIT,
  ownLimit,
  PRO_KEY_NEEDED,
  type Refusal,
  refuse,
  unknownModel,
  unknownPlace,
} from './refusal.ts';
import { limitHeaders, namingHeaders, replyTo, replyToListing } from './reply.ts';
import type { Script } from './script.ts';
import type { Timetable } from './timetable.ts';

/** A request as the gateway sees it. */
export type Received = {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  /** The name of a behaviour the request orders for itself. */
  readonly order: string | null;
  readonly body: string;
  /** Whole epoch ms. */
  readonly at: number;
};

type ReceptionOptions = {
  readonly seed: number;
  readonly timetable: Timetable;
  readonly originAt: number;
  readonly models: readonly PracticeModel[];
  readonly requestsPerMinute: Readonly<Record<PracticeTier, number | null>>;
  readonly idPrefix: string;
};

type Served = PracticeTarget & { readonly planner: Planner };

const OPERATIONS = {
  '/v1/chat/completions': { kind: 'chat', field: 'messages' },
  '/v1/responses': { kind: 'responses', field: 'input' },
  '/v1/embeddings': { kind: 'embeddings', field: 'input' },
} as const;

type OperationPath = keyof typeof OPERATIONS;

/** Turns requests into scripts. The only state is the count of requests, in ids and quotas. */
export function createReception(options: ReceptionOptions): (received: Received) => Script {
  const quotas: Readonly<Record<PracticeTier, Quota>> = {
    standard: quotaOf(options.requestsPerMinute.standard),
    pro: quotaOf(options.requestsPerMinute.pro),
  };
  const serve = (model: PracticeModel, tier: PracticeTier): Served => ({
    model,
    tier,
    planner: plannerFor({ ...options, target: { tier, model } }),
  });
  const served = new Map<string, Served>();
  for (const model of options.models) {
    served.set(model.id, serve(model, 'standard'));
    served.set(PRO_PREFIX + model.id, serve(model, 'pro'));
  }
  const listing = { standard: serve(LISTING, 'standard'), pro: serve(LISTING, 'pro') };
  let count = 0;

  return (received) => {
    count += 1;
    const id = `${options.idPrefix}${count.toString(36).padStart(6, '0')}`;
    const common = namingHeaders(id);
    const path = received.url.split('?', 1)[0] ?? '';
    const key = received.authorization?.replace(/^bearer\s+/i, '') ?? '';
    const keyTier = tierOfKey(key);
    if (key === PRACTICE_KEY_WITHOUT_CREDIT) return refuse(NO_CREDIT, common);
    if (keyTier === null) return refuse(BAD_KEY, common);

    const allowance = quotas[keyTier](received.at);
    const headers = { ...common, ...limitHeaders(allowance) };
    const no = (refusal: Refusal): Script => refuse(refusal, headers);
    if (!allowance.isAllowed) return no(ownLimit(allowance.limit, Math.ceil(allowance.resetMs / 1000)));
    const order = received.order === null ? null : behaviourNamed(received.order);
    if (received.order !== null && order === null) {
      return no(invalid(`x-practice-behaviour must be one of: ${Object.keys(BEHAVIOURS).join(', ')}.`));
    }

    if (received.method === 'GET' && path === '/v1/models') {
      const plan = planOf(listing[keyTier], received.at, order);
      const names = [...served.keys()].filter((name) => keyTier === 'pro' || !name.startsWith(PRO_PREFIX));
      return replyToListing(names, plan, headers).script;
    }
    if (received.method !== 'POST' || !Object.hasOwn(OPERATIONS, path)) {
      return no(unknownPlace(received.method, path));
    }
    const operation = OPERATIONS[path as OperationPath];
    const read = readQuestion(received.body, operation.field);
    if (read.kind === 'refused') return no(read.refusal);
    const question = read.body;
    const found = served.get(question.model);
    if (found === undefined) return no(unknownModel(question.model));
    if (found.tier === 'pro' && keyTier !== 'pro') return no(PRO_KEY_NEEDED);
    if ((operation.kind === 'embeddings') !== (found.model.kind === 'embedding')) {
      return no(invalid(`The model \`${question.model}\` does not support this operation.`, 'model'));
    }

    const plan = planOf(found, received.at, order);
    const asked = { operation: operation.kind, question, target: found, plan, id, at: received.at };
    return replyTo(asked, headers).script;
  };
}

function tierOfKey(key: string): PracticeTier | null {
  if (key === PRACTICE_KEYS.standard) return 'standard';
  return key === PRACTICE_KEYS.pro ? 'pro' : null;
}

function planOf(served: Served, at: number, order: Behaviour | null): ReplyPlan {
  const plan = served.planner(at);
  return order === null ? plan : planAs(order, served.model.latency[served.tier], plan.key);
}
