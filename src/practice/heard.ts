import { createHash } from 'node:crypto';
import {
  type Connection,
  type Ending,
  NO_DISCLOSURE,
  NO_PHASES,
  type Observation,
} from '../domain/measure/observation.ts';
import { type Cut, cutOf, type Meeting, streams } from './meeting.ts';
import { COMMENT, type Script } from './script.ts';
import { commentsBefore, longestGapUs, phasesOf, timesOfTokens, timesOfWhole } from './seen-times.ts';
import { disclosureOf, errorIn, NOTHING_READ, readBody, readHeaders, requestIdsOf } from './understood.ts';
import type { Wire } from './wire.ts';

const EDGE_BYTES = 2048;

/** The observation of a scripted reply: the facts a prober at the other end of a socket would have written down. */
export function hear(meeting: Meeting): Observation {
  const { script, wire } = meeting;
  const cut = cutOf(meeting);
  const isHeard = (atUs: number): boolean => cut === null || atUs + wire.offsetUs < cut.atUs;
  const isAnswered = script.headersAtUs !== null && isHeard(script.headersAtUs);
  const ending = endingOf(script, cut);
  const comments = commentsBefore(script, cut, wire);
  const body = isAnswered
    ? script.frames.map((frame) => (isHeard(frame.atUs) ? frame.text : '')).join('') +
      COMMENT.repeat(comments)
    : '';
  const isTold = isAnswered && script.status < 300;
  const tokens = isTold ? (meeting.telling?.tokens.filter((token) => isHeard(token.atUs)) ?? []) : [];
  const timed = phasesOf(meeting, cut, isAnswered, ending, comments > 0);
  const error = isAnswered ? errorIn(body) : null;
  const read = isTold ? readBody(meeting, body, tokens, ending, error !== null) : {};
  const said = streams(meeting.operation)
    ? isTold && timesOfTokens(meeting, tokens, read)
    : timesOfWhole(read, timed.endUs);
  const phases = { ...timed, ...said };
  const { cache, retryAfter, contentType } = readHeaders(isAnswered ? script.headers : {});
  return {
    ...NOTHING_READ,
    ...read,
    comments: streams(meeting.operation) ? comments : 0,
    phases,
    ending,
    status: isAnswered ? script.status : null,
    contentType,
    headers: isAnswered ? script.headers : {},
    requestIds: requestIdsOf(isAnswered ? script.headers : {}),
    connection: connectionOf(wire),
    bodyBytes: Buffer.byteLength(body),
    responseBytes: isAnswered ? JSON.stringify(script.headers).length + Buffer.byteLength(body) : 0,
    bodySha256: body === '' ? null : createHash('sha256').update(body).digest('hex'),
    head: body.slice(0, EDGE_BYTES),
    tail: body.length > EDGE_BYTES ? body.slice(-EDGE_BYTES) : '',
    longestStallUs: streams(meeting.operation) ? longestGapUs(tokens, phases, ending) : null,
    errorBody: error,
    errorInBody: error !== null && script.status < 300,
    retryAfterMs: retryAfter,
    disclosure: {
      ...NO_DISCLOSURE,
      ...(isTold && !read.malformed ? disclosureOf(meeting, body) : {}),
      cache,
    },
    loopDelayUs: wire.loopDelayUs,
  };
}

function endingOf(script: Script, cut: Cut | null): Ending {
  if (cut !== null) return { kind: 'deadline', deadline: cut.deadline };
  if (script.ending.kind === 'complete') return { kind: 'complete' };
  return { kind: 'error', stage: 'response', code: 'UND_ERR_SOCKET', message: 'other side closed' };
}

function connectionOf(wire: Wire): Connection {
  const isNew = wire.connectedUs !== null;
  return {
    reused: !isNew,
    remoteAddress: '127.0.0.1:8090',
    localPort: 50_000,
    alpn: null,
    tlsProtocol: null,
    tlsResumed: null,
    addresses: isNew ? ['127.0.0.1'] : [],
    certificate: null,
  };
}

/** An attempt that never left this machine, or found its kept-alive connection dead. */
export function hearNothing(trouble: 'no-network' | 'stale-socket', wire: Wire): Observation {
  const unheard = {
    ...NOTHING_READ,
    status: null,
    contentType: null,
    headers: {},
    requestIds: {},
    bodyBytes: 0,
    responseBytes: 0,
    bodySha256: null,
    head: '',
    tail: '',
    longestStallUs: null,
    errorBody: null,
    errorInBody: false,
    retryAfterMs: null,
    disclosure: NO_DISCLOSURE,
    loopDelayUs: wire.loopDelayUs,
  };
  const connection = connectionOf(wire);
  switch (trouble) {
    case 'stale-socket':
      return {
        ...unheard,
        phases: { ...NO_PHASES, sentUs: wire.sentUs, endUs: wire.offsetUs },
        ending: { kind: 'error', stage: 'request', code: 'UND_ERR_SOCKET', message: 'other side closed' },
        connection,
      };
    case 'no-network':
      return {
        ...unheard,
        phases: { ...NO_PHASES, endUs: wire.sentUs },
        ending: {
          kind: 'error',
          stage: 'connect',
          code: 'ENETUNREACH',
          message: 'connect ENETUNREACH: the practice network was down',
        },
        connection: { ...connection, reused: false, remoteAddress: null, localPort: null },
      };
  }
}
