import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

// Imported, this module brings the whole client behind `fetch` with it: megabytes that nobody here uses.
const { createServer } = process.getBuiltinModule('node:http');

export type ConnectionBounds = {
  /** Connections at once. */
  readonly most: number;
  /** Requests of one connection that are not answered to the end yet. Browsers and proxies send one after the other. */
  readonly mostUnderWay: number;
};

const DEFAULTS: ConnectionBounds = { most: 2_000, mostUnderWay: 16 };

/** Headers fit into one packet or a few; whoever needs longer than this holds a place for nothing. */
const HEADERS_WITHIN_MS = 10_000;
const CHECK_EVERY_MS = 5_000;
/** A reader that takes nothing off its answer for so long has left. */
const SILENT_MS = 60_000;

/**
 * An HTTP server that nobody can fill by doing nothing: where all places are taken, the connection that has been idle
 * longest makes room for the newcomer. A connection that piles up requests without reading the answers is cut.
 */
export function createBoundedServer(
  listener: RequestListener,
  { most, mostUnderWay }: ConnectionBounds = DEFAULTS,
): Server {
  /** Requests under way by connection, the one that changed longest ago first. */
  const underWay = new Map<Socket, number>();
  const change = (socket: Socket, by: number): number => {
    const count = (underWay.get(socket) ?? 0) + by;
    if (underWay.delete(socket)) underWay.set(socket, count);
    return count;
  };
  const options = {
    maxHeaderSize: 16_384,
    requestTimeout: 30_000,
    headersTimeout: HEADERS_WITHIN_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(options, (request, response) => {
    const { socket } = request;
    if (change(socket, 1) > mostUnderWay) {
      socket.destroy();
      return;
    }
    response.once('close', () => change(socket, -1));
    listener(request, response);
  });
  server.setTimeout(SILENT_MS);
  server.on('connection', (socket: Socket) => {
    if (underWay.size >= most) {
      const idle = underWay.entries().find(([, count]) => count === 0)?.[0];
      (idle ?? socket).destroy();
      if (idle === undefined) return;
      underWay.delete(idle);
    }
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });
  return server;
}
