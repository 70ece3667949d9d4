import type { Message } from '../../src/domain/message.ts';
import { instantUtc } from '../../src/domain/wording.ts';

/** Where a reader can go from here; `null` where there is no such place. */
export type MailLinks = {
  readonly page: string | null;
  /** Holds a secret that works once: made for one recipient when the message leaves, and never stored. */
  readonly acknowledge: string | null;
};

/** The text part: complete by itself, readable at any width. */
export function textPart(message: Message, links: MailLinks): string {
  const blocks: string[] = [];
  if (message.practice) blocks.push('PRACTICE: this gateway is simulated, and so is the trouble.');
  blocks.push(message.headline);
  if (message.facts.length > 0) {
    const width = Math.max(...message.facts.map(({ label }) => label.length));
    blocks.push(
      message.facts.map(({ label, text }) => `${`${label}:`.padEnd(width + 1)} ${text}`).join('\n'),
    );
  }
  if (message.cells.length > 1) blocks.push(cellList(message));
  if (message.failures.length > 0) {
    const lines = message.failures.map(
      ({ at, cell, what, requestId }) =>
        `- ${instantUtc(at)}  ${cell}\n  ${what}\n  request id: ${requestId ?? 'none given'}`,
    );
    blocks.push(`Last failures, newest first:\n${lines.join('\n')}`);
  }
  const places = [
    links.acknowledge === null ? null : `Acknowledge (works once):\n${links.acknowledge}`,
    links.page === null ? null : `All of it:\n${links.page}`,
  ].filter((place) => place !== null);
  blocks.push(...places);
  blocks.push('-- \nProbity. Delivered at least once: the same Message-ID is the same message.');
  return `${blocks.join('\n\n')}\n`;
}

function cellList({ cells, moreCells }: Message): string {
  const lines = cells.map(({ name, state, finding }) => {
    const mark = state === 'bad' ? 'x' : 'ok';
    return `- [${mark}] ${name}${finding === '' ? '' : `: ${finding}`}`;
  });
  if (moreCells > 0) lines.push(`- and ${moreCells} more`);
  return `Cells:\n${lines.join('\n')}`;
}
