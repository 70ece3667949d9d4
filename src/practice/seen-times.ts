import { type Ending, NO_PHASES, type Observation, type Phases } from '../domain/measure/observation.ts';
import { type Cut, type Meeting, streams } from './meeting.ts';
import { COMMENT_EVERY_MS, type Script } from './script.ts';
import type { Telling, Token } from './telling.ts';
import { END_US, FIRST_BYTE_US, type Wire } from './wire.ts';

/** Comments never end by themselves: our deadline does that. */
export function commentsBefore({ ending }: Script, cut: Cut | null, wire: Wire): number {
  if (ending.kind !== 'never' || !ending.comments || cut === null) return 0;
  return Math.floor((cut.atUs - wire.offsetUs) / (1000 * COMMENT_EVERY_MS));
}

/** When everything but the tokens was seen. */
export function phasesOf(
  { operation, script, wire }: Meeting,
  cut: Cut | null,
  isAnswered: boolean,
  ending: Ending,
  hasComments: boolean,
): Phases {
  const firstCommentUs = hasComments ? wire.offsetUs + 1000 * COMMENT_EVERY_MS : null;
  const headersUs = isAnswered && script.headersAtUs !== null ? script.headersAtUs + wire.offsetUs : null;
  const firstByteUs =
    headersUs === null || script.frames.length === 0 ? firstCommentUs : headersUs + FIRST_BYTE_US;
  const overUs = script.ending.kind === 'never' ? 0 : script.ending.atUs + wire.offsetUs;
  return {
    ...NO_PHASES,
    tcpUs: wire.connectedUs,
    connectedUs: wire.connectedUs,
    sentUs: wire.sentUs,
    headersUs,
    firstByteUs,
    firstCommentUs: streams(operation) ? firstCommentUs : null,
    endUs: ending.kind === 'complete' ? Math.max(overUs, firstByteUs ?? 0) + END_US : (cut?.atUs ?? overUs),
  };
}

/** When the parts of a stream were seen. */
export function timesOfTokens(
  { operation, script, telling, wire }: Meeting,
  tokens: Telling['tokens'],
  read: Partial<Observation>,
): Partial<Phases> {
  if (telling === null || script.headersAtUs === null) return {};
  const seen = (token: Token | undefined): number | null =>
    token === undefined ? null : token.atUs + wire.offsetUs;
  const beganUs = script.headersAtUs + wire.offsetUs + FIRST_BYTE_US;
  const overUs = telling.endAtUs + wire.offsetUs;
  const firstContentUs = seen(tokens.find((token) => token.kind === 'content'));
  return {
    firstEventUs: beganUs,
    // A response names the role where its message begins, a chat before anything else.
    roleUs: operation === 'chat' ? beganUs : firstContentUs,
    firstReasoningUs: seen(tokens.find((token) => token.kind === 'reasoning')),
    firstContentUs,
    lastTokenUs: seen(tokens.at(-1)),
    finishUs: read.finishReason ? overUs : null,
    usageUs: read.usage ? overUs : null,
    doneUs: read.doneSeen ? overUs : null,
  };
}

/** An answer in one piece says everything at its end. */
export function timesOfWhole(read: Partial<Observation>, endUs: number | null): Partial<Phases> {
  return { finishUs: read.finishReason ? endUs : null, usageUs: read.usage ? endUs : null };
}

/** A gap that was cut short was at least as long as it lasted. */
export function longestGapUs(tokens: Telling['tokens'], phases: Phases, ending: Ending): number | null {
  let longest: number | null = null;
  for (let index = 1; index < tokens.length; index += 1) {
    longest = Math.max(longest ?? 0, (tokens[index]?.atUs ?? 0) - (tokens[index - 1]?.atUs ?? 0));
  }
  if (ending.kind === 'complete' || phases.lastTokenUs === null || phases.endUs === null) return longest;
  return Math.max(longest ?? 0, phases.endUs - phases.lastTokenUs);
}
