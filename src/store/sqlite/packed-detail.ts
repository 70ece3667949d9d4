import type { Phases, Usage } from '../../domain/measure/observation.ts';
import type { Sample } from '../../domain/measure/sample.ts';
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from './varint.ts';

/**
 * The part of a sample that is shown but never queried or counted, in one blob. Layout of version 1, all numbers
 * variable-length (`varint.ts`), `~` = signed:
 *
 *     version        1
 *     flags          bits of FLAG below
 *     phases         which phases were reached, one bit each in the order of PHASE_ORDER, exclusive-or USUAL_PHASES
 *     offsets        one bit per reached phase: does it differ from its guess?
 *     ~offset        for each phase that does: value - guess
 *     token chunks
 *     ~chunks        chunks - token chunks
 *     loop delay µs
 *     status + 1     if flagged; 0 = no status
 *     longest stall  unless flagged as absent
 *     prompt tokens, reasoning tokens, cached tokens, retries, ~clock step   each if flagged
 *
 * The guess for a phase is what a healthy stream makes likely, so that most offsets are zero or short: the first
 * token at `ttft`, the last ones at `total`, anything else at the phase before it.
 */
const VERSION = 1;

/** The order of the bits in stored rows. Never reorder; a new phase is a new version. */
export const PHASE_ORDER = [
  'dnsStartUs',
  'dnsEndUs',
  'tcpUs',
  'connectedUs',
  'sentUs',
  'headersUs',
  'firstByteUs',
  'firstCommentUs',
  'firstEventUs',
  'roleUs',
  'firstReasoningUs',
  'firstContentUs',
  'firstToolUs',
  'firstRefusalUs',
  'lastTokenUs',
  'finishUs',
  'usageUs',
  'doneUs',
  'endUs',
] as const satisfies readonly (keyof Phases)[];

/** What a streamed answer over a kept-alive connection reaches. */
const USUAL_PHASES = maskOf([
  'sentUs',
  'headersUs',
  'firstByteUs',
  'firstEventUs',
  'roleUs',
  'firstContentUs',
  'lastTokenUs',
  'finishUs',
  'usageUs',
  'doneUs',
  'endUs',
]);

const NEAR_TTFT = maskOf(['firstReasoningUs', 'firstContentUs', 'firstToolUs', 'firstRefusalUs']);
const NEAR_TOTAL = maskOf(['lastTokenUs', 'finishUs', 'usageUs', 'doneUs']);

/** Set = not what a healthy sample looks like, except for the token counts. Never renumber. */
const FLAG = {
  statusNot200: 1,
  connectionNew: 2,
  usageAbsent: 4,
  stallAbsent: 8,
  promptTokens: 16,
  reasoningTokens: 32,
  cachedTokens: 64,
  retries: 128,
  clockStep: 256,
} as const;

export type Detail = Pick<
  Sample,
  | 'status'
  | 'phases'
  | 'longestStallUs'
  | 'chunks'
  | 'tokenChunks'
  | 'usage'
  | 'reused'
  | 'retries'
  | 'loopDelayUs'
  | 'clockStepMs'
>;

/** The columns of the same row that the blob leans on. */
export type Anchors = {
  readonly ttftUs: number | null;
  readonly totalUs: number | null;
  readonly completionTokens: number | null;
};

export function packDetail(detail: Detail, anchors: Anchors): Uint8Array {
  const { usage } = detail;
  const flags =
    (detail.status === 200 ? 0 : FLAG.statusNot200) |
    (detail.reused ? 0 : FLAG.connectionNew) |
    (usage === null ? FLAG.usageAbsent : 0) |
    (detail.longestStallUs === null ? FLAG.stallAbsent : 0) |
    (usage === null || usage.promptTokens === null ? 0 : FLAG.promptTokens) |
    (usage === null || usage.reasoningTokens === null ? 0 : FLAG.reasoningTokens) |
    (usage === null || usage.cachedTokens === null ? 0 : FLAG.cachedTokens) |
    (detail.retries === null ? 0 : FLAG.retries) |
    (detail.clockStepMs === 0 ? 0 : FLAG.clockStep);
  const writer = createByteWriter();
  writer.unsigned(VERSION);
  writer.unsigned(flags);
  writePhases(writer, detail.phases, anchors);
  writer.unsigned(detail.tokenChunks);
  writer.signed(detail.chunks - detail.tokenChunks);
  writer.unsigned(detail.loopDelayUs);
  if (flags & FLAG.statusNot200) writer.unsigned(detail.status === null ? 0 : detail.status + 1);
  if (detail.longestStallUs !== null) writer.unsigned(detail.longestStallUs);
  if (usage !== null && usage.promptTokens !== null) writer.unsigned(usage.promptTokens);
  if (usage !== null && usage.reasoningTokens !== null) writer.unsigned(usage.reasoningTokens);
  if (usage !== null && usage.cachedTokens !== null) writer.unsigned(usage.cachedTokens);
  if (detail.retries !== null) writer.unsigned(detail.retries);
  if (detail.clockStepMs !== 0) writer.signed(detail.clockStepMs);
  return writer.finish();
}

/** The inverse of `packDetail`, given the same anchors. Throws on bytes it did not write. */
export function unpackDetail(bytes: Uint8Array, anchors: Anchors): Detail {
  const reader = createByteReader(bytes);
  const version = reader.unsigned();
  if (version !== VERSION)
    throw new Error(`packed detail has version ${version}, this program reads ${VERSION}`);
  const flags = reader.unsigned();
  const optional = (flag: number): number | null => (flags & flag ? reader.unsigned() : null);

  const phases = readPhases(reader, anchors);
  const tokenChunks = reader.unsigned();
  const chunks = tokenChunks + reader.signed();
  const loopDelayUs = reader.unsigned();
  const storedStatus = optional(FLAG.statusNot200);
  const status = storedStatus === null ? 200 : storedStatus === 0 ? null : storedStatus - 1;
  const longestStallUs = flags & FLAG.stallAbsent ? null : reader.unsigned();
  const promptTokens = optional(FLAG.promptTokens);
  const reasoningTokens = optional(FLAG.reasoningTokens);
  const cachedTokens = optional(FLAG.cachedTokens);
  const retries = optional(FLAG.retries);
  const clockStepMs = flags & FLAG.clockStep ? reader.signed() : 0;
  if (!reader.atEnd()) throw new Error('packed detail has bytes left over');
  const usage: Usage | null =
    flags & FLAG.usageAbsent
      ? null
      : { promptTokens, completionTokens: anchors.completionTokens, reasoningTokens, cachedTokens };
  return {
    status,
    phases,
    longestStallUs,
    chunks,
    tokenChunks,
    usage,
    reused: (flags & FLAG.connectionNew) === 0,
    retries,
    loopDelayUs,
    clockStepMs,
  };
}

/** Status and prompt tokens alone: contracts tell requests apart by them, and the rest is only shown. */
export function unpackFacts(bytes: Uint8Array): {
  readonly status: number | null;
  readonly promptTokens: number | null;
} {
  const reader = createByteReader(bytes);
  const version = reader.unsigned();
  if (version !== VERSION)
    throw new Error(`packed detail has version ${version}, this program reads ${VERSION}`);
  const flags = reader.unsigned();
  reader.unsigned();
  for (let differs = reader.unsigned(); differs > 0; differs &= differs - 1) reader.unsigned();
  // Token chunks, chunks, loop delay.
  for (let left = 3; left > 0; left -= 1) reader.unsigned();
  const storedStatus = flags & FLAG.statusNot200 ? reader.unsigned() : 201;
  if ((flags & FLAG.stallAbsent) === 0) reader.unsigned();
  return {
    status: storedStatus === 0 ? null : storedStatus - 1,
    promptTokens: flags & FLAG.promptTokens ? reader.unsigned() : null,
  };
}

function writePhases(target: ByteWriter, phases: Phases, anchors: Anchors): void {
  let reached = 0;
  let differs = 0;
  let position = 0;
  let before = 0;
  const offsets: number[] = [];
  for (const [bit, name] of PHASE_ORDER.entries()) {
    const at = phases[name];
    if (at === null) continue;
    reached |= 1 << bit;
    const offset = at - guessPhase(bit, before, anchors);
    if (offset !== 0) {
      differs |= 1 << position;
      offsets.push(offset);
    }
    position += 1;
    before = at;
  }
  target.unsigned(reached ^ USUAL_PHASES);
  target.unsigned(differs);
  for (const offset of offsets) target.signed(offset);
}

function readPhases(source: ByteReader, anchors: Anchors): Phases {
  const reached = source.unsigned() ^ USUAL_PHASES;
  const differs = source.unsigned();
  let position = 0;
  let before = 0;
  const values = PHASE_ORDER.map((_, bit): number | null => {
    if ((reached & (1 << bit)) === 0) return null;
    const offset = differs & (1 << position) ? source.signed() : 0;
    before = guessPhase(bit, before, anchors) + offset;
    position += 1;
    return before;
  });
  return phasesOf(values);
}

/** Values in the order of PHASE_ORDER. Written out: objects of one shape take a fraction of the room and time. */
export function phasesOf(values: readonly (number | null)[]): Phases {
  return {
    dnsStartUs: values[0] ?? null,
    dnsEndUs: values[1] ?? null,
    tcpUs: values[2] ?? null,
    connectedUs: values[3] ?? null,
    sentUs: values[4] ?? null,
    headersUs: values[5] ?? null,
    firstByteUs: values[6] ?? null,
    firstCommentUs: values[7] ?? null,
    firstEventUs: values[8] ?? null,
    roleUs: values[9] ?? null,
    firstReasoningUs: values[10] ?? null,
    firstContentUs: values[11] ?? null,
    firstToolUs: values[12] ?? null,
    firstRefusalUs: values[13] ?? null,
    lastTokenUs: values[14] ?? null,
    finishUs: values[15] ?? null,
    usageUs: values[16] ?? null,
    doneUs: values[17] ?? null,
    endUs: values[18] ?? null,
  };
}

/** What a healthy stream makes likely for the phase of this bit, given the last phase reached before it. */
export function guessPhase(bit: number, before: number, anchors: Anchors): number {
  if (NEAR_TTFT & (1 << bit) && anchors.ttftUs !== null) return anchors.ttftUs;
  if (NEAR_TOTAL & (1 << bit) && anchors.totalUs !== null) return anchors.totalUs;
  return before;
}

function maskOf(names: readonly (keyof Phases)[]): number {
  return names.reduce((mask, name) => mask | (1 << PHASE_ORDER.indexOf(name)), 0);
}
