import type { Disclosure, Ending, ErrorBody, Observation } from '../domain/measure/observation.ts';
import type { Operation } from '../domain/measure/probe.ts';
import { type Meeting, streams } from './meeting.ts';
import type { Script } from './script.ts';
import type { Telling } from './telling.ts';

/** What an observation says of a body that was not read. */
export const NOTHING_READ = {
  answer: '',
  answerId: null,
  chunks: 0,
  tokenChunks: 0,
  comments: 0,
  usage: null,
  finishReason: null,
  doneSeen: false,
  lenientTerminator: false,
  toolCalls: false,
  refusal: false,
  obfuscated: false,
  malformed: null,
  waitedUs: 0,
  clockStepMs: 0,
} as const;

/** What was understood of a body under 200. */
export function readBody(
  { operation, telling, script }: Meeting,
  body: string,
  tokens: Telling['tokens'],
  ending: Ending,
  hasError: boolean,
): Partial<Observation> {
  if (script.headers['content-type'] === 'text/html') return { malformed: 'a web page' };
  const isOver = ending.kind === 'complete';
  const isStream = streams(operation);
  if (!isStream && hasError) return {};
  const isHalf = !isOver || (operation === 'embeddings' && telling?.close === 'truncated');
  if (!isStream && isHalf) return body === '' ? {} : { malformed: 'the body is not JSON' };
  const isComplete = isOver && (telling?.close === 'complete' || telling?.close === 'no-done');
  const answerId = /"id":"([^"]*)"/.exec(body)?.[1] ?? null;
  const counted = {
    promptTokens: telling?.promptTokens ?? null,
    completionTokens: tokens.length,
    reasoningTokens: telling?.reasoningTokens ?? null,
    cachedTokens: 0,
  };
  const answer = tokens
    .filter((token) => token.kind === 'content')
    .map((token) => token.text)
    .join('');
  switch (operation) {
    case 'models':
      return { tokenChunks: body.split('"object":"model"').length - 1 };
    case 'embeddings':
      return {
        tokenChunks: body.split('"object":"embedding"').length - 1,
        usage: { ...counted, completionTokens: null, reasoningTokens: null, cachedTokens: null },
      };
    case 'chat-json':
      return {
        answer,
        answerId,
        tokenChunks: tokens.length > 0 ? 1 : 0,
        usage: counted,
        finishReason: isComplete ? (telling?.finish ?? null) : null,
      };
    case 'chat':
    case 'responses':
      return {
        answer,
        answerId,
        chunks: body.match(/^data: /gm)?.length ?? 0,
        tokenChunks: tokens.length,
        usage: isComplete ? counted : null,
        finishReason: isComplete
          ? (telling?.finish ?? null)
          : failsByName(operation, hasError)
            ? 'error'
            : null,
        doneSeen: saysDone(operation, isComplete, telling) || failsByName(operation, hasError),
      };
  }
}

/** A response that fails ends with an event of its own; a chat's error is just one more chunk. */
function failsByName(operation: Operation, hasError: boolean): boolean {
  return operation === 'responses' && hasError;
}

/** The last event of a response says that it is over; a chat needs its `[DONE]` for that. */
function saysDone(operation: Operation, isComplete: boolean, telling: Telling | null): boolean {
  return isComplete && (operation === 'responses' || telling?.close === 'complete');
}

/** What a body under 200 says about its making. */
export function disclosureOf(
  { telling, requestModel, operation }: Meeting,
  body: string,
): Partial<Disclosure> {
  if (telling === null || !body.includes('"model":')) return {};
  return {
    model: telling.model,
    serviceTier: operation === 'embeddings' ? null : telling.serviceTier,
    systemFingerprint: operation === 'chat' || operation === 'chat-json' ? 'practice' : null,
    route: telling.model === requestModel ? 'verified' : 'mismatch',
  };
}

/** The error object of a body, or of the last event of a stream. */
export function errorIn(body: string): ErrorBody | null {
  const found = /(?:^|^data: |"status":"failed",)(?:\{)?"error":(\{[^}]*\})/m.exec(body)?.[1];
  if (found === undefined) return null;
  const error = JSON.parse(found) as { message: string; type?: string; code?: string | null };
  return { message: error.message, type: error.type ?? null, code: error.code ?? null, limitSource: null };
}

/** What the headers say beside the body. */
export function readHeaders(headers: Script['headers']) {
  const status = headers['x-cache-status'];
  const seconds = headers['retry-after'];
  return {
    cache: status === undefined ? null : status === 'HIT' ? ('hit' as const) : ('miss' as const),
    retryAfter: seconds === undefined ? null : 1000 * Number(seconds),
    contentType: headers['content-type'] ?? null,
  };
}

/** The ids under which the gateway could be asked about the attempt. */
export function requestIdsOf(headers: Script['headers']): Record<string, string> {
  const id = headers['x-request-id'];
  return id === undefined ? {} : { 'x-request-id': id };
}
