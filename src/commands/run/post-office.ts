import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { htmlPart } from '../../../dashboards/mail/html-part.ts';
import { textPart } from '../../../dashboards/mail/text-part.ts';
import type { Config } from '../../config/config.ts';
import { type Recipient, recipientId } from '../../domain/alert/alert-policy.ts';
import { type Attachment, type DeliveryResult, letterOf } from '../../domain/alert/letter.ts';
import type { Message } from '../../domain/alert/message.ts';
import { madeOnce } from '../../domain/made-once.ts';
import type { Mailer } from '../../notify/email.ts';
import { createWebhook } from '../../notify/webhook.ts';
import { signLink } from '../../web/acknowledge-link.ts';
import { reportFolder } from './report-folder.ts';

export type PostOffice = {
  readonly send: (message: Message, recipient: Recipient) => Promise<DeliveryResult>;
  readonly close: () => void;
  /** For people: where mail goes. */
  readonly mailGoesTo: string;
};

export type PostOfficeOptions = {
  readonly config: Config;
  /** The data folder. */
  readonly data: string;
  /** Where our pages are seen from outside, without a trailing slash; `null` = mails carry no links. */
  readonly origin: string | null;
  readonly linkKey: Uint8Array;
  readonly now: () => number;
};

const SMTP_TIMEOUT_MS = 30_000;
const WEBHOOK_TIMEOUT_MS = 10_000;
const LINK_LASTS_MS = 7 * 86_400_000;

/** Every channel of a deployment: a message goes in as data and out as mail or as a signed post. */
export function openPostOffice(options: PostOfficeOptions): PostOffice {
  const { config, data, origin, linkKey, now } = options;
  const { from, smtp } = config.alerts;
  const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '');
  const folder = join(resolve(data), 'mail');
  let opened: Mailer | null = null;
  /** What composes mail takes megabytes, and most days nothing is to be said. */
  const openMailer = madeOnce(async (): Promise<Mailer> => {
    opened = await mailerOf();
    return opened;
  });
  const mailerOf = async (): Promise<Mailer> => {
    if (smtp === null) {
      const { createEmlFolder } = await import('../../notify/eml-folder.ts');
      return { send: createEmlFolder(folder, from), close: () => {} };
    }
    const { createMailer } = await import('../../notify/email.ts');
    const { host, port, security, user, password, ca } = smtp;
    return createMailer({
      host,
      port,
      security: security === 'none' ? 'plain' : security,
      auth: user === null || password === null ? null : { user, password: password.reveal() },
      from,
      ca,
      timeoutMs: SMTP_TIMEOUT_MS,
    });
  };
  const webhooks = new Map(
    config.alerts.webhooks.map(({ name, url, secret }) => [
      name,
      createWebhook({ url, secret: secret?.reveal() ?? null, timeoutMs: WEBHOOK_TIMEOUT_MS }),
    ]),
  );
  const pageOf = (message: Message): string | null =>
    origin === null || message.path === null ? null : `${origin}${message.path}`;
  return {
    async send(message, recipient) {
      switch (recipient.channel) {
        case 'email': {
          const page = pageOf(message);
          const links = { page, acknowledge: acknowledgeLink(message, recipient, page, linkKey, now()) };
          const attached = await reportOf(message, data, now());
          if (attached === 'not yet') {
            return { kind: 'retry', reason: 'the PDF of the report is not written yet', afterMs: null };
          }
          const parts = {
            text: textPart(message, links),
            html: htmlPart(message, links),
            attachments: attached,
          };
          return await (await openMailer()).send(letterOf(message, recipient.address, domain, parts));
        }
        case 'webhook': {
          const webhook = webhooks.get(recipient.name);
          if (webhook === undefined) {
            return { kind: 'rejected', reason: `there is no webhook ${recipient.name} any more` };
          }
          return await webhook(message, pageOf(message), now());
        }
      }
    },
    close: () => opened?.close(),
    mailGoesTo: smtp === null ? folder : `${smtp.host}:${smtp.port}`,
  };
}

/** So long a letter waits for the report that travels with it; then it goes alone, for its text says all that matters. */
const WAITS_FOR_PDF_MS = 15 * 60_000;

/** The PDF that goes with the message of a closed period; nothing with any other. */
async function reportOf(
  message: Message,
  data: string,
  now: number,
): Promise<readonly Attachment[] | 'not yet'> {
  const [, period, contract] = /^\/reports\/([^/]+)\/([^/]+)$/.exec(message.path ?? '') ?? [];
  if (message.topic !== 'period_closed' || period === undefined || contract === undefined) return [];
  const folder = reportFolder(resolve(data), decodeURIComponent(period), decodeURIComponent(contract));
  try {
    const name = (await readdir(folder)).find((one) => one.endsWith('.pdf'));
    if (name !== undefined) {
      return [{ name, contentType: 'application/pdf', body: await readFile(join(folder, name)) }];
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return now - message.at < WAITS_FOR_PDF_MS ? 'not yet' : [];
}

function acknowledgeLink(
  message: Message,
  recipient: Recipient,
  page: string | null,
  key: Uint8Array,
  now: number,
): string | null {
  if (page === null || message.thread === null || !message.acknowledgeable) return null;
  const token = signLink(key, {
    incident: message.thread,
    message: message.key,
    who: recipient.channel === 'email' ? recipient.address : recipientId(recipient),
    untilAt: now + LINK_LASTS_MS,
  });
  return `${page}/acknowledge?token=${token}`;
}
