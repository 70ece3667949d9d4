import { createServer } from 'node:http';

/** A gateway without faults: the first token after 200 ms, the end after 400 ms, always. Also the witness, at `/health`. */
const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ id: `a${Math.random()}`, object: 'chat.completion.chunk', model: 'steady', ...fields })}\n\n`;

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  request.resume();
  if (request.url === '/health') {
    response.end('ok');
    return;
  }
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    setTimeout(() => {
      response.write(chunk({ choices: [{ index: 0, delta: { content: 'steady' } }] }));
    }, 200);
    setTimeout(() => {
      response.write(chunk({ choices: [{ index: 0, delta: { content: '.' }, finish_reason: 'stop' }] }));
      response.write(
        chunk({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } }),
      );
      response.end('data: [DONE]\n\n');
    }, 400);
  });
});
const port = Number(process.argv[2]);
server.listen(port, '127.0.0.1', () => process.stdout.write('listening\n'));
