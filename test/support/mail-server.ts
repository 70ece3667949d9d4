import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { SmtpSettings } from '../../src/notify/email.ts';

const TLS = join(import.meta.dirname, '../fixtures/tls');

/** A certificate of its own for `localhost` and 127.0.0.1; it protects nothing but tests. */
export const CERTIFICATE = readFileSync(join(TLS, 'localhost.cert.pem'), 'utf8');
const KEY = readFileSync(join(TLS, 'localhost.key.pem'), 'utf8');

export type Received = { readonly raw: Buffer; readonly mail: Email; readonly recipients: readonly string[] };

export type MailServer = {
  readonly settings: SmtpSettings;
  readonly received: Received[];
  readonly close: () => Promise<void>;
};

/** What the server does with the nth message (from 1) after its last byte; default: accept. */
export type Behaviour = {
  readonly security?: SmtpSettings['security'];
  readonly auth?: { readonly user: string; readonly password: string };
  /** An SMTP error for a recipient, or `null`. Called for every attempt. */
  readonly refuse?: (recipient: string, attempt: number) => { code: number; text: string } | null;
  /** What happens after DATA. `drop` closes the socket without an answer, although the message was taken. */
  readonly afterData?: (attempt: number) => 'accept' | 'drop' | { code: number; text: string };
  readonly port?: number;
  readonly host?: string;
  /** PEM; the self-signed one unless given. */
  readonly identity?: { readonly key: string; readonly cert: string };
};

function smtpError({ code, text }: { code: number; text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** A real SMTP server on loopback that keeps what it was given, parsed by somebody else's parser. */
export async function startMailServer(behaviour: Behaviour = {}): Promise<MailServer> {
  const security = behaviour.security ?? 'plain';
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let attempts = 0;
  let recipients = 0;
  const options: SMTPServerOptions = {
    secure: security === 'tls',
    key: behaviour.identity?.key ?? KEY,
    cert: behaviour.identity?.cert ?? CERTIFICATE,
    authOptional: behaviour.auth === undefined,
    disabledCommands: [
      ...(security === 'plain' ? ['STARTTLS'] : []),
      ...(behaviour.auth === undefined ? ['AUTH'] : []),
    ],
    allowInsecureAuth: false,
    hideSTARTTLS: security === 'plain',
    logger: false,
    onAuth(auth, _session, done) {
      const right = auth.username === behaviour.auth?.user && auth.password === behaviour.auth?.password;
      if (right) done(null, { user: auth.username ?? '' });
      else done(smtpError({ code: 535, text: 'authentication failed' }));
    },
    onRcptTo(address, _session, done) {
      recipients += 1;
      const refused = behaviour.refuse?.(address.address, recipients) ?? null;
      if (refused === null) done();
      else done(smtpError(refused));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        attempts += 1;
        const verdict = behaviour.afterData?.(attempts) ?? 'accept';
        if (verdict === 'accept' || verdict === 'drop') {
          const raw = Buffer.concat(chunks);
          const to = session.envelope.rcptTo.map((one) => one.address);
          received.push({ raw, mail: await PostalMime.parse(raw), recipients: to });
        }
        if (verdict === 'accept') done();
        else if (verdict === 'drop') for (const socket of sockets) socket.destroy();
        else done(smtpError(verdict));
      });
    },
  };
  const server = new SMTPServer(options);
  // Clients that hang up on us are what half of these tests are about.
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(behaviour.port ?? 0, behaviour.host ?? '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    settings: {
      host: 'localhost',
      port,
      security,
      auth: behaviour.auth ?? null,
      from: 'Probity <probity@watch.example>',
      ca: CERTIFICATE,
      timeoutMs: 5_000,
    },
    received,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
