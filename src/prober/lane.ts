import { isIP, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext, TLSSocket } from 'node:tls';
// These two files alone: loading all of undici takes 6 MB for as long as the service runs.
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import type { Connection } from '../domain/measure/observation.ts';
import { monotonicMs } from './monotonic.ts';
import { lookupName } from './name-lookup.ts';

/** How connections are made. */
export type ConnectSettings = {
  /** Resolves names; the system's resolver unless a test needs another. */
  readonly lookup?: LookupFunction;
  /** Certificates to trust beside the platform's, in PEM. */
  readonly ca?: string | readonly string[];
  /** How long an idle connection is kept open. A server's own hint may shorten it. */
  readonly idleMs: number;
  /** Give up on one address of several after this long, and try the next. */
  readonly attemptTimeoutMs: number;
};

export const DEFAULT_CONNECT: ConnectSettings = {
  // Longer than any sensible probing interval, shorter than the 350 s after which common NATs forget a connection.
  idleMs: 300_000,
  // The platform's 250 ms aborts the handshake with every gateway that is farther away (nodejs/node#54359).
  attemptTimeoutMs: 2_500,
};

/**
 * What TLS connections trust. Made once: reading the platform's certificates takes tens of milliseconds, which belong to
 * no gateway. It keeps no sessions, so a cold connection stays cold.
 */
export function trustOf({ ca }: ConnectSettings): SecureContext {
  if (ca === undefined) return createSecureContext();
  return createSecureContext({
    ca: [...getCACertificates('default'), ...(typeof ca === 'string' ? [ca] : ca)],
  });
}

/** When the steps of a new connection were taken, on the monotonic clock, ms; `null` = not taken. */
export type ConnectTimes = {
  dnsStart: number | null;
  dnsEnd: number | null;
  dnsFailed: boolean;
  tcp: number | null;
  connected: number | null;
  addresses: string[];
};

/** One HTTP client with at most one connection, used by one probe at a time. */
export type Lane = {
  readonly client: Client;
  socket: Socket | null;
  /** Told once per connection, because a closed socket has forgotten it and asking for a certificate is slow. */
  peer: Pick<Connection, 'remoteAddress' | 'localPort' | 'alpn' | 'tlsProtocol' | 'certificate'>;
  /** Steps of the connection made for the probe now running; `null` if it found one open. */
  connecting: ConnectTimes | null;
  /** Bytes the socket had read when the running probe began. */
  bytesBefore: number;
  onSocketClosed: (() => void) | null;
};

/** Response headers larger than this are refused. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Opens nothing yet: the connection is made by the first request.
 *
 * undici passes its own connection options on only when it builds the connector itself, so all of them are given here.
 */
export function createLane(
  origin: string,
  http2: boolean,
  cold: boolean,
  settings: ConnectSettings,
  secureContext: SecureContext | undefined,
): Lane {
  const times = (): ConnectTimes | null => lane.connecting;
  const timedLookup = timeLookup(settings.lookup ?? lookupName, times);
  const connect = buildConnector({
    allowH2: http2,
    // A resumed TLS session is no cold start.
    maxCachedSessions: cold ? 0 : 100,
    // Our own deadlines decide; 0 turns the connector's coarse timer off.
    timeout: 0,
    lookup: timedLookup,
    // Verified by `refusalOf` before anything is sent: so a refused certificate can be shown as evidence, which the
    // platform's own refusal throws away.
    rejectUnauthorized: false,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: settings.attemptTimeoutMs,
    secureContext,
  } as Parameters<typeof buildConnector>[0]);
  const client = new Client(origin, {
    allowH2: http2,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: settings.idleMs,
    keepAliveMaxTimeout: settings.idleMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect(options, callback) {
      const made: ConnectTimes = {
        dnsStart: null,
        dnsEnd: null,
        dnsFailed: false,
        tcp: null,
        connected: null,
        addresses: isIP(options.hostname) ? [options.hostname] : [],
      };
      lane.connecting = made;
      lane.peer = NO_PEER;
      // The types promise nothing, but the connector returns the socket it is connecting.
      const socket = (connect as unknown as (o: typeof options, cb: typeof callback) => Socket)(
        options,
        (...result) => {
          const [error, connected] = result;
          if (error !== null) return callback(error, null);
          if (connected instanceof TLSSocket) {
            lane.peer = { ...lane.peer, ...tlsFacts(connected) };
            const refusal = refusalOf(connected);
            if (refusal !== null) {
              connected.destroy();
              return callback(refusal, null);
            }
          }
          made.connected = monotonicMs();
          callback(null, connected);
        },
      );
      lane.socket = socket;
      lane.bytesBefore = 0;
      // Before the connector's own listener, which for plain HTTP already calls back.
      socket.prependOnceListener('connect', () => {
        made.tcp = monotonicMs();
        lane.peer = { ...lane.peer, ...tcpFacts(socket) };
      });
      socket.once('close', () => {
        if (lane.socket === socket) lane.onSocketClosed?.();
      });
    },
  });
  // Errors reach the request they belong to; between requests a lost connection is no error.
  client.on('disconnect', () => {});
  const lane: Lane = {
    client,
    socket: null,
    peer: NO_PEER,
    connecting: null,
    bytesBefore: 0,
    onSocketClosed: null,
  };
  return lane;
}

function timeLookup(lookup: LookupFunction, times: () => ConnectTimes | null): LookupFunction {
  return (hostname, options, callback) => {
    const made = times();
    if (made !== null) made.dnsStart = monotonicMs();
    lookup(hostname, options, (error, address, family) => {
      if (made !== null) {
        made.dnsEnd = monotonicMs();
        made.dnsFailed = error !== null && error !== undefined;
        if (!made.dnsFailed) made.addresses = addressList(address);
      }
      callback(error, address, family);
    });
  };
}

function addressList(address: string | readonly { address: string }[]): string[] {
  const list = typeof address === 'string' ? [address] : address.map((entry) => entry.address);
  return list.slice(0, 16);
}

/** What is known about the connection a probe used. */
export function describeConnection(lane: Lane): Connection {
  const { socket, connecting, peer } = lane;
  return {
    reused: connecting === null && socket !== null,
    ...peer,
    tlsResumed:
      connecting?.connected != null && socket instanceof TLSSocket ? socket.isSessionReused() : null,
    addresses: connecting?.addresses ?? [],
  };
}

const NO_PEER: Lane['peer'] = {
  remoteAddress: null,
  localPort: null,
  alpn: null,
  tlsProtocol: null,
  certificate: null,
};

function tcpFacts(socket: Socket): Pick<Lane['peer'], 'remoteAddress' | 'localPort'> {
  const { remoteAddress, remotePort, localPort } = socket;
  if (remoteAddress === undefined) return { remoteAddress: null, localPort: null };
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return { remoteAddress: `${host}:${remotePort}`, localPort: localPort ?? null };
}

function tlsFacts(socket: TLSSocket): Pick<Lane['peer'], 'alpn' | 'tlsProtocol' | 'certificate'> {
  return {
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    tlsProtocol: socket.getProtocol(),
    certificate: certificateOf(socket),
  };
}

function certificateOf(socket: TLSSocket): Connection['certificate'] {
  const certificate = socket.getPeerCertificate();
  // An empty object if the peer showed none, or if the session was resumed.
  if (certificate === null || certificate.fingerprint256 === undefined) return null;
  const subject = certificate.subject?.CN ?? certificate.subjectaltname ?? '';
  return {
    subject: String(subject).slice(0, 256),
    validTo: certificate.valid_to,
    fingerprint: certificate.fingerprint256,
  };
}

/** The platform checks chain, dates and host name also where it does not act on the result: here it is acted on. */
function refusalOf(socket: TLSSocket): Error | null {
  if (socket.authorized) return null;
  const reason = String(socket.authorizationError ?? 'certificate refused');
  return Object.assign(new Error(`certificate refused: ${reason}`), { code: reason });
}
