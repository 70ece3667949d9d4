import type { Doubt, Outcome } from '../measure/outcome.ts';

/**
 * What a contract can ask about one request. All given conditions must hold; a list holds if one of its entries does.
 * An empty predicate holds for every request.
 */
export type Predicate = {
  /** Inclusive ranges of HTTP status codes. */
  readonly status?: readonly (readonly [from: number, to: number])[];
  /** Outcome codes, or prefixes ending in `.*`. */
  readonly outcome?: readonly string[];
  /** Error codes of the provider, compared whole. */
  readonly code?: readonly string[];
  readonly tag?: readonly string[];
  readonly serviceTier?: readonly string[];
  readonly model?: readonly string[];
  readonly endpoint?: readonly string[];
  readonly region?: readonly string[];
  readonly stream?: boolean;
  /** Any of our deadlines expired. */
  readonly timedOut?: boolean;
  /** The key was refused: 401, 403 or `config.auth`. */
  readonly auth?: boolean;
  /** We asked for more than our limit: `ratelimit.own`, or a 429 that does not say whose limit it was. */
  readonly overQuota?: boolean;
  /** The client gave up earlier than this. */
  readonly clientTimeoutBelowMs?: number;
  readonly promptTokensOver?: number;
  readonly promptTokensAtMost?: number;
  readonly outputTokensOver?: number;
  readonly outputTokensAtMost?: number;
};

/** The facts about one request that a contract may judge it by. `null`: the line does not say. */
export type RequestFacts = {
  /** Why we doubt ourselves: such a request says nothing, whatever the contract; `null`: we do not. */
  readonly doubt: Doubt | null;
  readonly status: number | null;
  readonly outcome: Outcome | null;
  readonly code: string | null;
  readonly tags: readonly string[];
  readonly serviceTier: string | null;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly stream: boolean | null;
  readonly clientTimeoutMs: number | null;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
};

/** `unknown`: the line lacks the field. The caller decides what that means, and says so. */
export type Truth = 'yes' | 'no' | 'unknown';

export type Finding = {
  readonly truth: Truth /** Conditions that decided it. */;
  readonly because: string[];
};

/**
 * The outcome of a line that only has a status. Nobody can tell from a bare 429 whose limit was reached, nor from a bare 5xx
 * who failed behind the gateway; the blameless reading is taken for the first and the gateway named for the second.
 */
export function outcomeOfStatus(status: number): Outcome {
  if (status < 400) return 'ok';
  if (status === 401 || status === 403) return 'config.auth';
  if (status === 402) return 'config.billing';
  if (status === 408) return 'timeout.gateway';
  if (status === 429) return 'ratelimit.own';
  if (status === 499) return 'client.cancelled';
  if (status === 529) return 'provider.overloaded';
  if (status >= 500) return 'gateway.5xx';
  return 'config.request';
}

/** The outcome the line states, else the one its status implies. */
export function effectiveOutcome(facts: RequestFacts): Outcome {
  return facts.outcome ?? outcomeOfStatus(facts.status ?? 0);
}

/** A `…5xx` outcome without a status is read as 500, the plainest of them; the evaluation flags it. */
export function effectiveStatus(facts: RequestFacts): number | null {
  if (facts.status !== null) return facts.status;
  if (facts.outcome === 'provider.5xx' || facts.outcome === 'gateway.5xx') return 500;
  if (facts.outcome === 'ok') return 200;
  return null;
}

/** Whether `outcome` is one of `patterns` (exact codes, or prefixes such as `timeout.*`). */
export function matchesOutcome(outcome: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('.*') ? outcome.startsWith(pattern.slice(0, -1)) : outcome === pattern,
  );
}

function truth(holds: boolean): Truth {
  return holds ? 'yes' : 'no';
}

function oneOf(value: string | null, wanted: readonly string[]): Truth {
  return value === null ? 'unknown' : truth(wanted.includes(value));
}

function compare(value: number | null, holds: (value: number) => boolean): Truth {
  return value === null ? 'unknown' : truth(holds(value));
}

function isOverQuota(facts: RequestFacts): boolean {
  return effectiveOutcome(facts) === 'ratelimit.own' || facts.tags.includes('over_quota');
}

type Conditions = { readonly [Key in keyof Required<Predicate>]: NonNullable<Predicate[Key]> };

/** One judge per condition, so that a new one cannot be forgotten. */
const JUDGES: {
  readonly [Key in keyof Conditions]: (wanted: Conditions[Key], facts: RequestFacts) => Truth;
} = {
  status: (ranges, facts) => {
    const status = effectiveStatus(facts);
    // Without a status there was no response, and no response has none of the wanted codes.
    return truth(status !== null && ranges.some(([from, to]) => status >= from && status <= to));
  },
  outcome: (patterns, facts) => truth(matchesOutcome(effectiveOutcome(facts), patterns)),
  code: (codes, facts) => truth(facts.code !== null && codes.includes(facts.code)),
  tag: (tags, facts) => truth(facts.tags.some((tag) => tags.includes(tag))),
  serviceTier: (tiers, facts) => oneOf(facts.serviceTier, tiers),
  model: (models, facts) => oneOf(facts.model, models),
  endpoint: (endpoints, facts) => oneOf(facts.endpoint, endpoints),
  region: (regions, facts) => oneOf(facts.region, regions),
  stream: (wanted, facts) => (facts.stream === null ? 'unknown' : truth(facts.stream === wanted)),
  timedOut: (wanted, facts) => truth(effectiveOutcome(facts).startsWith('timeout.') === wanted),
  auth: (wanted, facts) => truth((effectiveOutcome(facts) === 'config.auth') === wanted),
  overQuota: (wanted, facts) => truth(isOverQuota(facts) === wanted),
  clientTimeoutBelowMs: (limit, facts) => compare(facts.clientTimeoutMs, (value) => value < limit),
  promptTokensOver: (limit, facts) => compare(facts.promptTokens, (value) => value > limit),
  promptTokensAtMost: (limit, facts) => compare(facts.promptTokens, (value) => value <= limit),
  outputTokensOver: (limit, facts) => compare(facts.outputTokens, (value) => value > limit),
  outputTokensAtMost: (limit, facts) => compare(facts.outputTokens, (value) => value <= limit),
};

export const CONDITIONS = Object.keys(JUDGES) as readonly (keyof Predicate)[];

function judge<Key extends keyof Conditions>(key: Key, wanted: Conditions[Key], facts: RequestFacts): Truth {
  return JUDGES[key](wanted, facts);
}

/**
 * Whether the predicate holds. `no` as soon as one condition fails; otherwise `unknown` if the line lacks a field that
 * is asked for; `because` names the failing or the unknown conditions.
 */
export function holds(predicate: Predicate, facts: RequestFacts): Finding {
  const failing: string[] = [];
  const unknown: string[] = [];
  for (const key of CONDITIONS) {
    const wanted = predicate[key];
    if (wanted === undefined) continue;
    const found = judge(key, wanted as never, facts);
    if (found === 'no') failing.push(key);
    if (found === 'unknown') unknown.push(key);
  }
  if (failing.length > 0) return { truth: 'no', because: failing };
  if (unknown.length > 0) return { truth: 'unknown', because: unknown };
  return { truth: 'yes', because: [] };
}
