import { identityText } from '../domain/measure/attempt.ts';
import { costNanos } from '../domain/measure/judge.ts';
import type { Phases } from '../domain/measure/observation.ts';
import { VALID } from '../domain/measure/outcome.ts';
import { operandsOf, type Prompt, renderPrompt, type SeriesPlan } from '../domain/measure/probe.ts';
import type { Sample, SampleIdentity, ServedBy } from '../domain/measure/sample.ts';
import { promptTokensOf } from './embeddings-reply.ts';
import { tokenGapUs } from './latency-model.ts';
import type { PracticeTarget } from './models.ts';
import type { ReplyPlan } from './plan.ts';
import { answerTokens } from './question.ts';
import { headersAtUs } from './telling.ts';
import { END_US, FIRST_BYTE_US, wireOf } from './wire.ts';

/** What is the same for every attempt of a series. */
export type Bench = {
  readonly series: SeriesPlan;
  readonly region: string;
  readonly target: PracticeTarget;
  readonly isCold: boolean;
};

/**
 * Ninety days of eight targets are a million answers, nearly all of them good. For a good streamed chat this writes the
 * very sample the long way would yield (a test holds it to that) without writing and reading the bytes. It gives
 * `null` where there is more to say; there is no such writer for other operations.
 */
export function goodWriter(bench: Bench): ((at: number, plan: ReplyPlan) => Sample | null) | null {
  const { series, region, target, isCold } = bench;
  const { probe, price, slow } = series;
  const { prompt, deadlines } = probe;
  if (probe.operation !== 'chat' || prompt === null) return null;
  const answerLength = answerLengthOf(prompt);
  if (answerLength === null) return null;

  const thinks = target.model.reasoningTokens;
  const promptTokens = promptTokensOf(textsOf(prompt, '').join(' '));
  const servedBy: ServedBy = {
    model: series.target.requestModel,
    provider: null,
    region: null,
    serviceTier: target.tier === 'pro' ? 'priority' : 'default',
    systemFingerprint: 'practice',
    route: 'verified',
  };
  // What is slow keeps its evidence, and that is the long way's to write.
  const firstUs = Math.min(deadlines.firstTokenMs * 1000, slow?.ttftUs ?? Number.POSITIVE_INFINITY);
  const stallUs = deadlines.stallMs * 1000;
  const longestUs = Math.min(deadlines.totalMs * 1000, slow?.totalUs ?? Number.POSITIVE_INFINITY);

  return (at, { key, behaviour, latency }) => {
    if (behaviour.kind !== 'normal' && behaviour.kind !== 'slow') return null;
    const identity: SampleIdentity = {
      probe: probe.id,
      target: series.target.id,
      region,
      scheduledAt: at,
      purpose: 'scheduled',
    };
    const tokens = thinks + answerLength(identityText(identity));
    if (tokens > prompt.maxTokens) return null;
    const wire = wireOf(key, isCold);
    const firstTokenUs = wire.offsetUs + latency.ttftUs;
    let atUs = firstTokenUs;
    let longestGapUs: number | null = null;
    let firstContentUs = firstTokenUs;
    for (let index = 1; index < tokens; index += 1) {
      const gapUs = tokenGapUs(latency, key, index);
      atUs += gapUs;
      if (longestGapUs === null || gapUs > longestGapUs) longestGapUs = gapUs;
      if (index === thinks) firstContentUs = atUs;
    }
    const lastGapUs = tokenGapUs(latency, key, tokens);
    const finishUs = atUs + lastGapUs;
    const isPrompt = firstTokenUs < firstUs && finishUs < longestUs;
    if (!isPrompt || (longestGapUs ?? 0) >= stallUs || lastGapUs >= stallUs) return null;
    const headersUs = wire.offsetUs + headersAtUs(latency.ttftUs);
    const usage = {
      promptTokens,
      completionTokens: tokens,
      reasoningTokens: thinks,
      cachedTokens: 0,
    };
    const phases: Phases = {
      dnsStartUs: null,
      dnsEndUs: null,
      tcpUs: wire.connectedUs,
      connectedUs: wire.connectedUs,
      sentUs: wire.sentUs,
      headersUs,
      firstByteUs: headersUs + FIRST_BYTE_US,
      firstCommentUs: null,
      firstEventUs: headersUs + FIRST_BYTE_US,
      roleUs: headersUs + FIRST_BYTE_US,
      firstReasoningUs: thinks > 0 ? firstTokenUs : null,
      firstContentUs,
      firstToolUs: null,
      firstRefusalUs: null,
      lastTokenUs: atUs,
      finishUs,
      usageUs: finishUs,
      doneUs: finishUs,
      endUs: finishUs + END_US,
    };
    return {
      probe: identity.probe,
      target: identity.target,
      region,
      scheduledAt: at,
      purpose: 'scheduled',
      lagUs: wire.lagUs,
      outcome: 'ok',
      validity: VALID,
      remarks: [],
      status: 200,
      phases,
      ttftUs: firstTokenUs,
      totalUs: finishUs,
      longestStallUs: longestGapUs,
      // The role, the finish, the usage and `[DONE]` beside the tokens.
      chunks: tokens + 4,
      tokenChunks: tokens,
      usage,
      reused: !isCold,
      retries: null,
      servedBy,
      loopDelayUs: wire.loopDelayUs,
      clockStepMs: 0,
      costNanos: costNanos(usage, price),
      evidence: null,
    };
  };
}

function textsOf(prompt: Prompt, identity: string): readonly string[] {
  return renderPrompt(prompt, identity).messages.map((message) => message.content);
}

const DRAWN = /\{(a|b|sum|product|nonce)\}/;
const SUM_OR_PRODUCT = /(?<!\w)\{a\}(?:\s*([+*×])\s*|\s+x\s+)\{b\}(?!\w)/;

/** The tokens in the answer to one attempt; `null` if they can only be found by asking. */
function answerLengthOf(prompt: Prompt): ((identity: string) => number) | null {
  const template = prompt.messages.at(-1)?.content ?? '';
  const operator = SUM_OR_PRODUCT.exec(template);
  const rest = template.replace(SUM_OR_PRODUCT, '').replace('{nonce}', '');
  if (DRAWN.test(rest) || /\d/.test(rest)) return null;
  if (operator === null) {
    const { length } = answerTokens(textsOf(prompt, '').at(-1) ?? '');
    return () => length;
  }
  return operator[1] === '+'
    ? (identity) => {
        const { a, b } = operandsOf(identity);
        return a + b < 1000 ? 3 : 4;
      }
    : (identity) => {
        const { a, b } = operandsOf(identity);
        return String(a * b).length;
      };
}
