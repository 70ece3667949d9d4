import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a link in a mail stands for: one recipient may acknowledge one incident, once, until it runs out. */
export type AcknowledgeLink = {
  readonly incident: string;
  /** Key of the message it was sent in: each mail has a link of its own. */
  readonly message: string;
  readonly who: string;
  /** Exclusive, epoch ms. */
  readonly untilAt: number;
};

const LONGEST = 2_000;

/** The token of a link: its claims and their HMAC-SHA256, both base64url. Made when a mail leaves, stored nowhere. */
export function signLink(key: Uint8Array, link: AcknowledgeLink): string {
  const claims = Buffer.from(JSON.stringify([link.incident, link.message, link.who, link.untilAt])).toString(
    'base64url',
  );
  return `${claims}.${macOf(key, claims).toString('base64url')}`;
}

/** The link behind a token, or `null` if we did not make it, it was changed, or it has run out. */
export function readLink(key: Uint8Array, token: string, now: number): AcknowledgeLink | null {
  if (token.length > LONGEST) return null;
  const [claims, mac, ...rest] = token.split('.');
  if (claims === undefined || mac === undefined || rest.length > 0) return null;
  const expected = macOf(key, claims);
  const given = Buffer.from(mac, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const [incident, message, who, untilAt] = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as [
    string,
    string,
    string,
    number,
  ];
  return now < untilAt ? { incident, message, who, untilAt } : null;
}

/** The name under which a used link is remembered: tells nothing about the token. */
export function linkName(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function macOf(key: Uint8Array, claims: string): Buffer {
  return createHmac('sha256', key).update(`probity acknowledge\n${claims}`).digest();
}
