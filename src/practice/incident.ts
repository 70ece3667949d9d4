/** What the gateway can be told to do to one request. Tokens are counted from the first one of any kind. */
export type Behaviour =
  | { readonly kind: 'normal' }
  /** Times are multiplied. */
  | { readonly kind: 'slow'; readonly factor: number }
  | {
      readonly kind: 'unavailable';
      readonly status: 500 | 502 | 503 | 504;
      readonly by: 'gateway' | 'provider';
    }
  /** Status 529. */
  | { readonly kind: 'overloaded' }
  /** A 429 for want of capacity, although the key's own limit is not reached. */
  | { readonly kind: 'capacity'; readonly retryAfterS: number }
  | { readonly kind: 'own-limit'; readonly retryAfterS: number }
  | { readonly kind: 'auth' }
  | { readonly kind: 'billing' }
  | { readonly kind: 'midstream-error'; readonly afterTokens: number }
  /** The stream closes cleanly, but without a finish reason. */
  | { readonly kind: 'truncated'; readonly afterTokens: number }
  /** The connection breaks. */
  | { readonly kind: 'aborted'; readonly afterTokens: number }
  /** Tokens, then nothing, for ever. */
  | { readonly kind: 'stalled'; readonly afterTokens: number }
  /** The request is accepted and never answered. */
  | { readonly kind: 'silent' }
  /** Status 200 and keep-alive comments, for ever. */
  | { readonly kind: 'comments-only' }
  /** A complete answer without a token. */
  | { readonly kind: 'empty' }
  /** A web page with status 200. */
  | { readonly kind: 'html' }
  | { readonly kind: 'wrong-answer' }
  /** Complete, but without the `[DONE]` at the end. */
  | { readonly kind: 'no-done' }
  /** Another model answers; the answer names it. */
  | { readonly kind: 'fallback'; readonly model: string }
  | { readonly kind: 'cache-hit' }
  /** The answer was made after hidden retries; a header says how many. */
  | { readonly kind: 'retried'; readonly retries: number }
  /** Served at the lower service tier, and the answer says so. */
  | { readonly kind: 'downgraded' };

export const NORMAL: Behaviour = { kind: 'normal' };

/** What a request may order by name in the header `x-practice-behaviour`. */
export const BEHAVIOURS: { readonly [K in Behaviour['kind']]: Behaviour & { readonly kind: K } } = {
  normal: { kind: 'normal' },
  slow: { kind: 'slow', factor: 8 },
  unavailable: { kind: 'unavailable', status: 503, by: 'gateway' },
  overloaded: { kind: 'overloaded' },
  capacity: { kind: 'capacity', retryAfterS: 5 },
  'own-limit': { kind: 'own-limit', retryAfterS: 20 },
  auth: { kind: 'auth' },
  billing: { kind: 'billing' },
  'midstream-error': { kind: 'midstream-error', afterTokens: 2 },
  truncated: { kind: 'truncated', afterTokens: 2 },
  aborted: { kind: 'aborted', afterTokens: 2 },
  stalled: { kind: 'stalled', afterTokens: 2 },
  silent: { kind: 'silent' },
  'comments-only': { kind: 'comments-only' },
  empty: { kind: 'empty' },
  html: { kind: 'html' },
  'wrong-answer': { kind: 'wrong-answer' },
  'no-done': { kind: 'no-done' },
  fallback: { kind: 'fallback', model: 'Qwen/Qwen3-32B' },
  'cache-hit': { kind: 'cache-hit' },
  retried: { kind: 'retried', retries: 2 },
  downgraded: { kind: 'downgraded' },
};

/** The behaviour of that name, or `null`. */
export function behaviourNamed(name: string): Behaviour | null {
  return Object.hasOwn(BEHAVIOURS, name) ? BEHAVIOURS[name as Behaviour['kind']] : null;
}
