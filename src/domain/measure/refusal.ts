import type { ErrorBody, Observation } from './observation.ts';
import type { Outcome } from './outcome.ts';

/** Our own requests or tokens are used up, in the words of OpenAI, Azure, Anthropic, LiteLLM and Portkey. */
const OWN_LIMIT =
  /\b(your|organi[sz]ation|org-\w+|api[ _-]?key|key_\w+|account|project|team|user)\b|requests? per (second|minute|min|hour|day)|tokens? per (second|minute|min|hour|day)|\b(RPM|TPM|RPD|TPD)\b|quota/i;

/** The provider has too little room for everybody. */
const CAPACITY =
  /overload|over capacity|at capacity|no capacity|capacity (limit|exceeded|constraint)|too busy|server is busy|high demand|upstream|provider returned|engine|resource[ _]exhausted|no (healthy|available) (deployment|upstream|endpoint)/i;

const OVERLOADED = /\boverloaded(_error)?\b|provider_overloaded|model_overloaded|engine_overloaded/i;

const BILLING =
  /insufficient_quota|insufficient[ _](credits?|funds|balance)|billing|payment[ _]required|credit balance|exceeded your current quota|out of credits|budget[ _]exceeded|ExceededBudget/i;

const FILTERED = /content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation|flagged/i;

/**
 * Who failed, as far as the body tells. LiteLLM puts `<Provider>Exception` before what a provider said and nothing
 * before what it says itself (https://docs.litellm.ai/docs/proxy/error_diagnosis); others name the upstream.
 */
const NAMES_PROVIDER = /\b(?!HTTP)[A-Z]\w*Exception\b|provider returned|upstream (provider|model|error)/;

/**
 * The outcome of an answer whose status is not 2xx, or of an error that came under a 200 before any token. Whatever
 * cannot be shown to be their fault is taken as ours: a claim must stand up.
 *
 * @param status the status of the answer, or the code an error under a 200 names
 */
export function outcomeOfRefusal(
  status: number,
  error: ErrorBody | null,
  headers: Readonly<Record<string, string>>,
): Outcome {
  const said = error === null ? '' : `${error.code ?? ''} ${error.type ?? ''} ${error.message}`;
  if (status === 402 || (status < 500 && BILLING.test(said))) return 'config.billing';
  if (status === 529 || (status >= 500 && OVERLOADED.test(said))) return 'provider.overloaded';
  if (status >= 500) return NAMES_PROVIDER.test(said) ? 'provider.5xx' : 'gateway.5xx';
  if (status === 429) return outcomeOfRateLimit(said, headers);
  if (status === 401) return 'config.auth';
  if (status === 408) return 'timeout.gateway';
  // nginx's own status for a client that went away: we did not, so somebody in between did.
  if (status === 499) return 'gateway.5xx';
  if ((status === 400 || status === 403) && FILTERED.test(said)) return 'policy.filtered';
  if (status === 403) return 'config.auth';
  if (status >= 400) return 'config.request';
  // A permanent redirect means our base URL is wrong; any other leads to a page that is no answer.
  return status === 301 || status === 308 ? 'config.request' : 'provider.malformed';
}

function outcomeOfRateLimit(said: string, headers: Readonly<Record<string, string>>): Outcome {
  const remaining = Object.entries(headers)
    .filter(([name]) => /ratelimit.*remaining|remaining.*ratelimit/.test(name))
    .map(([, value]) => Number(value))
    .filter((value) => Number.isFinite(value));
  if (remaining.some((left) => left <= 0)) return 'ratelimit.own';
  if (OVERLOADED.test(said) || CAPACITY.test(said)) return 'ratelimit.capacity';
  if (OWN_LIMIT.test(said)) return 'ratelimit.own';
  return remaining.length > 0 ? 'ratelimit.capacity' : 'ratelimit.own';
}

/** Words for a status, where an error under a 200 has no number. */
const TYPE_STATUS: Readonly<Record<string, number>> = {
  authentication_error: 401,
  billing_error: 402,
  insufficient_quota: 402,
  invalid_api_key: 401,
  invalid_request_error: 400,
  model_not_found: 404,
  not_found_error: 404,
  permission_error: 403,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
};

/**
 * The outcome of an error inside a 200 answer. Gateways that open the stream before the upstream has answered send
 * everything that way, also what would have been a 401 or a 429: that is not held against them. Once a token has come,
 * or if the error has no such name, it is an error of theirs in the middle of an answer.
 */
export function outcomeOfErrorInBody(observation: Observation): Outcome {
  const error = observation.errorBody;
  if (error === null || observation.tokenChunks > 0) return 'provider.midstream_error';
  const numeric = /^[45]\d\d$/.test(error.code ?? '') ? Number(error.code) : null;
  const status = numeric ?? TYPE_STATUS[error.code ?? ''] ?? TYPE_STATUS[error.type ?? ''] ?? null;
  if (status === null || status >= 500) return 'provider.midstream_error';
  return outcomeOfRefusal(status, error, observation.headers);
}
