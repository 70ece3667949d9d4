import { tokenGapUs } from './latency-model.ts';
import type { ReplyPlan } from './plan.ts';
import { answerTokens, reasoningTokens, wrongTokens } from './question.ts';

export type Token = { readonly atUs: number; readonly kind: 'reasoning' | 'content'; readonly text: string };

/** How a generation ends: by itself, or in one of the ways that are not an answer. */
export type Close = 'complete' | 'no-done' | 'error' | 'truncated' | 'broken' | 'stalled';

/** One generation, before it is written in the words of an operation. Times are µs after the request's arrival. */
export type Telling = {
  /** The model the answer names. */
  readonly model: string;
  readonly headersAtUs: number;
  readonly tokens: readonly Token[];
  readonly endAtUs: number;
  readonly close: Close;
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
  readonly reasoningTokens: number;
  readonly serviceTier: 'default' | 'priority';
};

/** A gateway sends its headers when the model has admitted the request, before there is a token. */
const HEADERS_SHARE = 0.4;

const CLOSE_OF = {
  'midstream-error': 'error',
  truncated: 'truncated',
  aborted: 'broken',
  stalled: 'stalled',
} as const;

/** When the headers of an answer leave. Whole µs. */
export function headersAtUs(ttftUs: number): number {
  return Math.round(ttftUs * HEADERS_SHARE);
}

/** Tells the answer to `question` as planned. `limit` is the most tokens the request allows. */
export function tell(options: {
  readonly question: string;
  readonly plan: ReplyPlan;
  readonly requestModel: string;
  readonly thinks: number;
  readonly limit: number;
  readonly promptTokens: number;
  readonly pro: boolean;
}): Telling {
  const { behaviour, latency, key } = options.plan;
  const right = answerTokens(options.question);
  const answer = behaviour.kind === 'wrong-answer' ? wrongTokens(right) : right;
  const words: Omit<Token, 'atUs'>[] = [];
  for (const text of reasoningTokens(options.thinks)) words.push({ kind: 'reasoning', text });
  for (const text of answer) words.push({ kind: 'content', text });

  const allowed = behaviour.kind === 'empty' ? [] : words.slice(0, options.limit);
  const isCut = 'afterTokens' in behaviour;
  // At least one token is missing wherever the telling is cut.
  const sent = isCut ? allowed.slice(0, Math.min(behaviour.afterTokens, allowed.length - 1)) : allowed;
  let atUs = latency.ttftUs;
  const tokens = sent.map((word, index): Token => {
    if (index > 0) atUs += tokenGapUs(latency, key, index);
    return { atUs, kind: word.kind, text: word.text };
  });
  return {
    model: behaviour.kind === 'fallback' ? behaviour.model : options.requestModel,
    headersAtUs: headersAtUs(latency.ttftUs),
    tokens,
    // The end of an answer is a step of its own: the token nobody sees.
    endAtUs: atUs + tokenGapUs(latency, key, tokens.length),
    close: isCut ? CLOSE_OF[behaviour.kind] : behaviour.kind === 'no-done' ? 'no-done' : 'complete',
    finish: words.length > options.limit ? 'length' : 'stop',
    promptTokens: options.promptTokens,
    reasoningTokens: tokens.filter((token) => token.kind === 'reasoning').length,
    serviceTier: options.pro && behaviour.kind !== 'downgraded' ? 'priority' : 'default',
  };
}

/** The text of all tokens of one kind. */
export function textOf(telling: Telling, kind: Token['kind']): string {
  return telling.tokens
    .filter((token) => token.kind === kind)
    .map((token) => token.text)
    .join('');
}
