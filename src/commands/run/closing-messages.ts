import type { TimeStampSettings } from '../../config/time-stamps.ts';
import type { Route } from '../../domain/alert/alert-policy.ts';
import type { ReportTerms } from '../../pipeline/closing/build-report.ts';

/** What the closing process is told first: plain values, for they cross to another process. */
export type ClosingSetup = {
  readonly data: string;
  readonly terms: readonly ReportTerms[];
  readonly routes: readonly Route[];
  readonly timeStamps: TimeStampSettings | null;
  readonly retention: { readonly samplesMs: number; readonly evidenceMs: number };
};

export type FromClosing =
  | { readonly kind: 'closed'; readonly contract: string; readonly period: string }
  | { readonly kind: 'corrected'; readonly corrections: number }
  | { readonly kind: 'failed'; readonly what: string; readonly reason: string };

/** What the closing process exits with when whoever started it is gone; one that fails exits with 1. */
export const BROKEN_OFF = 3;
