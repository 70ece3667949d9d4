import { readCertificates } from './certificates.ts';
import type { Reading } from './reading.ts';
import { timeStampsSchema } from './schema.ts';
import { readShape } from './shape.ts';

/** Who stamps the daily heads of the evidence chain, RFC 3161. */
export type TimeStampSettings = {
  readonly authority: string;
  /** The certificates its stamps must lead to, PEM. */
  readonly ca: string;
};

export function readTimeStamps(reading: Reading): TimeStampSettings | null {
  const { problems, root } = reading;
  if (root.timeStamps === undefined) return null;
  const raw = readShape(timeStampsSchema, root.timeStamps, ['timeStamps'], null);
  if (raw === null) return null;
  const url = URL.parse(raw.authority);
  // Plain http is usual and does no harm here: what is sent is a hash, and the answer is signed.
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    problems.error(
      ['timeStamps', 'authority'],
      'expected an http or https address without a user or password, such as http://tsa.example.net/tsr',
    );
    return null;
  }
  const ca = readCertificates(reading, raw.ca, ['timeStamps', 'ca']);
  return ca === null ? null : { authority: raw.authority, ca };
}
