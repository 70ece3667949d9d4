import { type Schedule, stableHash } from '../time/schedule.ts';
import type { GatewayKind, Target } from './target.ts';

/** OpenTelemetry's `gen_ai.operation.name` where it has one; `chat` is streamed, `chat-json` is not. */
export const OPERATIONS = ['chat', 'chat-json', 'embeddings', 'responses', 'models'] as const;
export type Operation = (typeof OPERATIONS)[number];

export type Deadlines = {
  /** From dispatch to the first token; for answers that are not streamed, to the end. */
  readonly firstTokenMs: number;
  /** Between two events that carry tokens. Comments do not count. */
  readonly stallMs: number;
  readonly totalMs: number;
};

/** What is asked. `{nonce}`, `{a}`, `{b}`, `{sum}` and `{product}` are filled in from the tick's seed. */
export type Prompt = {
  readonly id: string;
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[];
  readonly maxTokens: number;
  /** Text the answer must contain, after the same substitution; `null` if any answer will do. */
  readonly expectContains: string | null;
};

/** How an unexpected result is confirmed: a short burst, which contract arithmetic ignores. */
export type Confirmation = { readonly probes: number; readonly spacingMs: number };

export type Probe = {
  readonly id: string;
  readonly operation: Operation;
  /** `null` only for operation `models`. */
  readonly prompt: Prompt | null;
  /** `warm` keeps one connection open between ticks, `cold` makes a new one each time. Never mixed in one series. */
  readonly connection: 'warm' | 'cold';
  readonly http2: boolean;
  readonly deadlines: Deadlines;
  /** Ticks of one series that may be in flight together; one more is `skipped: overlap`. */
  readonly maxInFlight: number;
  readonly confirmation: Confirmation;
};

/** Money per token, in nano-units of the currency (10^-9), so that a short answer is a whole number. */
export type Price = {
  readonly inputNanosPerToken: number;
  readonly outputNanosPerToken: number;
  readonly currency: string;
};

/**
 * Names of response headers that disclose how an answer was made, for a gateway whose dialect we do not know.
 * They are asked before the ones the gateway's kind knows.
 */
export type DisclosureHeaders = {
  /** `hit`, `miss` or `bypass` in any case; a value with the word "hit" in it is a hit. */
  readonly cache?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly region?: string;
  readonly retries?: string;
  readonly fallbacks?: string;
  readonly overheadMs?: string;
  readonly requestId?: string;
};

export type Gateway = {
  readonly id: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly kind: GatewayKind;
  readonly headers: Readonly<Record<string, string>>;
  /** A neutral URL on another network: if it fails too, the fault is ours. */
  readonly control: string | null;
  /** Practice gateways are simulated; every surface says so. */
  readonly practice: boolean;
  readonly disclosure?: DisclosureHeaders;
  /** Only for `azure-openai` with deployment paths: the `api-version` of the query. */
  readonly apiVersion?: string;
};

/** The key a tier uses at a gateway, with its quota. All probes and bursts of the tier share it. */
export type KeyPlan = {
  /** `gateway/tier`. */
  readonly id: string;
  /** `null` sends no authorization. */
  readonly secret: string | null;
  readonly requestsPerMinute: number | null;
};

/** A good answer beyond either limit keeps its evidence: it may be what a latency objective was missed by. Whole µs. */
export type SlowLimits = { readonly ttftUs: number | null; readonly totalUs: number | null };

/** One probe of one target: the unit that is scheduled. */
export type SeriesPlan = {
  readonly target: Target;
  readonly probe: Probe;
  readonly schedule: Schedule;
  readonly price: Price | null;
  /** `null` = only failures keep their evidence. */
  readonly slow: SlowLimits | null;
};

/**
 * What probing may cost per UTC day. `slow-down` stretches the cadence so that the money lasts until midnight;
 * `stop` keeps the cadence and ends when it is spent. Prices in another currency are outside this cap.
 */
export type SpendCap = {
  readonly perDayNanos: number;
  readonly currency: string;
  readonly onReach: 'slow-down' | 'stop';
};

/** A stretch in which the operator wants no probes at all. Planned work does not stop probing unless it says so. */
export type QuietWindow = {
  /** Target ids; `null` = every target. */
  readonly targets: readonly string[] | null;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive, epoch ms. */
  readonly toAt: number;
};

/** Everything the probing thread needs. Plain data: it is copied to the thread. */
export type ProbingPlan = {
  readonly region: string;
  readonly gateways: readonly Gateway[];
  readonly keys: readonly KeyPlan[];
  readonly series: readonly SeriesPlan[];
  readonly spend: SpendCap | null;
  readonly quiet: readonly QuietWindow[];
};

export type RenderedPrompt = {
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[];
  readonly maxTokens: number;
  readonly expectContains: string | null;
  readonly nonce: string;
};

/** The numbers `{a}` and `{b}` of the attempt with this identity: whole, of three digits. */
export function operandsOf(identity: string): { readonly a: number; readonly b: number } {
  return {
    a: 100 + (stableHash(`${identity}\na`) % 900),
    b: 100 + (stableHash(`${identity}\nb`) % 900),
  };
}

/**
 * Fills a prompt for one attempt. The same identity gives the same prompt, so any sample can be asked again; a
 * different tick gives another nonce and other operands, so no cache has seen it before.
 */
export function renderPrompt(prompt: Prompt, identity: string): RenderedPrompt {
  const messages = prompt.messages.map(({ role, content }) => ({ role, content: fill(content, identity) }));
  return {
    messages,
    maxTokens: prompt.maxTokens,
    expectContains: expectedText(prompt, identity),
    nonce: nonceOf(identity),
  };
}

/** What the answer of the attempt with this identity must contain; `null` if any answer will do. */
export function expectedText(prompt: Prompt | null, identity: string): string | null {
  const text = prompt?.expectContains ?? null;
  return text === null ? null : fill(text, identity);
}

function nonceOf(identity: string): string {
  return `${stableHash(identity).toString(36)}${stableHash(`${identity}\nnonce`).toString(36)}`;
}

function fill(text: string, identity: string): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => placeholderValue(name, identity) ?? whole);
}

function placeholderValue(name: string, identity: string): string | null {
  if (name === 'nonce') return nonceOf(identity);
  const { a, b } = operandsOf(identity);
  switch (name) {
    case 'a':
      return String(a);
    case 'b':
      return String(b);
    case 'sum':
      return String(a + b);
    case 'product':
      return String(a * b);
    default:
      return null;
  }
}

/** The placeholders a prompt may use. */
export const PROMPT_PLACEHOLDERS = ['nonce', 'a', 'b', 'sum', 'product'] as const;
