import { type Observation, ttftUs } from './observation.ts';
import { OUTCOMES, type Outcome, type Remark } from './outcome.ts';
import type { Operation } from './probe.ts';

/** More tokens than this in a single piece were not streamed: no model makes them at once. */
const BURST_TOKENS = 5;

/** What is worth knowing beside the outcome. Only of answers that came to their end. */
export function remarksOf(
  observation: Observation,
  operation: Operation,
  outcome: Outcome,
  askedTier: string | null,
): Remark[] {
  const answered = observation.status !== null && observation.status < 300;
  if (!answered || OUTCOMES[outcome].cause === 'ours') return [];
  const streams = operation === 'chat' || operation === 'responses';
  const talks = streams || operation === 'chat-json';
  const { disclosure, usage, phases } = observation;
  const whole = observation.finishReason !== null && !observation.errorInBody;
  const remarks: Remark[] = [];
  const note = (condition: boolean, remark: Remark): void => {
    if (condition) remarks.push(remark);
  };
  note(
    operation === 'chat' && whole && !observation.doneSeen && observation.ending.kind === 'complete',
    'no_done',
  );
  note(observation.lenientTerminator, 'lenient_terminator');
  note(
    streams && whole && (usage?.reasoningTokens ?? 0) > 0 && phases.firstReasoningUs === null,
    'hidden_reasoning',
  );
  note(streams && whole && isBurst(observation), 'not_streaming');
  note((disclosure.retries ?? 0) > 0, 'hidden_retry');
  note(isDowngraded(askedTier, disclosure.serviceTier), 'tier_downgraded');
  note(talks && whole && disclosure.route === 'unverified', 'route_unverified');
  note((usage?.cachedTokens ?? 0) > 0, 'prompt_cached');
  note(talks && whole && usage === null, 'usage_missing');
  note(observation.obfuscated, 'obfuscated');
  return remarks;
}

/** All tokens in one chunk, or all chunks in one read of the socket. */
function isBurst(observation: Observation): boolean {
  const { phases, tokenChunks, usage } = observation;
  const tokens = usage?.completionTokens ?? tokenChunks;
  return tokens > BURST_TOKENS && tokenChunks > 0 && ttftUs(phases) === phases.lastTokenUs;
}

/** `auto` leaves the choice to the provider, and silence proves nothing. */
function isDowngraded(asked: string | null, served: string | null): boolean {
  return (
    asked !== null && asked !== 'auto' && served !== null && served.toLowerCase() !== asked.toLowerCase()
  );
}
