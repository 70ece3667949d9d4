import type { ProbeFn } from '../domain/measure/attempt.ts';
import type { Observation } from '../domain/measure/observation.ts';
import type { Gateway } from '../domain/measure/probe.ts';
import { type Discovery, discover } from './discover.ts';
import { type Running, runExchange } from './exchange.ts';
import { addressOf } from './gateway-kinds.ts';
import { type ConnectSettings, DEFAULT_CONNECT } from './lane.ts';
import { createLanes } from './lanes.ts';
import { createLoopWatch } from './loop-watch.ts';
import { microsSince, monotonicMs } from './monotonic.ts';
import { observe } from './observe.ts';
import { createQuietCollection } from './quiet-collection.ts';
import { type Cleaner, createCleaner, secretHeaderValues } from './redact.ts';
import { clientRequestId, requestOf } from './request.ts';
import { practiceExchange } from './warm-up.ts';

export type ProberOptions = {
  /** Epoch ms. Only compared with itself: it places nothing and times nothing. */
  readonly wallClock: () => number;
  /** A TCP and TLS handshake that takes longer has failed, even if the first token would have had more time. */
  readonly connectTimeoutMs?: number;
  readonly connect?: Partial<ConnectSettings>;
  readonly userAgent?: string;
};

export type Prober = {
  readonly probe: ProbeFn;
  /**
   * Runs every code path of a probe once against a server of its own on loopback. The first exchange of a process
   * costs tens of milliseconds (TLS context, parser compilation), which would otherwise be charged to a gateway.
   */
  warmUp(): Promise<void>;
  /** The ids of `GET /models`, or why there are none. Never rejects for what the gateway does. */
  discoverModels(gateway: Gateway, secret: string | null, signal?: AbortSignal): Promise<Discovery>;
  /** The longest block of this thread since this was last asked, whole µs. */
  takeLongestBlockUs(): number;
  /** Closes idle connections, so that every series connects anew. */
  forgetConnections(): void;
  /** Cancels what is running (its observations say so) and closes all connections. */
  close(): Promise<void>;
};

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

export function createProber(options: ProberOptions): Prober {
  const { wallClock } = options;
  const connectMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const userAgent = options.userAgent ?? 'probity';
  const lanes = createLanes({ ...DEFAULT_CONNECT, ...options.connect });
  const loop = createLoopWatch();
  const collection = createQuietCollection();
  const running = new Set<Running>();
  const cleaners = new WeakMap<Gateway, Map<string | null, Cleaner>>();
  let closed = false;

  const cleanerOf = (gateway: Gateway, secret: string | null): Cleaner => {
    let ofGateway = cleaners.get(gateway);
    if (ofGateway === undefined) {
      ofGateway = new Map();
      cleaners.set(gateway, ofGateway);
    }
    let cleaner = ofGateway.get(secret);
    if (cleaner === undefined) {
      cleaner = createCleaner([...(secret === null ? [] : [secret]), ...secretHeaderValues(gateway.headers)]);
      ofGateway.set(secret, cleaner);
    }
    return cleaner;
  };

  const probe: ProbeFn = async (attempt) => {
    const askedAt = monotonicMs();
    if (closed) throw new Error('the prober is closed');
    const { gateway, probe: asked, secret } = attempt;
    const requestId = clientRequestId(attempt);
    const request = requestOf(attempt, requestId, userAgent, connectMs);
    const { origin } = addressOf(gateway);
    const cold = asked.connection === 'cold';
    const lane = cold
      ? lanes.takeCold(origin, asked.http2)
      : attempt.freshConnection
        ? lanes.takeFresh(origin, asked.http2)
        : lanes.takeWarm(origin, secret, asked.http2);

    return new Promise<Observation>((resolve, reject) => {
      loop.begin();
      const wallBefore = wallClock();
      const waitedUs = microsSince(askedAt);
      const run = runExchange(lane, request, (exchange) => {
        const wallAfter = wallClock();
        const elapsedMs = monotonicMs() - exchange.t0;
        // One turn of the loop later its own length is known, and the HTTP client has let go of the connection.
        setImmediate(() => {
          try {
            running.delete(run);
            const loopDelayUs = loop.end(exchange.t0);
            const observation = observe(
              attempt,
              exchange,
              lane,
              {
                requestId,
                waitedUs,
                loopDelayUs,
                clockStepMs: Math.round(wallAfter - wallBefore - elapsedMs),
                endedAt: wallAfter,
              },
              cleanerOf(gateway, secret),
            );
            if (!cold && exchange.ending.kind === 'complete' && exchange.endUs !== null && !closed) {
              lanes.keep(lane, origin, secret, asked.http2);
            } else {
              lanes.destroy(lane);
            }
            resolve(observation);
          } catch (cause) {
            lanes.destroy(lane);
            reject(new Error('an exchange could not be turned into an observation', { cause }));
          }
          collection.ifFull();
        });
      });
      running.add(run);
    });
  };

  return {
    probe,
    async warmUp() {
      lanes.prepare();
      await practiceExchange(probe);
    },
    discoverModels: (gateway, secret, signal) =>
      discover(lanes, gateway, secret, cleanerOf(gateway, secret), userAgent, signal),
    takeLongestBlockUs: () => loop.takeLongestUs(),
    forgetConnections: () => lanes.forget(),
    async close() {
      closed = true;
      for (const run of [...running]) run.cancel();
      loop.close();
      collection.close();
      await lanes.close();
    },
  };
}
