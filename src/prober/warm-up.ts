import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Attempt, ProbeFn } from '../domain/measure/attempt.ts';
import { OPERATIONS, type Operation } from '../domain/measure/probe.ts';

// Imported, this module brings the whole client behind `fetch` with it.
const { createServer } = process.getBuiltinModule('node:http');

const CHUNK = { choices: [{ index: 0, delta: { role: 'assistant', content: 'ok' }, finish_reason: null }] };
const LAST = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { completion_tokens: 1 } };
const STREAM = `: ping\n\ndata: ${JSON.stringify(CHUNK)}\n\ndata: ${JSON.stringify(LAST)}\n\ndata: [DONE]\n\n`;
const ROUNDS = 3;

/** Sends every operation, cold and warm, to a server that lives only for this. What comes back is of no interest. */
export async function practiceExchange(probe: ProbeFn): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(STREAM);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const operation of OPERATIONS) {
        for (const connection of ['cold', 'warm'] as const) {
          await probe(attemptAt(`http://127.0.0.1:${port}`, operation, connection, round));
        }
      }
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function attemptAt(
  baseUrl: string,
  operation: Operation,
  connection: 'cold' | 'warm',
  round: number,
): Attempt {
  return {
    gateway: { id: 'warm-up', baseUrl, kind: 'generic', headers: {}, control: null, practice: true },
    secret: null,
    target: {
      id: 'warm-up/none/none',
      gateway: 'warm-up',
      tier: 'none',
      model: 'none',
      requestModel: 'none',
      formerIds: [],
    },
    probe: {
      id: 'warm-up',
      operation,
      prompt: {
        id: 'warm-up',
        messages: [{ role: 'user', content: 'ok' }],
        maxTokens: 1,
        expectContains: null,
      },
      connection,
      http2: false,
      deadlines: { firstTokenMs: 5_000, stallMs: 5_000, totalMs: 5_000 },
      maxInFlight: 1,
      confirmation: { probes: 0, spacingMs: 0 },
    },
    region: 'warm-up',
    scheduledAt: round,
    purpose: 'canary',
    freshConnection: false,
  };
}
