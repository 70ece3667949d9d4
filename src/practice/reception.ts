import { stableHash } from '../domain/schedule.ts';
import { chatStream, chatWhole } from './chat-reply.ts';
import { embeddingsWhole, promptTokensOf } from './embeddings-reply.ts';
import { BEHAVIOURS, type Behaviour, behaviourNamed } from './incident.ts';
import {
  PRACTICE_KEY_WITHOUT_CREDIT,
  PRACTICE_KEYS,
  PRO_PREFIX,
  type PracticeModel,
  type PracticeTier,
} from './models.ts';
import { type Planner, planAs, plannerFor, type ReplyPlan } from './plan.ts';
import { type QuestionBody, readQuestion } from './question-body.ts';
import { type Quota, quotaOf } from './quota.ts';
import {
  BAD_KEY,
  invalid,
  NO_CREDIT,
  ownLimit,
  PRO_KEY_NEEDED,
  type Refusal,
  refuse,
  replyWithoutAnswer,
  unknownModel,
  unknownPlace,
} from './refusal.ts';
import { responsesStream, responsesWhole } from './responses-reply.ts';
import { jsonScript, type Script } from './script.ts';
import { tell } from './telling.ts';
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

type Served = { readonly model: PracticeModel; readonly tier: PracticeTier; readonly planner: Planner };

type Headers = Readonly<Record<string, string>>;

const OPERATIONS = {
  '/v1/chat/completions': { kind: 'chat', field: 'messages' },
  '/v1/responses': { kind: 'responses', field: 'input' },
  '/v1/embeddings': { kind: 'embeddings', field: 'input' },
} as const;

type OperationPath = keyof typeof OPERATIONS;

/** What answers a request that names no model. */
const LISTING: PracticeModel = {
  id: '*',
  kind: 'embedding',
  reasoningTokens: 0,
  latency: {
    standard: { medianTtftMs: 22, sigma: 0.3, tailFrom: 0.98, tailShape: 2, capMs: 2000, interTokenMs: 1 },
    pro: { medianTtftMs: 22, sigma: 0.3, tailFrom: 0.98, tailShape: 2, capMs: 2000, interTokenMs: 1 },
  },
};

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
    const common: Headers = { 'x-probity-practice': 'true', 'x-request-id': `req_practice_${id}` };
    const path = received.url.split('?', 1)[0] ?? '';
    const key = received.authorization?.replace(/^bearer\s+/i, '') ?? '';
    const keyTier = tierOfKey(key);
    if (key === PRACTICE_KEY_WITHOUT_CREDIT) return refuse(NO_CREDIT, common);
    if (keyTier === null) return refuse(BAD_KEY, common);

    const allowance = quotas[keyTier](received.at);
    const headers: Headers = {
      ...common,
      'x-ratelimit-limit-requests': String(allowance.limit),
      'x-ratelimit-remaining-requests': String(allowance.remaining),
      'x-ratelimit-reset-requests': `${Math.ceil(allowance.resetMs / 1000)}s`,
    };
    const no = (refusal: Refusal): Script => refuse(refusal, headers);
    if (!allowance.isAllowed) return no(ownLimit(allowance.limit, Math.ceil(allowance.resetMs / 1000)));
    const order = received.order === null ? null : behaviourNamed(received.order);
    if (received.order !== null && order === null) {
      return no(invalid(`x-practice-behaviour must be one of: ${Object.keys(BEHAVIOURS).join(', ')}.`));
    }

    if (received.method === 'GET' && path === '/v1/models') {
      const plan = planOf(listing[keyTier], received.at, order);
      const all = { ...headers, ...disclosureOf(plan) };
      const names = [...served.keys()].filter((name) => keyTier === 'pro' || !name.startsWith(PRO_PREFIX));
      return (
        replyWithoutAnswer(plan.behaviour, all) ?? jsonScript(200, all, listOf(names), plan.latency.ttftUs)
      );
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
    const all = { ...headers, ...disclosureOf(plan) };
    const refusal = replyWithoutAnswer(plan.behaviour, all);
    return refusal ?? answer(operation.kind, { question, found, plan, id, at: received.at }, all);
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

/** What the gateway says about how the answer was made. */
function disclosureOf(plan: ReplyPlan): Headers {
  const { behaviour } = plan;
  return {
    'x-cache-status': behaviour.kind === 'cache-hit' ? 'HIT' : 'MISS',
    'x-practice-retries': behaviour.kind === 'retried' ? String(behaviour.retries) : '0',
    'x-practice-overhead-ms': '1.5',
  };
}

function listOf(names: readonly string[]): object {
  return {
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'practice' })),
  };
}

function answer(
  operation: (typeof OPERATIONS)[OperationPath]['kind'],
  asked: {
    readonly question: QuestionBody;
    readonly found: Served;
    readonly plan: ReplyPlan;
    readonly id: string;
    readonly at: number;
  },
  headers: Headers,
): Script {
  const { question, found, plan } = asked;
  const telling = tell({
    question: question.texts.at(-1) ?? '',
    plan,
    requestModel: question.model,
    thinks: found.model.reasoningTokens,
    limit: question.limit,
    promptTokens: promptTokensOf(question.texts.join('')),
    pro: found.tier === 'pro',
  });
  // A cache replays what it stored, the answer's id included.
  const id = plan.behaviour.kind === 'cache-hit' ? `cached${stableHash(question.model)}` : asked.id;
  const name = {
    id: operation === 'chat' ? `chatcmpl-practice-${id}` : `resp_practice_${id}`,
    createdS: Math.floor(asked.at / 1000),
  };
  switch (operation) {
    case 'chat':
      return question.stream
        ? chatStream(telling, name, question.includeUsage, headers)
        : chatWhole(telling, name, headers);
    case 'responses':
      return question.stream
        ? responsesStream(telling, name, headers)
        : responsesWhole(telling, name, headers);
    case 'embeddings':
      return embeddingsWhole(
        {
          model: telling.model,
          inputs: question.texts,
          dimensions: question.dimensions,
          encoding: question.encoding,
          close: telling.close,
          atUs: plan.latency.ttftUs,
        },
        headers,
      );
  }
}
