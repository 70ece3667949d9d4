import { createHash } from 'node:crypto';
import type { Cleaner } from './redact.ts';

const EDGE_BYTES = 2048;

/**
 * The body as it came, kept so that what we claim about it can be shown. The HTTP client's buffers are copied: hundreds
 * of small ones held by every running probe made garbage collection stop the thread for tens of milliseconds.
 */
export type BodyCapture = {
  bytes: number;
  /** All but the last are full; `used` bytes of the last are. */
  readonly segments: Buffer[];
  used: number;
};

export function createBodyCapture(): BodyCapture {
  return { bytes: 0, segments: [], used: 0 };
}

/** Just below the size up to which the platform cuts buffers from a shared slab. */
const FIRST_SEGMENT = 4_000;
const LARGEST_SEGMENT = 256 * 1024;

export function addToCapture(capture: BodyCapture, chunk: Buffer): void {
  capture.bytes += chunk.length;
  let from = 0;
  while (from < chunk.length) {
    let last = capture.segments.at(-1);
    if (last === undefined || capture.used === last.length) {
      const size = last === undefined ? FIRST_SEGMENT : Math.min(LARGEST_SEGMENT, last.length * 4);
      last = Buffer.allocUnsafe(size);
      capture.segments.push(last);
      capture.used = 0;
    }
    const copied = chunk.copy(last, capture.used, from);
    capture.used += copied;
    from += copied;
  }
}

function filled(capture: BodyCapture): Buffer[] {
  const { segments, used } = capture;
  return segments.map((segment, at) => (at === segments.length - 1 ? segment.subarray(0, used) : segment));
}

/** SHA-256 of everything received, in hex; `null` for an empty body. */
export function bodySha256(capture: BodyCapture): string | null {
  if (capture.bytes === 0) return null;
  const hash = createHash('sha256');
  for (const segment of filled(capture)) hash.update(segment);
  return hash.digest('hex');
}

/**
 * The first and the last 2 KiB as text; `tail` is empty when `head` holds everything. Each edge is redacted together
 * with a margin, so that a credential which straddles the cut is seen whole.
 */
export function bodyEdges(capture: BodyCapture, clean: Cleaner): { head: string; tail: string } {
  const segments = filled(capture);
  const wanted = EDGE_BYTES + clean.margin;
  return {
    head: clean.cut(firstBytes(segments, wanted), EDGE_BYTES, 'first'),
    tail: capture.bytes <= EDGE_BYTES ? '' : clean.cut(lastBytes(segments, wanted), EDGE_BYTES, 'last'),
  };
}

function firstBytes(chunks: readonly Buffer[], count: number): string {
  const taken: Buffer[] = [];
  let length = 0;
  for (const chunk of chunks) {
    if (length >= count) break;
    taken.push(chunk.subarray(0, count - length));
    length += Math.min(chunk.length, count - length);
  }
  return Buffer.concat(taken).toString('utf8');
}

function lastBytes(chunks: readonly Buffer[], count: number): string {
  const taken: Buffer[] = [];
  let length = 0;
  for (let i = chunks.length - 1; i >= 0 && length < count; i -= 1) {
    const chunk = chunks[i];
    if (chunk === undefined) break;
    const part = chunk.subarray(Math.max(0, chunk.length - (count - length)));
    taken.unshift(part);
    length += part.length;
  }
  return Buffer.concat(taken).toString('utf8');
}
