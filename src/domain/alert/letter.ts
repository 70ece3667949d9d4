import { oneLine } from '../wording.ts';
import type { Message } from './message.ts';

export type Attachment = { readonly name: string; readonly contentType: string; readonly body: Uint8Array };

/** A message on its way to one mailbox: both parts rendered, links filled in. */
export type Letter = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** `null`: text only. */
  readonly html: string | null;
  /** Files that travel with it. */
  readonly attachments: readonly Attachment[];
  /** When the message was decided, epoch ms: the same however late it is delivered. */
  readonly at: number;
  /** With angle brackets, e.g. `<20261103-0a3f9kz.1@probity.example>`. */
  readonly messageId: string;
  /** The first message of the thread; `null` for that message itself and for messages without a thread. */
  readonly inReplyTo: string | null;
  /** For filters and for people: severity, incident. Values are single-line. */
  readonly headers: Readonly<Record<string, string>>;
};

/** What became of one try to hand a message over. */
export type DeliveryResult =
  | { readonly kind: 'delivered' }
  /** Worth another try later; `afterMs` if the other side said when. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs: number | null }
  /** No further try can help. */
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * The Message-ID of a message: it follows from the key alone, so a second delivery carries the same one and a mail
 * client or a filter can tell that it is the same. RFC 5322, section 3.6.4.
 */
export function messageIdOf(key: string, domain: string): string {
  const left = key.replace(/[^A-Za-z0-9-]+/g, '.').replace(/^\.+|\.+$/g, '');
  const right = domain.replace(/[^A-Za-z0-9.-]+/g, '').replace(/^\.+|\.+$/g, '');
  return `<${left}@${right === '' ? 'probity.invalid' : right}>`;
}

/** The Message-ID a message answers to, for clients that show threads. */
export function threadRootOf(message: Message, domain: string): string | null {
  if (message.thread === null || message.key === `${message.thread}:1`) return null;
  return messageIdOf(`${message.thread}:1`, domain);
}

/** A message for one mailbox. `domain` is that of the sender's address. */
export function letterOf(
  message: Message,
  to: string,
  domain: string,
  parts: {
    readonly text: string;
    readonly html: string | null;
    readonly attachments?: readonly Attachment[];
  },
): Letter {
  return {
    to,
    subject: oneLine(message.subject, 200),
    text: parts.text,
    html: parts.html,
    attachments: parts.attachments ?? [],
    at: message.at,
    messageId: messageIdOf(message.key, domain),
    inReplyTo: threadRootOf(message, domain),
    headers: {
      'X-Probity-Severity': message.severity,
      'X-Probity-Topic': message.topic,
      ...(message.thread === null ? {} : { 'X-Probity-Incident': oneLine(message.thread, 80) }),
    },
  };
}
