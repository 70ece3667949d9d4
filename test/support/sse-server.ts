import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type SseServer = {
  /** The gateway's base URL. */
  readonly url: string;
  /** Arrival of every request, epoch ms. */
  readonly arrivals: number[];
  /** What to answer from now on; by default a right answer. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  readonly close: () => Promise<void>;
};

/** A gateway in a few lines: streams the right answer at once, or whatever it is told to. */
export async function startSseServer(): Promise<SseServer> {
  const arrivals: number[] = [];
  const server = createServer((request, response) => {
    arrivals.push(Date.now());
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () =>
      sseServer.answer(response, Object.assign(request, { text: Buffer.concat(parts).toString() })),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sseServer: SseServer = {
    url: `http://127.0.0.1:${port}/v1`,
    arrivals,
    answer: rightAnswer,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return sseServer;
}

/** The sum that the prompt asks for, as a stream of two tokens. */
export function rightAnswer(response: ServerResponse, request: IncomingMessage): void {
  const { text = '' } = request as IncomingMessage & { text?: string };
  const [, a = '0', b = '0'] = /(\d+) \+ (\d+)/.exec(text) ?? [];
  const body = JSON.parse(text === '' ? '{}' : text) as { model?: string };
  const chunk = (choices: unknown, rest: object = {}): string =>
    `data: ${JSON.stringify({ id: `id-${a}-${b}-${Math.random()}`, model: body.model, choices, ...rest })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk([{ index: 0, delta: { role: 'assistant', content: '' } }]));
  response.write(chunk([{ index: 0, delta: { content: `${Number(a) + Number(b)}` } }]));
  response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  response.write(chunk([], { usage: { prompt_tokens: 20, completion_tokens: 5 } }));
  response.end('data: [DONE]\n\n');
}
