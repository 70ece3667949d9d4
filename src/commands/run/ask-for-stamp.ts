import { randomBytes } from 'node:crypto';
import type { TimeStampSettings } from '../../config/time-stamps.ts';
import { readTimeStampAnswer, type TimeStamp, timeStampRequest } from '../../evidence/time-stamp.ts';
import { askAuthority } from '../../notify/time-stamp-authority.ts';

const TIMEOUT_MS = 20_000;

/** Has a head stamped by the configured authority. Rejects with one line that says why it was not. */
export async function askForStamp(
  { authority, ca }: TimeStampSettings,
  head: string,
  stopping: AbortSignal,
): Promise<TimeStamp> {
  const nonce = randomBytes(8);
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const answer = await askAuthority(authority, timeStampRequest(head, nonce), signal);
    return await readTimeStampAnswer(answer, head, nonce, [ca]);
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const why = inner instanceof Error ? inner.message : String(inner);
    throw new Error(`${authority}: ${why}`, { cause });
  }
}
