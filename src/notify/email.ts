import { createTransport, type SendMailOptions } from 'nodemailer';
import type { DeliveryResult, Letter } from '../domain/alert/letter.ts';
import { oneLine } from '../domain/wording.ts';

/** How to reach the operator's mail server. */
export type SmtpSettings = {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte; `starttls`: never without it; `plain`: only for a server on this machine. */
  readonly security: 'tls' | 'starttls' | 'plain';
  readonly auth: { readonly user: string; readonly password: string } | null;
  /** A mailbox, with or without a display name. */
  readonly from: string;
  /** Certificates to trust instead of the system's, PEM; for a server with a certificate of its own. */
  readonly ca: string | null;
  /** How long the server may be silent, ms. A letter as a whole may take twice as long, its wait for a connection included. */
  readonly timeoutMs: number;
};

export type Mailer = {
  /** Resolves for everything a server can do; rejects only for a bug of ours. */
  readonly send: (letter: Letter) => Promise<DeliveryResult>;
  readonly close: () => void;
};

/** A pool of connections to one server. Nothing is opened before the first letter. */
export function createMailer(settings: SmtpSettings): Mailer {
  const wholeMs = 2 * settings.timeoutMs;
  const transport = openPool(settings);
  return {
    async send(letter) {
      // The library watches for silence only: a server that drips would hold a letter, and all behind it, for ever.
      const signal = AbortSignal.timeout(wholeMs);
      try {
        await transport.sendMail({ ...mailOf(letter, settings.from), signal });
        return { kind: 'delivered' };
      } catch (error) {
        return signal.aborted
          ? retry(`the mail server took longer than ${wholeMs / 1_000} s over one letter`)
          : judgeFailure(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}

function openPool(settings: SmtpSettings) {
  return createTransport({
    host: settings.host,
    port: settings.port,
    secure: settings.security === 'tls',
    requireTLS: settings.security === 'starttls',
    ignoreTLS: settings.security === 'plain',
    ...(settings.auth === null ? {} : { auth: { user: settings.auth.user, pass: settings.auth.password } }),
    tls: { rejectUnauthorized: true, ...(settings.ca === null ? {} : { ca: settings.ca }) },
    pool: true,
    maxConnections: 2,
    maxMessages: 100,
    connectionTimeout: settings.timeoutMs,
    greetingTimeout: settings.timeoutMs,
    socketTimeout: settings.timeoutMs,
    dnsTimeout: settings.timeoutMs,
    socketCloseTimeout: settings.timeoutMs,
    // A letter is text we composed: nothing in it may name a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** The letter as the bytes of an RFC 5322 message with CRLF line ends. */
export async function composeLetter(letter: Letter, from: string): Promise<Buffer> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message } = await transport.sendMail(mailOf(letter, from));
  if (!Buffer.isBuffer(message)) throw new Error('the composed letter is no buffer');
  return message;
}

function mailOf(letter: Letter, from: string): SendMailOptions {
  return {
    from,
    // As a value, not as text: an address list must not be parsed out of it.
    to: { name: '', address: letter.to },
    subject: letter.subject,
    text: letter.text,
    ...(letter.html === null ? {} : { html: letter.html }),
    attachments: letter.attachments.map(({ name, contentType, body }) => ({
      filename: name,
      contentType,
      content: Buffer.from(body),
    })),
    date: new Date(letter.at),
    messageId: letter.messageId,
    ...(letter.inReplyTo === null ? {} : { inReplyTo: letter.inReplyTo, references: letter.inReplyTo }),
    headers: {
      ...letter.headers,
      // Keeps holiday notices from answering a machine. RFC 3834, section 5.
      'Auto-Submitted': 'auto-generated',
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Our own password being wrong is the operator's to mend, within the day the message is kept. */
const MENDABLE_REPLIES: ReadonlySet<number> = new Set([530, 534, 535, 538]);

function judgeFailure(error: unknown): DeliveryResult {
  const reason = oneLine(error instanceof Error ? error.message : String(error), 300);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reply = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : Number.NaN;
  if (code === 'EAUTH' || MENDABLE_REPLIES.has(reply))
    return retry(`the mail server refused our login: ${reason}`);
  // Only what is said of this letter is final; a refusal of STARTTLS or of our greeting says nothing about it.
  const command = error instanceof Error && 'command' in error ? String(error.command) : '';
  const ofLetter =
    /^(MAIL FROM|RCPT TO|DATA|API)$/.test(command) || code === 'EENVELOPE' || code === 'EMESSAGE';
  if (ofLetter && (Number.isNaN(reply) ? code === 'EENVELOPE' : reply >= 500))
    return { kind: 'rejected', reason };
  return retry(reason);
}

function retry(reason: string): DeliveryResult {
  return { kind: 'retry', reason, afterMs: null };
}
