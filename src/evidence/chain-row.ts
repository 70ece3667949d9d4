import { PHASE_NAMES } from '../domain/observation.ts';
import type { ServedBy } from '../domain/sample.ts';
import type { ChainEvidence, ChainNotRun, ChainSample, ChainSeries } from '../store/store.ts';

/**
 * The text of each kind of row that is hashed, version 1. A row is one JSON array without white space, as
 * `JSON.stringify` of ECMAScript (and so RFC 8785) writes it, in UTF-8; its hash is the SHA-256 of that text. Times
 * are whole µs, instants epoch ms, absent values `null`.
 *
 *     ["sample", probe, target, region, scheduledAt, purpose, outcome, doubt, [remark, …], lagUs, ttftUs, totalUs,
 *      costNanos, [model, provider, region, serviceTier, systemFingerprint, route], status, [phase, … in the order
 *      of PHASE_NAMES], longestStallUs, chunks, tokenChunks, [prompt, completion, reasoning, cached] | null, reused,
 *      retries, loopDelayUs, clockStepMs]
 *     ["not run", probe, target, region, scheduledAt, reason]
 *     ["evidence", probe, target, region, scheduledAt, purpose, body as stored]
 *
 * `target` is the id the target had when it was recorded. Where a row stands (a table, a packed hour) changes nothing.
 */
export const ROW_VERSION = 1;

/** Few series and origins occur very often: the text of each is made once. */
const seriesTexts = new WeakMap<ChainSeries, string>();
const originTexts = new WeakMap<ServedBy, string>();

/** `"probe","target","region"`, the part of a row that names its series. */
export function seriesText(series: ChainSeries): string {
  const known = seriesTexts.get(series);
  if (known !== undefined) return known;
  const text = JSON.stringify([series.probe, series.target, series.region]).slice(1, -1);
  seriesTexts.set(series, text);
  return text;
}

function originText(origin: ServedBy): string {
  const known = originTexts.get(origin);
  if (known !== undefined) return known;
  const { model, provider, region, serviceTier, systemFingerprint, route } = origin;
  const text = JSON.stringify([model, provider, region, serviceTier, systemFingerprint, route]);
  originTexts.set(origin, text);
  return text;
}

export function sampleText(row: ChainSample): string {
  const { phases: at, usage } = row;
  const doubt = row.doubt === null ? 'null' : JSON.stringify(row.doubt);
  const remarks = row.remarks.length === 0 ? '[]' : JSON.stringify(row.remarks);
  const tokens =
    usage === null
      ? 'null'
      : `[${usage.promptTokens},${usage.completionTokens},${usage.reasoningTokens},${usage.cachedTokens}]`;
  let phases = '';
  for (const name of PHASE_NAMES) phases += phases === '' ? `${at[name]}` : `,${at[name]}`;
  // Outcomes and purposes are words of a closed list: nothing in them needs escaping.
  return `["sample",${seriesText(row.series)},${row.scheduledAt},"${row.purpose}","${row.outcome}",${doubt},${remarks},${row.lagUs},${row.ttftUs},${row.totalUs},${row.costNanos},${originText(row.servedBy)},${row.status},[${phases}],${row.longestStallUs},${row.chunks},${row.tokenChunks},${tokens},${row.reused},${row.retries},${row.loopDelayUs},${row.clockStepMs}]`;
}

export function notRunText(row: ChainNotRun): string {
  return `["not run",${seriesText(row.series)},${row.scheduledAt},${JSON.stringify(row.reason)}]`;
}

export function evidenceText(row: ChainEvidence): string {
  return `["evidence",${seriesText(row.series)},${row.scheduledAt},"${row.purpose}",${JSON.stringify(row.body)}]`;
}
