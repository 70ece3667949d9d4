import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stableHash } from '../domain/time/schedule.ts';
import { PRACTICE_MODELS, type PracticeModel } from './models.ts';
import { play } from './play.ts';
import { createReception } from './reception.ts';
import { refuse } from './refusal.ts';
import type { Timetable } from './timetable.ts';

export type PracticeGatewayOptions = {
  /** 0 = any free port. */
  readonly port: number;
  readonly seed: number;
  /** Epoch ms. Decides which incidents are in force; the pace of answers does not depend on it. */
  readonly now: () => number;
  readonly timetable: Timetable;
  /** Where the timetable begins, epoch ms; the start of the gateway unless given. */
  readonly originAt?: number;
  readonly models?: readonly PracticeModel[];
  /** The limit of each key; `null` or absent = none. */
  readonly requestsPerMinute?: { readonly standard?: number | null; readonly pro?: number | null };
};

export type PracticeGateway = {
  /** `http://127.0.0.1:PORT/v1`, the base URL of the OpenAI-compatible interface. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection and frees the port. */
  readonly close: () => Promise<void>;
};

const MOST_BODY_BYTES = 1 << 20;

/** Longer than the usual probe interval, as on gateways behind a load balancer. */
const KEEP_ALIVE_MS = 75_000;

/**
 * An OpenAI-compatible server on loopback that misbehaves to order: by its timetable, or for one request by the header
 * `x-practice-behaviour`. Rejects with the system's error if the port is taken.
 */
export async function startPracticeGateway(options: PracticeGatewayOptions): Promise<PracticeGateway> {
  const receive = createReception({
    seed: options.seed,
    timetable: options.timetable,
    originAt: options.originAt ?? options.now(),
    models: options.models ?? PRACTICE_MODELS,
    requestsPerMinute: {
      standard: options.requestsPerMinute?.standard ?? null,
      pro: options.requestsPerMinute?.pro ?? null,
    },
    // Ids must not repeat when the gateway starts again, or a reader would take a new answer for a cached one.
    idPrefix: `${stableHash(`${options.seed}\n${options.now()}`).toString(36)}`,
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (body === 'broken') return;
    if (body === 'too large') {
      const refusal = {
        status: 413,
        message: 'The body is too large.',
        type: 'invalid_request_error',
        code: null,
      };
      play(refuse(refusal, { 'x-probity-practice': 'true', connection: 'close' }), response);
      return;
    }
    play(
      receive({
        method: request.method ?? 'GET',
        url: request.url ?? '/',
        authorization: request.headers.authorization ?? null,
        order: single(request.headers['x-practice-behaviour']),
        body,
        at: Math.floor(options.now()),
      }),
      response,
    );
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(request, response).catch((cause: unknown) => {
      // A bug must not leave the caller waiting; the process decides what becomes of it.
      response.destroy();
      server.emit('error', cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function single(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_BODY_BYTES) {
        request.pause();
        resolve('too large');
      } else {
        parts.push(part);
      }
    });
    request.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.on('error', () => resolve('broken'));
    request.on('close', () => resolve('broken'));
  });
}
