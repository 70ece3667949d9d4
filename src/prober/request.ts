import { hash } from 'node:crypto';
import { type Attempt, attemptIdentity } from '../domain/measure/attempt.ts';
import type { Gateway } from '../domain/measure/probe.ts';
import type { ExchangeRequest } from './exchange.ts';
import { GATEWAY_DIALECTS, requestPath } from './gateway-kinds.ts';
import { OPERATION_PLANS, requestBody } from './operations.ts';

/** The whole request of one attempt, ready to be sent. */
export function requestOf(
  attempt: Attempt,
  requestId: string,
  userAgent: string,
  connectMs: number,
): ExchangeRequest {
  const { gateway, probe, secret, target } = attempt;
  const plan = OPERATION_PLANS[probe.operation];
  const body = requestBody(attempt);
  return {
    path: requestPath(gateway, probe.operation, target.requestModel),
    headers: {
      ...requestHeaders(gateway, secret, userAgent),
      accept: plan.streams ? 'text/event-stream' : 'application/json',
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      'x-client-request-id': requestId,
    },
    body,
    plan,
    deadlines: probe.deadlines,
    connectMs,
  };
}

/** Headers every request to the gateway carries. The operator's own win over those of the gateway's kind. */
export function requestHeaders(
  gateway: Gateway,
  secret: string | null,
  userAgent: string,
): Record<string, string> {
  const { auth, headers } = GATEWAY_DIALECTS[gateway.kind];
  return {
    'user-agent': userAgent,
    // A compressed stream is buffered somewhere on its way.
    'accept-encoding': 'identity',
    ...headers,
    ...(secret === null ? {} : { [auth.header]: `${auth.prefix}${secret}` }),
    ...Object.fromEntries(
      Object.entries(gateway.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}

/**
 * The id under which the gateway can find our request in its own log, sent as `x-client-request-id`. It follows from
 * the sample's identity, so it can be worked out again from the stored row.
 */
export function clientRequestId(attempt: Attempt): string {
  return `probity-${hash('sha256', attemptIdentity(attempt), 'hex').slice(0, 32)}`;
}
