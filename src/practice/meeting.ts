import type { Deadlines, Operation } from '../domain/measure/probe.ts';
import type { Script } from './script.ts';
import type { Telling } from './telling.ts';
import type { Wire } from './wire.ts';

/** What a prober would have met, had it asked: everything an observation follows from. */
export type Meeting = {
  readonly operation: Operation;
  readonly script: Script;
  /** `null` where nothing was told: lists, refusals, pages, silence. */
  readonly telling: Telling | null;
  readonly requestModel: string;
  readonly wire: Wire;
  readonly deadlines: Deadlines;
};

/** A deadline of ours that was missed, and when it fell; µs since `t0`. */
export type Cut = { readonly atUs: number; readonly deadline: 'headers' | 'firstToken' | 'stall' | 'total' };

/** Is an answer to be read token by token? */
export function streams(operation: Operation): boolean {
  return operation === 'chat' || operation === 'responses';
}

/** The first of our deadlines that is missed, if one is. Times since `t0`. */
export function cutOf({ operation, script, telling, wire, deadlines }: Meeting): Cut | null {
  const firstUs = deadlines.firstTokenMs * 1000;
  const totalUs = deadlines.totalMs * 1000;
  const seen = (atUs: number): number => atUs + wire.offsetUs;
  const endUs = script.ending.kind === 'never' ? Number.POSITIVE_INFINITY : seen(script.ending.atUs);
  const beforeTokensUs = Math.min(firstUs, totalUs);
  if (script.headersAtUs === null || seen(script.headersAtUs) >= firstUs) {
    return { atUs: beforeTokensUs, deadline: 'headers' };
  }
  const tokens = telling?.tokens ?? [];
  const first = tokens[0];
  if (!streams(operation)) return endUs >= firstUs ? { atUs: beforeTokensUs, deadline: 'total' } : null;
  if (first === undefined || seen(first.atUs) >= firstUs) {
    return endUs >= firstUs ? { atUs: beforeTokensUs, deadline: 'firstToken' } : null;
  }
  let lastUs = seen(first.atUs);
  for (const nextUs of [...tokens.slice(1).map((token) => seen(token.atUs)), endUs]) {
    const stallUs = lastUs + deadlines.stallMs * 1000;
    if (nextUs >= Math.min(stallUs, totalUs)) {
      return stallUs <= totalUs ? { atUs: stallUs, deadline: 'stall' } : { atUs: totalUs, deadline: 'total' };
    }
    lastUs = nextUs;
  }
  return null;
}
