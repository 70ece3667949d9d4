import type { ServerResponse } from 'node:http';
import { COMMENT, COMMENT_EVERY_MS, type Script } from './script.ts';

type Step = { readonly dueMs: number; readonly act: () => void };

/** Sends a script in its own time. */
export function play(script: Script, response: ServerResponse): void {
  response.on('error', () => response.destroy());
  if (script.headersAtUs === null) return;
  const timers = follow(stepsOf(script, response, script.headersAtUs));
  if (script.ending.kind === 'never' && script.ending.comments) {
    timers.push(setInterval(() => response.write(COMMENT), COMMENT_EVERY_MS));
  }
  response.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
}

/** What is due in the same millisecond leaves in one piece, as it would from a busy gateway. */
function stepsOf(script: Script, response: ServerResponse, headersAtUs: number): Step[] {
  const steps: Step[] = [];
  const open = (): void => {
    if (!response.headersSent) response.writeHead(script.status, script.headers);
  };
  const { frames, ending } = script;
  const headersDueMs = wholeMs(headersAtUs);
  const firstDueMs = frames[0] === undefined ? Number.POSITIVE_INFINITY : wholeMs(frames[0].atUs);
  if (headersDueMs < firstDueMs) {
    steps.push({
      dueMs: headersDueMs,
      act: () => {
        open();
        response.flushHeaders();
      },
    });
  }
  for (let index = 0; index < frames.length; ) {
    const dueMs = wholeMs(frames[index]?.atUs ?? 0);
    let text = '';
    for (; index < frames.length && wholeMs(frames[index]?.atUs ?? 0) === dueMs; index += 1) {
      text += frames[index]?.text ?? '';
    }
    const isEnd = index === frames.length && ending.kind === 'complete' && wholeMs(ending.atUs) === dueMs;
    steps.push({
      dueMs,
      act: () => {
        open();
        if (isEnd) response.end(text);
        else response.write(text);
      },
    });
  }
  if (ending.kind === 'complete') steps.push({ dueMs: wholeMs(ending.atUs), act: () => response.end() });
  if (ending.kind === 'broken') {
    // What was said before leaves first, also when the line breaks in the same millisecond.
    const breakOff = (): void => {
      const { socket } = response;
      if (socket === null) response.destroy();
      else socket.destroySoon();
    };
    steps.push({ dueMs: wholeMs(ending.atUs), act: () => setImmediate(breakOff) });
  }
  return steps;
}

function wholeMs(us: number): number {
  return Math.round(us / 1000);
}

/**
 * Takes all steps in their order. Each has its own timer from the start, so that a late one delays none of the others.
 * Timers of different lengths may fire out of order on a busy loop, so each takes whatever is before it first.
 */
function follow(steps: readonly Step[]): NodeJS.Timeout[] {
  let taken = 0;
  return steps.map(({ dueMs }, index) =>
    setTimeout(() => {
      for (; taken <= index; taken += 1) steps[taken]?.act();
    }, dueMs),
  );
}
