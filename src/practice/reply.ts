import { stableHash } from '../domain/time/schedule.ts';
import { chatStream, chatWhole } from './chat-reply.ts';
import { embeddingsWhole, promptTokensOf } from './embeddings-reply.ts';
import type { PracticeTarget } from './models.ts';
import type { ReplyPlan } from './plan.ts';
import type { QuestionBody } from './question-body.ts';
import type { Allowance } from './quota.ts';
import { replyWithoutAnswer } from './refusal.ts';
import { responsesStream, responsesWhole } from './responses-reply.ts';
import { jsonScript, type Script } from './script.ts';
import { type Telling, tell } from './telling.ts';

export type Headers = Readonly<Record<string, string>>;

/** A reply ready to be sent, and what it tells; `null` where it tells nothing. */
export type Reply = { readonly script: Script; readonly telling: Telling | null };

export type Asked = {
  readonly operation: 'chat' | 'responses' | 'embeddings';
  readonly question: QuestionBody;
  readonly target: PracticeTarget;
  readonly plan: ReplyPlan;
  /** Part of every id in the reply. */
  readonly id: string;
  /** Whole epoch ms. */
  readonly at: number;
};

/** Headers of every reply. */
export function namingHeaders(id: string): Headers {
  return { 'x-probity-practice': 'true', 'x-request-id': `req_practice_${id}` };
}

/** The limit of the key, in OpenAI's words: https://platform.openai.com/docs/guides/rate-limits */
export function limitHeaders(allowance: Allowance): Headers {
  return {
    'x-ratelimit-limit-requests': String(allowance.limit),
    'x-ratelimit-remaining-requests': String(allowance.remaining),
    'x-ratelimit-reset-requests': `${Math.ceil(allowance.resetMs / 1000)}s`,
  };
}

/** What the gateway says about how the answer was made. */
function disclosureHeaders({ behaviour }: ReplyPlan): Headers {
  return {
    'x-cache-status': behaviour.kind === 'cache-hit' ? 'HIT' : 'MISS',
    'x-practice-retries': behaviour.kind === 'retried' ? String(behaviour.retries) : '0',
    'x-practice-overhead-ms': '1.5',
  };
}

/** The reply to a question, as planned. */
export function replyTo(asked: Asked, headers: Headers): Reply {
  const { question, target, plan } = asked;
  const all = { ...headers, ...disclosureHeaders(plan) };
  const refusal = replyWithoutAnswer(plan.behaviour, all);
  if (refusal !== null) return { script: refusal, telling: null };
  const telling = tell({
    question: question.texts.at(-1) ?? '',
    plan,
    requestModel: question.model,
    thinks: target.model.reasoningTokens,
    limit: question.limit,
    promptTokens: promptTokensOf(question.texts.join(' ')),
    pro: target.tier === 'pro',
  });
  return { script: write(asked, telling, all), telling };
}

/** The reply to a request for the list of models. */
export function replyToListing(names: readonly string[], plan: ReplyPlan, headers: Headers): Reply {
  const all = { ...headers, ...disclosureHeaders(plan) };
  const body = {
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'practice' })),
  };
  const script = replyWithoutAnswer(plan.behaviour, all) ?? jsonScript(200, all, body, plan.latency.ttftUs);
  return { script, telling: null };
}

function write(asked: Asked, telling: Telling, headers: Headers): Script {
  const { operation, question, plan } = asked;
  const isCached = plan.behaviour.kind === 'cache-hit';
  // A cache replays what it stored, the answer's id included.
  const id = isCached ? `cached${stableHash(question.model)}` : asked.id;
  const createdS = Math.floor(asked.at / 1000);
  switch (operation) {
    case 'chat': {
      const name = { id: `chatcmpl-practice-${id}`, createdS };
      return question.stream
        ? chatStream(telling, name, question.includeUsage, headers)
        : chatWhole(telling, name, headers);
    }
    case 'responses': {
      const name = { id: `resp_practice_${id}`, createdS };
      return question.stream
        ? responsesStream(telling, name, headers)
        : responsesWhole(telling, name, headers);
    }
    case 'embeddings':
      return embeddingsWhole(
        {
          model: telling.model,
          inputs: question.texts,
          isEmpty: plan.behaviour.kind === 'empty',
          dimensions: question.dimensions,
          encoding: question.encoding,
          close: telling.close,
          atUs: plan.latency.ttftUs,
        },
        headers,
      );
  }
}
