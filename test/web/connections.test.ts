import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createBoundedServer } from '../../src/web/connections.ts';

type Rig = {
  readonly open: () => Promise<Socket>;
  /** What was handed on and not answered yet. */
  readonly waiting: ServerResponse[];
  /** How many requests were handed on. */
  readonly handed: () => number;
};

async function rig(t: TestContext, most: number, mostUnderWay: number): Promise<Rig> {
  const waiting: ServerResponse[] = [];
  let handed = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handed += 1;
    if (request.url === '/wait') waiting.push(response);
    else response.end('hello');
  };
  const server = createBoundedServer(listener, { most, mostUnderWay }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    // Taken by the server too: it is told of connections in the order in which they were made.
    await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    return socket;
  };
  return { open, waiting, handed: () => handed };
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: probity\r\n\r\n`;

async function answerTo(socket: Socket): Promise<string> {
  socket.write(request('/'));
  const [piece] = await once(socket, 'data');
  return String(piece);
}

test('where all places are taken by connections that do nothing, the one idle longest makes room', async (t) => {
  const { open } = await rig(t, 2, 16);
  const first = await open();
  const second = await open();
  assert.match(await answerTo(first), /^HTTP\/1.1 200/);
  const third = await open();
  await once(second, 'close');
  assert.match(await answerTo(third), /^HTTP\/1.1 200/);
  assert.equal(first.destroyed, false, 'who asked last stays');
});

test('whoever waits for an answer keeps the place, and the newcomer is turned away', async (t) => {
  const { open, waiting } = await rig(t, 1, 16);
  const reader = await open();
  reader.write(request('/wait'));
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const late = await open();
  await once(late, 'close');
  waiting[0]?.end('at last');
  const [piece] = await once(reader, 'data');
  assert.match(String(piece), /at last$/);
});

test('a connection that piles up requests is cut, and no more than its share was ever begun', async (t) => {
  const { open, handed } = await rig(t, 10, 4);
  const greedy = await open();
  greedy.write(request('/wait').repeat(500));
  await once(greedy, 'close');
  assert.equal(handed(), 4);
});

test('requests one after the other on one connection are all answered', async (t) => {
  const { open } = await rig(t, 10, 1);
  const reader = await open();
  for (let n = 0; n < 5; n += 1) assert.match(await answerTo(reader), /hello$/);
});
