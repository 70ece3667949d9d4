import type { Phases, Usage } from '../domain/measure/observation.ts';
import type { Purpose, ServedBy } from '../domain/measure/sample.ts';
import type { ChainEvidence, ChainNotRun, ChainSample, ChainSeries } from '../store/store.ts';
import type { RowBytes } from './row-bytes.ts';

/**
 * The text of each kind of row that is hashed, version 2. A row is one line: a JSON array without white space, as
 * `JSON.stringify` of ECMAScript (and so RFC 8785) writes it, in UTF-8, and a line feed. Times are whole µs, instants
 * epoch ms, absent values `null`.
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
export const ROW_VERSION = 2;

/** The three kinds of rows of a segment, each with a root of its own, so that evidence may be pruned before samples. */
export const PARTS = ['samples', 'notRun', 'evidence'] as const;
export type Part = (typeof PARTS)[number];

/** What names a row within its part. `purpose` is `null` for a tick that did not run. */
export type RowName = {
  readonly series: ChainSeries;
  readonly scheduledAt: number;
  readonly purpose: Purpose | null;
};

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

const KIND: Readonly<Record<Part, string>> = {
  samples: '["sample",',
  notRun: '["not run",',
  evidence: '["evidence",',
};

/** How the text of every row of this name begins. */
export function nameStart(part: Part, { series, scheduledAt, purpose }: RowName): string {
  return `${KIND[part]}${seriesText(series)},${scheduledAt},${purpose === null ? '' : `"${purpose}",`}`;
}

export function writeSample(out: RowBytes, row: ChainSample): void {
  const { detail } = row;
  out.ascii('["sample",');
  out.utf8(seriesText(row.series));
  out.ascii(',');
  out.number(row.scheduledAt);
  // Purposes and outcomes are words of a closed list: nothing in them needs escaping.
  out.ascii(',"');
  out.ascii(row.purpose);
  out.ascii('","');
  out.utf8(row.outcome);
  out.ascii('",');
  if (row.doubt === null) out.ascii('null');
  else out.utf8(JSON.stringify(row.doubt));
  out.ascii(',');
  if (row.remarks.length === 0) out.ascii('[]');
  else out.utf8(JSON.stringify(row.remarks));
  out.ascii(',');
  out.number(row.lagUs);
  out.ascii(',');
  out.number(row.ttftUs);
  out.ascii(',');
  out.number(row.totalUs);
  out.ascii(',');
  out.number(row.costNanos);
  out.ascii(',');
  out.utf8(originText(row.servedBy));
  out.ascii(',');
  out.number(detail.status);
  out.ascii(',[');
  writePhases(out, detail.phases);
  out.ascii('],');
  out.number(detail.longestStallUs);
  out.ascii(',');
  out.number(detail.chunks);
  out.ascii(',');
  out.number(detail.tokenChunks);
  out.ascii(',');
  writeUsage(out, detail.usage);
  out.ascii(detail.reused ? ',true,' : ',false,');
  out.number(detail.retries);
  out.ascii(',');
  out.number(detail.loopDelayUs);
  out.ascii(',');
  out.number(detail.clockStepMs);
  out.ascii(']\n');
}

/** In the order of PHASE_NAMES. Written out: a name that is known when the program is read costs a tenth of one that is looked up. */
function writePhases(out: RowBytes, at: Phases): void {
  out.number(at.dnsStartUs);
  next(out, at.dnsEndUs);
  next(out, at.tcpUs);
  next(out, at.connectedUs);
  next(out, at.sentUs);
  next(out, at.headersUs);
  next(out, at.firstByteUs);
  next(out, at.firstCommentUs);
  next(out, at.firstEventUs);
  next(out, at.roleUs);
  next(out, at.firstReasoningUs);
  next(out, at.firstContentUs);
  next(out, at.firstToolUs);
  next(out, at.firstRefusalUs);
  next(out, at.lastTokenUs);
  next(out, at.finishUs);
  next(out, at.usageUs);
  next(out, at.doneUs);
  next(out, at.endUs);
}

function next(out: RowBytes, value: number | null): void {
  out.ascii(',');
  out.number(value);
}

function writeUsage(out: RowBytes, usage: Usage | null): void {
  if (usage === null) {
    out.ascii('null');
    return;
  }
  out.ascii('[');
  out.number(usage.promptTokens);
  next(out, usage.completionTokens);
  next(out, usage.reasoningTokens);
  next(out, usage.cachedTokens);
  out.ascii(']');
}

export function writeNotRun(out: RowBytes, { series, scheduledAt, reason }: ChainNotRun): void {
  out.utf8(`${nameStart('notRun', { series, scheduledAt, purpose: null })}${JSON.stringify(reason)}]\n`);
}

export function writeEvidence(out: RowBytes, row: ChainEvidence): void {
  out.utf8(`${nameStart('evidence', row)}${JSON.stringify(row.body)}]\n`);
}
