import type { Attempt } from '../domain/measure/attempt.ts';
import { attemptIdentity } from '../domain/measure/attempt.ts';
import { type Operation, type RenderedPrompt, renderPrompt } from '../domain/measure/probe.ts';
import { createChatJsonReader } from './chat-json.ts';
import { createChatStreamReader } from './chat-stream.ts';
import { GATEWAY_DIALECTS, type GatewayDialect } from './gateway-kinds.ts';
import { createEmbeddingsReader, createModelsReader } from './lists.ts';
import type { Reader } from './reading.ts';
import { createResponsesReader } from './responses-stream.ts';

const MEBIBYTE = 1024 * 1024;

/** What one operation sends and how its answer is read. */
export type OperationPlan = {
  readonly method: 'GET' | 'POST';
  readonly streams: boolean;
  /** The answer is cut at this size; a short canned prompt never comes near it. */
  readonly maxBodyBytes: number;
  readonly body: (model: string, prompt: RenderedPrompt, dialect: GatewayDialect) => Record<string, unknown>;
  readonly reader: (onOverflow: () => void) => Reader;
};

export const OPERATION_PLANS: Readonly<Record<Operation, OperationPlan>> = {
  chat: {
    method: 'POST',
    streams: true,
    maxBodyBytes: MEBIBYTE,
    body: (model, prompt, dialect) => ({
      model,
      messages: prompt.messages,
      [dialect.tokenLimit]: prompt.maxTokens,
      stream: true,
      stream_options: dialect.obfuscationSwitch
        ? { include_usage: true, include_obfuscation: false }
        : { include_usage: true },
      ...dialect.body,
    }),
    reader: createChatStreamReader,
  },
  'chat-json': {
    method: 'POST',
    streams: false,
    maxBodyBytes: MEBIBYTE,
    body: (model, prompt, dialect) => ({
      model,
      messages: prompt.messages,
      [dialect.tokenLimit]: prompt.maxTokens,
      ...dialect.body,
    }),
    reader: createChatJsonReader,
  },
  embeddings: {
    method: 'POST',
    streams: false,
    maxBodyBytes: MEBIBYTE,
    body: (model, prompt, dialect) => ({
      model,
      input: prompt.messages.map((message) => message.content),
      ...dialect.body,
    }),
    reader: createEmbeddingsReader,
  },
  responses: {
    method: 'POST',
    streams: true,
    maxBodyBytes: MEBIBYTE,
    body: (model, prompt, dialect) => ({
      model,
      input: prompt.messages,
      max_output_tokens: prompt.maxTokens,
      stream: true,
      // Nothing of ours is worth keeping on their side.
      store: false,
      ...dialect.body,
    }),
    reader: createResponsesReader,
  },
  models: {
    method: 'GET',
    streams: false,
    // The largest public list of models has some hundred entries of several KiB.
    maxBodyBytes: 8 * MEBIBYTE,
    body: () => ({}),
    reader: () => createModelsReader(),
  },
};

/** The body of the attempt's request, or `null` for an operation that sends none. */
export function requestBody(attempt: Attempt): string | null {
  const plan = OPERATION_PLANS[attempt.probe.operation];
  const prompt = attempt.probe.prompt;
  if (plan.method === 'GET' || prompt === null) return null;
  const { gateway, target } = attempt;
  const rendered = renderPrompt(prompt, attemptIdentity(attempt));
  const body = plan.body(target.requestModel, rendered, GATEWAY_DIALECTS[gateway.kind]);
  if (target.serviceTier !== undefined) body.service_tier = target.serviceTier;
  return JSON.stringify(body);
}
