import type { RequestHandler } from 'express';
import type { WebContext } from './context.ts';

const LOOK_EVERY_MS = 1_000;
/** Proxies close a connection that says nothing; a comment is enough to keep it. */
const COMMENT_EVERY_LOOKS = 15;
const MAX_READERS = 500;

/** `GET /api/v1/stream`: server-sent events, one `edition` event whenever there is something new to see. */
export function streamRoute({ board, log }: WebContext): RequestHandler {
  const readers = new Set<(text: string) => void>();
  let isLooking = false;
  let lastNo = 0;
  let looks = 0;

  const look = async (): Promise<void> => {
    // Nobody is there any more, and perhaps no store either.
    if (readers.size === 0) {
      isLooking = false;
      return;
    }
    try {
      looks += 1;
      const { no, view } = await board.read();
      if (no !== lastNo) {
        lastNo = no;
        for (const tell of readers) tell(eventOf(no, view.at));
      } else if (looks % COMMENT_EVERY_LOOKS === 0) {
        for (const tell of readers) tell(': still here\n\n');
      }
    } catch (error) {
      log.error({ err: error, path: '/api/v1/stream' }, 'the store cannot be read');
    } finally {
      isLooking = readers.size > 0;
      if (isLooking) setTimeout(look, LOOK_EVERY_MS);
    }
  };

  return (request, response) => {
    if (readers.size >= MAX_READERS) {
      response.status(503).set('Retry-After', '30').end();
      return;
    }
    response.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.write('retry: 5000\n\n');
    // A reader that does not read is dropped instead of being remembered.
    const tell = (text: string): void => {
      if (response.writableLength > 65_536) response.destroy();
      else response.write(text);
    };
    readers.add(tell);
    response.on('close', () => readers.delete(tell));
    if (isLooking) return;
    isLooking = true;
    setTimeout(look, LOOK_EVERY_MS);
  };
}

function eventOf(no: number, at: number): string {
  return `event: edition\nid: ${no}\ndata: ${JSON.stringify({ no, at })}\n\n`;
}
