import type { Disclosure } from '../domain/measure/observation.ts';
import type { DisclosureHeaders, Gateway, Operation } from '../domain/measure/probe.ts';
import type { GatewayKind, Target } from '../domain/measure/target.ts';
import type { Reading } from './reading.ts';

/** Response headers as the HTTP client gives them: lower-case names. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The dialect of one kind of gateway: how to ask for an honest answer, and where it admits how it was made. */
export type GatewayDialect = {
  /** The header that carries the key, and what stands before it. */
  readonly auth: { readonly header: string; readonly prefix: string };
  /** Request headers that turn off caches, retries and fallbacks, and turn on disclosure. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the request body that do the same. Merged into the body of chat and responses requests. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The name under which the operation's token limit is understood. */
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
  /** May `stream_options.include_obfuscation` be sent? Elsewhere an unknown field can be refused with 400. */
  readonly obfuscationSwitch: boolean;
  readonly disclosure: DisclosureHeaders;
  /**
   * Does a model named in the body prove what ran? Not where the gateway writes the requested name over it; there only
   * the disclosure header can verify.
   */
  readonly bodyModelProves: boolean;
  /**
   * Is the requested name only the operator's label (a deployment, a model group)? Then another name in the answer is
   * to be expected: it cannot verify, but it does not show a fallback either.
   */
  readonly requestNamesLabel: boolean;
};

const BEARER = { header: 'authorization', prefix: 'Bearer ' } as const;

const PLAIN = {
  auth: BEARER,
  headers: {},
  body: {},
  tokenLimit: 'max_tokens',
  obfuscationSwitch: false,
  disclosure: {},
  bodyModelProves: true,
  requestNamesLabel: false,
} as const satisfies GatewayDialect;

/** One row per kind, each with its public source. */
export const GATEWAY_DIALECTS: Readonly<Record<GatewayKind, GatewayDialect>> = {
  // The OpenAI API as such. `x-request-id`: https://platform.openai.com/docs/api-reference/debugging-requests
  generic: PLAIN,

  // Caching and its per-request controls: https://docs.litellm.ai/docs/proxy/caching
  // Retries and fallbacks per request: https://docs.litellm.ai/docs/proxy/reliability
  // Response headers: https://docs.litellm.ai/docs/proxy/response_headers
  // The body's model is overwritten with the requested name (litellm/proxy/common_request_processing.py,
  // `_override_openai_response_model`), so only `x-litellm-model-name` can verify the route.
  // `x-litellm-cache-key` names the entry of the cache that answered.
  litellm: {
    ...PLAIN,
    headers: { 'x-litellm-num-retries': '0' },
    body: { cache: { 'no-cache': true, 'no-store': true }, disable_fallbacks: true },
    disclosure: {
      cache: 'x-litellm-cache-key',
      retries: 'x-litellm-attempted-retries',
      fallbacks: 'x-litellm-attempted-fallbacks',
      model: 'x-litellm-model-name',
      provider: 'x-litellm-model-api-base',
      region: 'x-litellm-model-region',
      overheadMs: 'x-litellm-overhead-duration-ms',
      requestId: 'x-litellm-call-id',
    },
    bodyModelProves: false,
    requestNamesLabel: true,
  },

  // https://portkey.ai/docs/product/ai-gateway/cache-simple-and-semantic (force refresh), and the response headers in
  // https://github.com/Portkey-AI/gateway src/globals.ts
  portkey: {
    ...PLAIN,
    headers: { 'x-portkey-cache-force-refresh': 'true' },
    disclosure: {
      cache: 'x-portkey-cache-status',
      retries: 'x-portkey-retry-attempt-count',
      provider: 'x-portkey-provider',
      requestId: 'x-portkey-trace-id',
    },
  },

  // Routing: https://openrouter.ai/docs/features/provider-routing
  // Response caching: https://openrouter.ai/docs/features/response-caching
  openrouter: {
    ...PLAIN,
    headers: { 'x-openrouter-metadata': 'enabled' },
    body: { provider: { allow_fallbacks: false, require_parameters: true } },
    disclosure: { cache: 'x-openrouter-cache-status', requestId: 'x-generation-id' },
  },

  // https://developers.cloudflare.com/ai-gateway/features/caching/ and
  // https://developers.cloudflare.com/ai-gateway/configuration/fallbacks/ (`cf-aig-step`: 0 is the first provider)
  cloudflare: {
    ...PLAIN,
    headers: { 'cf-aig-skip-cache': 'true', 'cf-aig-max-attempts': '1' },
    disclosure: { cache: 'cf-aig-cache-status', fallbacks: 'cf-aig-step', requestId: 'cf-aig-log-id' },
  },

  // https://developer.konghq.com/plugins/ai-semantic-cache/ and https://developer.konghq.com/plugins/ai-proxy/
  kong: {
    ...PLAIN,
    headers: { 'cache-control': 'no-store' },
    disclosure: { cache: 'x-cache-status', model: 'x-kong-llm-model', requestId: 'x-kong-request-id' },
  },

  // https://learn.microsoft.com/azure/ai-services/openai/reference
  'azure-openai': {
    ...PLAIN,
    auth: { header: 'api-key', prefix: '' },
    tokenLimit: 'max_completion_tokens',
    disclosure: { region: 'x-ms-region', requestId: 'apim-request-id' },
    requestNamesLabel: true,
  },
};

/** Where a gateway is found: its origin, the path below which everything lies, and the query every request carries. */
export type GatewayAddress = { readonly origin: string; readonly root: string; readonly query: string };

const addresses = new WeakMap<Gateway, GatewayAddress>();

/** Taken apart once per gateway: every probe asks. */
export function addressOf(gateway: Gateway): GatewayAddress {
  let address = addresses.get(gateway);
  if (address === undefined) {
    const { origin, pathname, search } = new URL(gateway.baseUrl);
    address = { origin, root: pathname.replace(/\/+$/, ''), query: search };
    addresses.set(gateway, address);
  }
  return address;
}

/** Paths below the base URL. */
const PATHS: Readonly<Record<Operation, string>> = {
  chat: '/chat/completions',
  'chat-json': '/chat/completions',
  embeddings: '/embeddings',
  responses: '/responses',
  models: '/models',
};

/** The data-plane version that is generally available: https://learn.microsoft.com/azure/ai-services/openai/api-version-deprecation */
const AZURE_API_VERSION = '2024-10-21';

/**
 * Where the operation is found, as path and query. Azure's older paths name the deployment; its newer ones, under
 * `/openai/v1`, are those of OpenAI.
 */
export function requestPath(gateway: Gateway, operation: Operation, requestModel: string): string {
  const { root, query } = addressOf(gateway);
  if (gateway.kind !== 'azure-openai' || root.endsWith('/openai/v1')) {
    return `${root}${PATHS[operation]}${query}`;
  }
  const version = new URLSearchParams({ 'api-version': gateway.apiVersion ?? AZURE_API_VERSION });
  const openai = root.endsWith('/openai') ? root : `${root}/openai`;
  const place =
    operation === 'models' || operation === 'responses'
      ? openai
      : `${openai}/deployments/${encodeURIComponent(requestModel)}`;
  return `${place}${PATHS[operation]}?${version}`;
}

/** Request ids any gateway or provider may send; the first that is there is the one to quote. */
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'x-litellm-call-id',
  'llm_provider-x-request-id',
  'llm_provider-request-id',
  'x-portkey-trace-id',
  'x-generation-id',
  'cf-aig-log-id',
  'cf-aig-event-id',
  'cf-ray',
  'x-kong-request-id',
  'ngrok-aig-request-id',
  'apim-request-id',
  'x-ms-request-id',
  'x-amzn-requestid',
  'x-correlation-id',
  'x-trace-id',
] as const;

/** All request ids in the answer, by header. Ours goes along as `x-client-request-id`. */
export function requestIds(gateway: Gateway, headers: RawHeaders, ownId: string): Record<string, string> {
  const found: Record<string, string> = { 'x-client-request-id': ownId };
  const named = gateway.disclosure?.requestId?.toLowerCase();
  for (const name of named === undefined ? REQUEST_ID_HEADERS : [named, ...REQUEST_ID_HEADERS]) {
    const value = header(headers, name);
    if (value !== null) found[name] = value;
  }
  return found;
}

function header(headers: RawHeaders, name: string | undefined): string | null {
  if (name === undefined) return null;
  const value = headers[name.toLowerCase()];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === '' ? null : first;
}

function wholeNumber(text: string | null): number | null {
  if (text === null || !/^-?\d{1,9}$/.test(text.trim())) return null;
  // Portkey says -1 when every attempt failed.
  return Math.max(0, Number(text));
}

function decimal(text: string | null): number | null {
  if (text === null || !/^\d{1,9}(\.\d+)?$/.test(text.trim())) return null;
  return Number(text);
}

/** Headers that mean a cache whichever gateway sent them; a CDN before the gateway has its own. */
const COMMON_CACHE_HEADERS = [
  'x-litellm-cache-key',
  'x-portkey-cache-status',
  'x-openrouter-cache-status',
  'cf-aig-cache-status',
  'helicone-cache',
  'x-cache-status',
] as const;

function cacheStatus(name: string, value: string): Disclosure['cache'] {
  // A key names the entry that answered.
  if (name === 'x-litellm-cache-key') return 'hit';
  const said = value.toLowerCase();
  if (/\bhit\b/.test(said)) return 'hit';
  if (/\bmiss\b/.test(said)) return 'miss';
  if (/\b(bypass|disabled|refresh|dynamic|skip)\b/.test(said)) return 'bypass';
  return null;
}

/**
 * What the answer discloses about its making. Headers the operator named come first, then those of the gateway's kind,
 * then the caches of gateways in between.
 */
export function readDisclosure(
  gateway: Gateway,
  headers: RawHeaders,
  reading: Reading,
  target: Target,
): Disclosure {
  const dialect = GATEWAY_DIALECTS[gateway.kind];
  const named = (what: keyof DisclosureHeaders): string | null => header(headers, gateway.disclosure?.[what]);
  const say = (what: keyof DisclosureHeaders): string | null =>
    named(what) ?? header(headers, dialect.disclosure[what]);

  let cache: Disclosure['cache'] = null;
  for (const name of [gateway.disclosure?.cache, dialect.disclosure.cache, ...COMMON_CACHE_HEADERS]) {
    const value = header(headers, name);
    if (cache === null && name !== undefined && value !== null)
      cache = cacheStatus(name.toLowerCase(), value);
  }

  const headerModel = say('model');
  const asked = [target.requestModel, target.model, ...(target.servedAs ?? [])];
  const isAsked = (name: string): boolean => asked.some((each) => isSameModel(name, each));
  // A gateway that changes the model in the middle of a stream names both: the other one is the news.
  const bodyModel = reading.models.find((name) => !isAsked(name)) ?? reading.models[0] ?? null;
  const model = headerModel ?? bodyModel;
  const fallbacks = wholeNumber(say('fallbacks'));
  const retries = wholeNumber(say('retries'));
  return {
    model,
    provider: say('provider') ?? reading.provider,
    region: say('region'),
    serviceTier: reading.serviceTier,
    systemFingerprint: reading.systemFingerprint,
    cache,
    retries: retries ?? (reading.bodyAttempts === null ? null : Math.max(0, reading.bodyAttempts - 1)),
    fallbacks,
    overheadMs: decimal(say('overheadMs')),
    route: routeOf({
      served: model === null ? null : isAsked(model) ? 'asked' : 'other',
      proves: headerModel !== null || dialect.bodyModelProves,
      label: dialect.requestNamesLabel && named('model') === null,
      fallbacks,
    }),
  };
}

function routeOf(route: {
  readonly served: 'asked' | 'other' | null;
  readonly proves: boolean;
  readonly label: boolean;
  readonly fallbacks: number | null;
}): Disclosure['route'] {
  if (route.fallbacks !== null && route.fallbacks > 0) return 'mismatch';
  if (route.served === null) return 'unverified';
  if (route.served === 'asked') return route.proves ? 'verified' : 'unverified';
  return route.label ? 'unverified' : 'mismatch';
}

/** The dated snapshot behind an alias: `-2024-08-06`, `-20250514`, `-0613`, `-001`, `@20250514`; or `-latest`. */
const SNAPSHOT = /[-@](latest|\d{3,4}|\d{8}|\d{4}-\d{2}-\d{2})$/;

/**
 * Does the served name mean the requested model? Gateways add or drop a vendor prefix (`openai/gpt-4o`), change case,
 * and name the dated snapshot behind an alias (`gpt-4o-2024-08-06`). Nothing else may follow: `gpt-4o-mini` is another
 * model, and so is one snapshot where another was asked for. `:free` and the like buy another service, not another
 * model.
 */
export function isSameModel(served: string, requested: string): boolean {
  if (served === requested) return true;
  const a = splitName(served);
  const b = splitName(requested);
  if (a.bare !== b.bare) return a.whole === b.whole;
  return a.snapshot === b.snapshot || a.snapshot === '' || b.snapshot === '';
}

function splitName(name: string): { whole: string; bare: string; snapshot: string } {
  const last = name.toLowerCase().split('/').at(-1) ?? '';
  const whole = last.replace(/:[\w-]+$/, '');
  const snapshot = SNAPSHOT.exec(whole)?.[0] ?? '';
  const bare = whole.slice(0, whole.length - snapshot.length);
  return { whole, bare, snapshot: /latest$/.test(snapshot) ? '' : snapshot.slice(1).replaceAll('-', '') };
}
