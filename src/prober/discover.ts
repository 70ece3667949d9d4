import type { Gateway } from '../domain/measure/probe.ts';
import { type Running, runExchange } from './exchange.ts';
import { requestPath } from './gateway-kinds.ts';
import type { Lanes } from './lanes.ts';
import { createModelsReader } from './lists.ts';
import { OPERATION_PLANS } from './operations.ts';
import type { Cleaner } from './redact.ts';
import { requestHeaders } from './request.ts';

/** What `GET /models` gave: ids in the gateway's order, each once. */
export type Discovery =
  | { readonly kind: 'models'; readonly models: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

const DEADLINES = { firstTokenMs: 30_000, stallMs: 30_000, totalMs: 30_000 } as const;
const CONNECT_MS = 10_000;

export function discover(
  lanes: Lanes,
  gateway: Gateway,
  secret: string | null,
  clean: Cleaner,
  userAgent: string,
  signal?: AbortSignal,
): Promise<Discovery> {
  const models = new Set<string>();
  const lane = lanes.takeCold(new URL(gateway.baseUrl).origin, false);
  const plan = {
    ...OPERATION_PLANS.models,
    // A name that holds our key would stand on the page; what is too long is no name.
    reader: () => createModelsReader((id) => id.length <= 256 && clean(id, 256) === id && models.add(id)),
  };
  return new Promise((resolve) => {
    let run: Running | null = null;
    const abort = (): void => run?.cancel();
    run = runExchange(
      lane,
      {
        path: requestPath(gateway, 'models', ''),
        headers: { ...requestHeaders(gateway, secret, userAgent), accept: 'application/json' },
        body: null,
        plan,
        deadlines: DEADLINES,
        connectMs: CONNECT_MS,
      },
      (exchange) => {
        signal?.removeEventListener('abort', abort);
        setImmediate(() => lanes.destroy(lane));
        const { ending, status, reader } = exchange;
        const { error, malformed } = reader.reading;
        if (ending.kind === 'complete' && status === 200 && error === null && malformed === null) {
          resolve({ kind: 'models', models: [...models] });
          return;
        }
        resolve({ kind: 'failed', reason: clean(reasonOf(), 512) });

        function reasonOf(): string {
          if (ending.kind === 'error') return `${ending.stage} error ${ending.code}: ${ending.message}`;
          if (ending.kind !== 'complete') return `no complete answer (${ending.kind})`;
          if (status !== 200) return `status ${status}${error === null ? '' : `: ${error.message}`}`;
          return error?.message ?? malformed ?? 'no models';
        }
      },
    );
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  });
}
