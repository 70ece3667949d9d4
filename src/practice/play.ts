import type { ServerResponse } from 'node:http';
import type { Script } from './script.ts';

const COMMENT_EVERY_MS = 1000;

/** Sends a script in its own time. All timers start at once, so that a late one delays none of the others. */
export function play(script: Script, response: ServerResponse): void {
  const timers: NodeJS.Timeout[] = [];
  const after = (atUs: number, act: () => void): void => {
    timers.push(setTimeout(act, Math.round(atUs / 1000)));
  };
  response.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
  response.on('error', () => response.destroy());
  if (script.headersAtUs === null) return;

  const open = (): void => {
    if (!response.headersSent) response.writeHead(script.status, script.headers).flushHeaders();
  };
  // What is due in the same millisecond leaves in one piece, as it would from a busy gateway.
  let frame = 0;
  let isOpening = false;
  const { frames, ending } = script;
  while (frame < frames.length) {
    const dueMs = Math.round((frames[frame]?.atUs ?? 0) / 1000);
    let text = '';
    let isLast = false;
    for (; frame < frames.length && Math.round((frames[frame]?.atUs ?? 0) / 1000) === dueMs; frame += 1) {
      text += frames[frame]?.text ?? '';
      isLast = frame === frames.length - 1;
    }
    const ends = isLast && ending.kind === 'complete' && Math.round(ending.atUs / 1000) === dueMs;
    if (!isOpening && dueMs > Math.round(script.headersAtUs / 1000)) after(script.headersAtUs, open);
    isOpening = true;
    after(dueMs * 1000, () => {
      if (!response.headersSent) response.writeHead(script.status, script.headers);
      if (ends) response.end(text);
      else response.write(text);
    });
  }
  if (!isOpening) after(script.headersAtUs, open);
  switch (ending.kind) {
    case 'complete':
      after(ending.atUs, () => response.end());
      break;
    case 'broken':
      after(ending.atUs, () => response.destroy());
      break;
    case 'never':
      if (ending.comments) timers.push(setInterval(() => response.write(': ping\n\n'), COMMENT_EVERY_MS));
      break;
  }
}
