import type { Attempt } from './attempt.ts';
import type { Judgement } from './classify.ts';
import { type Observation, totalUs, ttftUs, type Usage } from './observation.ts';
import type { Price, SlowLimits } from './probe.ts';
import type { Evidence, Sample } from './sample.ts';

/**
 * One attempt with its observation and judgement, as it is stored.
 *
 * @param lagUs from the tick to the moment the prober was asked; what the prober itself then waited is added
 * @param price of the target, or `null` if the user gave none
 * @param slow a good answer beyond these limits keeps its evidence too; `null` = only the others do
 */
export function toSample(
  attempt: Attempt,
  observation: Observation,
  judged: Judgement,
  lagUs: number,
  price: Price | null,
  slow: SlowLimits | null = null,
): Sample {
  const { disclosure, phases } = observation;
  const total = finishedUs(observation);
  // A good answer that we doubt because of ourselves proves nothing to anybody: there is nothing to show.
  const suspicious = judged.outcome !== 'ok' || judged.validity.kind === 'excluded';
  const isSlow = exceeds(ttftUs(phases), slow?.ttftUs) || exceeds(total, slow?.totalUs);
  return {
    probe: attempt.probe.id,
    target: attempt.target.id,
    region: attempt.region,
    scheduledAt: attempt.scheduledAt,
    purpose: attempt.purpose,
    lagUs: lagUs + observation.waitedUs,
    outcome: judged.outcome,
    validity: judged.validity,
    remarks: judged.remarks,
    status: observation.status,
    phases,
    ttftUs: ttftUs(phases),
    totalUs: total,
    longestStallUs: observation.longestStallUs,
    chunks: observation.chunks,
    tokenChunks: observation.tokenChunks,
    usage: observation.usage,
    reused: observation.connection.reused,
    retries: disclosure.retries,
    servedBy: {
      model: disclosure.model,
      provider: disclosure.provider,
      region: disclosure.region,
      serviceTier: disclosure.serviceTier,
      systemFingerprint: disclosure.systemFingerprint,
      route: disclosure.route,
    },
    loopDelayUs: observation.loopDelayUs,
    clockStepMs: observation.clockStepMs,
    costNanos: costNanos(observation.usage, price),
    evidence: suspicious || isSlow ? evidenceOf(observation) : null,
  };
}

function finishedUs(observation: Observation): number | null {
  const finished = observation.ending.kind === 'complete' || observation.doneSeen;
  return finished ? totalUs(observation.phases) : null;
}

/**
 * What the attempt cost, in whole 10^-9 of the price's currency. A side of the usage that is not told costs nothing
 * (embeddings have no output); without any usage, or with one beyond counting, the cost is unknown, `null`.
 */
export function costNanos(usage: Usage | null, price: Price | null): number | null {
  if (usage === null || price === null) return null;
  if (usage.promptTokens === null && usage.completionTokens === null) return null;
  const input = (usage.promptTokens ?? 0) * price.inputNanosPerToken;
  const output = (usage.completionTokens ?? 0) * price.outputNanosPerToken;
  const cost = Math.round(input + output);
  return Number.isSafeInteger(cost) ? cost : null;
}

function evidenceOf(observation: Observation): Evidence {
  return {
    ending: observation.ending,
    headers: observation.headers,
    requestIds: observation.requestIds,
    connection: observation.connection,
    contentType: observation.contentType,
    bodyBytes: observation.bodyBytes,
    bodySha256: observation.bodySha256,
    head: observation.head,
    tail: observation.tail,
    answer: observation.answer,
    errorBody: observation.errorBody,
    finishReason: observation.finishReason,
    retryAfterMs: observation.retryAfterMs,
  };
}

function exceeds(us: number | null, limitUs: number | null | undefined): boolean {
  return us !== null && limitUs !== null && limitUs !== undefined && us > limitUs;
}
