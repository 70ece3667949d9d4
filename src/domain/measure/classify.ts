import { answerContains } from './answer-check.ts';
import { DEFAULT_SELF_DOUBT, type SelfDoubt, validityOf } from './doubt.ts';
import type { Ending, Observation } from './observation.ts';
import type { Outcome, Remark, Validity } from './outcome.ts';
import type { Operation, Probe } from './probe.ts';
import { outcomeOfErrorInBody, outcomeOfRefusal } from './refusal.ts';
import { remarksOf } from './remarks.ts';

/** What the prober knew beside the wire when it asked. */
export type Expectation = {
  /** Text the answer must contain, placeholders filled in; `null` if any answer will do. */
  readonly contains: string | null;
  /** The service tier that was asked for and paid; `null` if none was. */
  readonly serviceTier: string | null;
  /** Could the neutral witness be reached at that time? `unknown` where there is none. */
  readonly witness: 'up' | 'down' | 'unknown';
  /** From the tick to just before dispatch, whole µs. */
  readonly lagUs: number;
  /** Has an answer with the same id been seen before? Then it came from a cache, whatever the headers say. */
  readonly answerSeenBefore: boolean;
};

export const NO_EXPECTATION: Expectation = Object.freeze({
  contains: null,
  serviceTier: null,
  witness: 'unknown',
  lagUs: 0,
  answerSeenBefore: false,
});

export type Judgement = {
  readonly outcome: Outcome;
  readonly validity: Validity;
  readonly remarks: readonly Remark[];
};

/** Judges one observation. Pure: the same row judged again gives the same judgement. */
export function classify(
  observation: Observation,
  probe: Pick<Probe, 'operation'>,
  expected: Expectation,
  doubt: SelfDoubt = DEFAULT_SELF_DOUBT,
): Judgement {
  const outcome = outcomeOf(observation, probe.operation, expected);
  const remarks = remarksOf(observation, probe.operation, outcome, expected.serviceTier);
  return { outcome, remarks, validity: validityOf(observation, outcome, remarks, expected.lagUs, doubt) };
}

function outcomeOf(observation: Observation, operation: Operation, expected: Expectation): Outcome {
  const own = ownFault(observation, expected.witness);
  if (own !== null) return own;
  const { status } = observation;
  if (status === null) return outcomeWithoutAnswer(observation);
  if (status > 299) return outcomeOfRefusal(status, observation.errorBody, observation.headers);
  if (observation.errorInBody) return outcomeOfErrorInBody(observation);
  return outcomeOfBrokenAnswer(observation) ?? outcomeOfAnswer(observation, operation, expected);
}

/** Codes that tell of a limit on this machine: descriptors, ports, memory. */
const OWN_RESOURCES: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);

/** Codes of the local network stack: there was no way out of this machine. */
const NO_WAY_OUT: ReadonlySet<string> = new Set(['EACCES', 'ENETDOWN', 'ENETUNREACH', 'EPERM']);

function ownFault(observation: Observation, witness: Expectation['witness']): Outcome | null {
  const { ending, status, connection } = observation;
  switch (ending.kind) {
    case 'cancelled':
      return 'client.cancelled';
    case 'fault':
      return 'client.fault';
    case 'error':
      if (OWN_RESOURCES.has(ending.code)) return 'client.fault';
      if (status === null && NO_WAY_OUT.has(ending.code)) return 'client.network';
      break;
    case 'complete':
      if (status === null) return 'client.fault';
      break;
    case 'deadline':
    case 'bound':
      break;
  }
  if (status !== null) return null;
  if (ending.kind === 'error' && connection.reused && isStale(observation, ending))
    return 'client.stale_socket';
  const reached = observation.responseBytes > 0 || ending.kind === 'bound';
  return witness === 'down' && !reached ? 'client.network' : null;
}

/**
 * A kept-alive connection that was closed just when we used it (RFC 9112 §9.3.1 tells clients to expect that): not one
 * byte came back. On HTTP/2 the farewell is a GOAWAY frame, so there bytes may have come.
 */
function isStale(observation: Observation, ending: Extract<Ending, { kind: 'error' }>): boolean {
  return (
    observation.responseBytes === 0 ||
    ending.code === 'ERR_HTTP2_SESSION_ERROR' ||
    /GOAWAY/.test(ending.message)
  );
}

/** Codes of the HTTP parser: what came was not HTTP. One of them says only that it ended too soon. */
function isUnreadable(code: string): boolean {
  return code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE';
}

function outcomeWithoutAnswer(observation: Observation): Outcome {
  const { ending, phases } = observation;
  switch (ending.kind) {
    case 'error':
      if (isUnreadable(ending.code)) return 'provider.malformed';
      switch (ending.stage) {
        case 'dns':
          return 'net.dns';
        case 'connect':
          return 'net.connect';
        case 'tls':
          return 'net.tls';
        case 'request':
        case 'response':
          return 'net.reset';
      }
      return 'net.reset';
    case 'deadline':
      if (ending.deadline !== 'connect') return 'timeout.headers';
      if (phases.dnsStartUs !== null && phases.dnsEndUs === null) return 'net.dns';
      return phases.tcpUs === null ? 'net.connect' : 'net.tls';
    case 'bound':
      return 'provider.malformed';
    case 'complete':
    case 'cancelled':
    case 'fault':
      return 'client.fault';
  }
}

/** A 2xx answer that did not come to its end; `null` if it did. */
function outcomeOfBrokenAnswer(observation: Observation): Outcome | null {
  const { ending } = observation;
  // Everything was said: how the connection ended afterwards is of no account to anybody.
  if (observation.doneSeen && observation.finishReason !== null) return null;
  switch (ending.kind) {
    case 'deadline':
      if (ending.deadline === 'stall') return 'timeout.stall';
      return ending.deadline === 'firstToken' ? 'timeout.first_token' : 'timeout.total';
    case 'bound':
      return 'provider.malformed';
    case 'error':
      return isUnreadable(ending.code) ? 'provider.malformed' : 'provider.aborted';
    case 'complete':
    case 'cancelled':
    case 'fault':
      return null;
  }
}

function outcomeOfAnswer(observation: Observation, operation: Operation, expected: Expectation): Outcome {
  if (observation.malformed !== null) return 'provider.malformed';
  const talks = operation === 'chat' || operation === 'chat-json' || operation === 'responses';
  const { finishReason, tokenChunks } = observation;
  if (finishReason === 'content_filter' || observation.refusal) return 'policy.filtered';
  if (tokenChunks === 0) {
    const broken = talks && finishReason === null && !observation.doneSeen && observation.chunks > 0;
    return broken ? 'provider.truncated' : 'provider.empty';
  }
  if (talks && finishReason === null) return 'provider.truncated';
  if (observation.disclosure.cache === 'hit' || expected.answerSeenBefore) return 'excluded.cache_hit';
  if (talks && observation.disclosure.route === 'mismatch') return 'route.fallback';
  // An answer cut off by our own token limit cannot be held to what it might have said.
  const checked = expected.contains !== null && finishReason !== 'length' && talks;
  if (checked && !answerContains(observation.answer, expected.contains ?? '')) return 'quality.wrong_answer';
  return 'ok';
}
