import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { MISBEHAVIOURS, type Misbehaviour } from './misbehaviours.ts';

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** When the server did what, on the same monotonic clock as the prober in this process, ms. `null` = it never did. */
export type TrueTimes = {
  readonly behaviour: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  received: number;
  wroteHeaders: number | null;
  /** Just before and just after each piece that carries a token was handed to the socket. */
  readonly tokens: { before: number; after: number }[];
  ended: number | null;
};

/** What a misbehaviour does with one request. */
export type Exchange = {
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  readonly socket: Socket;
  readonly model: string;
  /** How many requests this connection has carried, this one included. */
  readonly nth: number;
  /** The right answer to the sum in the prompt. */
  readonly sum: string;
  readonly times: TrueTimes;
  head(status: number, headers?: Readonly<Record<string, string | string[]>>): void;
  /** Writes a piece of the body, and notes it as a token if `token` is true. */
  write(piece: string | Buffer, token?: boolean): void;
  end(piece?: string): void;
  /** Lets what was written so far leave in a packet of its own. */
  pause(ms?: number): Promise<void>;
};

export type MisbehavingGateway = {
  /** The base URL under which requests are answered with the named behaviour. */
  url(behaviour: Misbehaviour): string;
  readonly port: number;
  /** What happened so far, oldest first. */
  readonly requests: readonly TrueTimes[];
  close(): Promise<void>;
};

export type GatewayOptions = {
  /** The certificate to show; plain HTTP without one. */
  readonly certificate?: 'good' | 'expired' | 'stranger';
  readonly http2?: boolean;
  /** Keeps a new connection waiting this long before TLS may begin; `Infinity` = for ever. */
  readonly tlsDelayMs?: number;
  readonly host?: string;
};

export function testCertificate(name: string): string {
  return readFileSync(join(import.meta.dirname, '../fixtures/tls', name), 'utf8');
}

/** Starts a real server on loopback that answers `/<behaviour>/v1/…` as that behaviour does. */
export async function startMisbehavingGateway(options: GatewayOptions = {}): Promise<MisbehavingGateway> {
  const requests: TrueTimes[] = [];
  const sockets = new Set<Socket>();
  const carried = new WeakMap<Socket, number>();
  const pending = new Set<NodeJS.Timeout>();

  const answer = async (request: AnyRequest, response: AnyResponse): Promise<void> => {
    const received = performance.now();
    const socket = rawSocket(request);
    const nth = (carried.get(socket) ?? 0) + 1;
    carried.set(socket, nth);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const name = request.url?.split('/')[1] ?? '';
    const times: TrueTimes = {
      behaviour: name,
      path: request.url ?? '',
      headers: request.headers,
      body,
      received,
      wroteHeaders: null,
      tokens: [],
      ended: null,
    };
    requests.push(times);
    await MISBEHAVIOURS[name as Misbehaviour]?.({
      request,
      response,
      socket,
      nth,
      times,
      model: /"model":"([^"]*)"/.exec(body)?.[1] ?? 'm',
      sum: sumIn(body),
      head(status, headers = {}) {
        times.wroteHeaders = performance.now();
        (response as ServerResponse).writeHead(status, headers);
        if ('flushHeaders' in response) response.flushHeaders();
      },
      write(piece, token = false) {
        const before = performance.now();
        (response as ServerResponse).write(piece);
        if (token) times.tokens.push({ before, after: performance.now() });
      },
      end(piece) {
        times.ended = performance.now();
        (response as ServerResponse).end(piece);
      },
      pause: (ms = 15) =>
        new Promise((resolve) => {
          const timer = setTimeout(() => {
            pending.delete(timer);
            resolve();
          }, ms);
          pending.add(timer);
        }),
    });
  };
  const onRequest = (request: AnyRequest, response: AnyResponse): void => {
    // A prober that hangs up in the middle is part of the game.
    response.on('error', () => {});
    answer(request, response).catch(() => {});
  };

  const server = createListener(options, onRequest);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  const front =
    options.tlsDelayMs === undefined ? server : delayedFront(server, options.tlsDelayMs, sockets, pending);
  front.listen(0, options.host ?? '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  const scheme = options.certificate === undefined ? 'http' : 'https';

  return {
    url: (behaviour) => `${scheme}://${options.host ?? '127.0.0.1'}:${port}/${behaviour}/v1`,
    port,
    requests,
    async close() {
      for (const timer of pending) clearTimeout(timer);
      const closed = once(front, 'close');
      front.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function createListener(
  options: GatewayOptions,
  onRequest: (request: AnyRequest, response: AnyResponse) => void,
): Server {
  if (options.certificate === undefined) return createServer({ maxHeaderSize: 1024 * 1024 }, onRequest);
  const identity = {
    cert: testCertificate(`${options.certificate}.pem`),
    key: testCertificate(`${options.certificate}.key`),
  };
  if (options.http2 === true) return createSecureServer({ ...identity, allowHTTP1: true }, onRequest);
  return createHttpsServer(identity, onRequest);
}

/** A door in front of a TLS server which lets nobody in at once. */
function delayedFront(
  server: Server,
  delayMs: number,
  sockets: Set<Socket>,
  pending: Set<NodeJS.Timeout>,
): Server {
  return createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    if (delayMs === Number.POSITIVE_INFINITY) return;
    pending.add(setTimeout(() => server.emit('connection', socket), delayMs));
  });
}

function rawSocket(request: AnyRequest): Socket {
  // Over HTTP/2 the visible socket is a proxy that forbids what we are here for.
  const stream = 'stream' in request ? request.stream : null;
  return stream?.session?.socket ?? request.socket;
}

function sumIn(body: string): string {
  const terms = /(\d+) \+ (\d+)/.exec(body);
  return terms === null ? '0' : String(Number(terms[1]) + Number(terms[2]));
}
