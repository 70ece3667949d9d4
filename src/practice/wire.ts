import { uniform } from './random.ts';

/** What the way between the prober and the gateway adds to one attempt, and the prober itself. Whole µs. */
export type Wire = {
  readonly lagUs: number;
  /** `null` on a kept-alive connection. */
  readonly connectedUs: number | null;
  readonly sentUs: number;
  /** From `t0` to the request's arrival, plus the way back: server times are seen this much later. */
  readonly offsetUs: number;
  readonly loopDelayUs: number;
};

const WIRE_DRAW = 3_000_000;

/** From the headers to the first byte of the body, and from the last byte to the end, as they reach a reader. */
export const FIRST_BYTE_US = 35;
export const END_US = 45;

/** The way of the attempt with this key, within one machine. */
export function wireOf(key: number, isNewConnection: boolean): Wire {
  const one = uniform(key, WIRE_DRAW);
  const two = uniform(key, WIRE_DRAW + 1);
  const connectedUs = isNewConnection ? Math.round(160 + 240 * two) : null;
  const sentUs = (connectedUs ?? 0) + Math.round(60 + 90 * one);
  return {
    lagUs: Math.round(250 + 2200 * two * two),
    connectedUs,
    sentUs,
    offsetUs: sentUs + Math.round(110 + 260 * two),
    loopDelayUs: Math.round(1200 * one),
  };
}
