import { createHmac } from 'node:crypto';
import type { DeliveryResult } from '../domain/alert/letter.ts';
import type { Message } from '../domain/alert/message.ts';
import { oneLine } from '../domain/wording.ts';

export type WebhookSettings = {
  readonly url: string;
  /** Signs the body; `null` sends it unsigned, e.g. to a chat whose address is itself the secret. */
  readonly secret: string | null;
  readonly timeoutMs: number;
};

/** What is posted: the message, and `text` for chats that read nothing else (Slack, Mattermost, Google Chat). */
export type WebhookBody = Message & { readonly text: string; readonly url: string | null };

export type Webhook = (message: Message, pageUrl: string | null, now: number) => Promise<DeliveryResult>;

/**
 * Posts messages as JSON, signed as in https://www.standardwebhooks.com: `webhook-id` is the message's key, the same at
 * every try; `webhook-signature` is `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. Redirects are not followed.
 */
export function createWebhook(settings: WebhookSettings): Webhook {
  return async (message, pageUrl, now) => {
    const text = [message.headline, pageUrl].filter((line) => line !== null).join('\n');
    const body = JSON.stringify({
      ...message,
      text: `${message.subject}\n${text}`,
      url: pageUrl,
    } satisfies WebhookBody);
    const timestamp = String(Math.floor(now / 1000));
    let response: Response;
    try {
      response = await fetch(settings.url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(settings.timeoutMs),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Probity',
          'webhook-id': message.key,
          'webhook-timestamp': timestamp,
          ...(settings.secret === null
            ? {}
            : { 'webhook-signature': signWebhook(settings.secret, message.key, timestamp, body) }),
        },
        body,
      });
    } catch (error) {
      return again(oneLine(reasonOf(error), 300));
    }
    // The answer's body is of no interest, but the connection is wanted back.
    await response.body?.cancel().catch(() => undefined);
    return judgeStatus(response, now);
  };
}

/** The value of `webhook-signature`. */
export function signWebhook(secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

const MENDABLE_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 407]);

function again(reason: string): DeliveryResult {
  return { kind: 'retry', reason, afterMs: null };
}

function judgeStatus(response: Response, now: number): DeliveryResult {
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'retry', reason: `HTTP ${status}`, afterMs: retryAfterMs(response, now) };
  }
  // Says nothing about this message: a login page in front, a receiver being installed anew. The operator can mend it.
  if (status >= 300 && status < 400) return again(`HTTP ${status}: a redirect, which is not followed`);
  if (MENDABLE_STATUSES.has(status)) return again(`HTTP ${status}: refused`);
  return { kind: 'rejected', reason: `HTTP ${status}: refused` };
}

/** `Retry-After` in whole seconds or as a date (RFC 9110, section 10.2.3); `null` if it says neither. */
function retryAfterMs(response: Response, now: number): number | null {
  const value = response.headers.get('retry-after');
  if (value === null) return null;
  if (/^\d{1,7}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
