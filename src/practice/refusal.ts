import type { Behaviour } from './incident.ts';
import { jsonScript, type Script, wholeScript } from './script.ts';

/** The OpenAI error object: https://platform.openai.com/docs/guides/error-codes */
export type Refusal = {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Refusing takes a gateway no time worth the name. */
const REFUSE_AT_US = 2000;

export function refuse(
  refusal: Refusal,
  headers: Readonly<Record<string, string>>,
  atUs = REFUSE_AT_US,
): Script {
  const { status, message, type, code, param = null } = refusal;
  const all = { ...headers, ...refusal.headers };
  return jsonScript(status, all, { error: { message, type, param, code } }, atUs);
}

export const BAD_KEY: Refusal = {
  status: 401,
  message: 'Incorrect API key provided to the practice gateway.',
  type: 'invalid_request_error',
  code: 'invalid_api_key',
};

export const NO_CREDIT: Refusal = {
  status: 402,
  message: 'Insufficient credit: the practice account has none left.',
  type: 'insufficient_quota',
  code: 'insufficient_quota',
};

export const PRO_KEY_NEEDED: Refusal = {
  status: 403,
  message: 'Models under Pro/ need a pro key.',
  type: 'permission_error',
  code: 'model_not_permitted',
  param: 'model',
};

export function invalid(message: string, param?: string): Refusal {
  const refusal = { status: 400, message, type: 'invalid_request_error', code: 'invalid_request' };
  return param === undefined ? refusal : { ...refusal, param };
}

export function unknownModel(model: string): Refusal {
  return {
    status: 404,
    message: `The model \`${model.slice(0, 200)}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
  };
}

export function unknownPlace(method: string, path: string): Refusal {
  return {
    status: 404,
    message: `Invalid URL (${method} ${path.slice(0, 200)})`,
    type: 'invalid_request_error',
    code: 'unknown_url',
  };
}

/** Requests beyond the limit of the caller's own key. */
export function ownLimit(perMinute: number, retryAfterS: number): Refusal {
  return {
    status: 429,
    message: `Rate limit reached for your key on requests per min (RPM): Limit ${perMinute}. Try again in ${retryAfterS}s.`,
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': String(retryAfterS), 'x-ratelimit-remaining-requests': '0' },
  };
}

const PAGE = `<!doctype html><title>Practice gateway</title><h1>502 Bad Gateway</h1><p>A page where JSON was due.</p>`;

const NEVER: Pick<Script, 'frames' | 'ending'> = {
  frames: [],
  ending: { kind: 'never', comments: false },
};

/** The whole reply to a request that is not answered at all; `null` where `behaviour` lets an answer begin. */
export function replyWithoutAnswer(
  behaviour: Behaviour,
  headers: Readonly<Record<string, string>>,
): Script | null {
  switch (behaviour.kind) {
    case 'unavailable': {
      const provider = behaviour.by === 'provider';
      return refuse(
        {
          status: behaviour.status,
          message: provider
            ? 'PracticeException - the provider failed, on purpose.'
            : 'The practice gateway is out of order, on purpose.',
          type: provider ? 'provider_error' : 'server_error',
          code: 'service_unavailable',
        },
        headers,
        40_000,
      );
    }
    case 'overloaded':
      return refuse(
        {
          status: 529,
          message: 'The practice provider is overloaded, on purpose.',
          type: 'overloaded_error',
          code: null,
        },
        headers,
      );
    case 'capacity':
      return refuse(
        {
          status: 429,
          message: 'The practice provider has no capacity for this model right now, on purpose.',
          type: 'capacity_error',
          code: 'model_capacity_exceeded',
          headers: { 'retry-after': String(behaviour.retryAfterS) },
        },
        headers,
      );
    case 'own-limit':
      return refuse(ownLimit(50, behaviour.retryAfterS), headers);
    case 'auth':
      return refuse(BAD_KEY, headers);
    case 'billing':
      return refuse(NO_CREDIT, headers);
    case 'html':
      return wholeScript(200, { ...headers, 'content-type': 'text/html' }, PAGE, 15_000);
    case 'silent':
      return { status: 200, headers, headersAtUs: null, ...NEVER };
    case 'comments-only':
      return {
        status: 200,
        headers: { ...headers, 'content-type': 'text/event-stream' },
        headersAtUs: 1000,
        frames: [],
        ending: { kind: 'never', comments: true },
      };
    case 'normal':
    case 'slow':
    case 'midstream-error':
    case 'truncated':
    case 'aborted':
    case 'stalled':
    case 'empty':
    case 'wrong-answer':
    case 'no-done':
    case 'fallback':
    case 'cache-hit':
    case 'retried':
    case 'downgraded':
      return null;
  }
}
