import type { Message } from '../../src/domain/alert/message.ts';
import { instantUtc } from '../../src/domain/wording.ts';
import { groupFailures } from './failure-groups.ts';

/** Where a reader can go from here; `null` where there is no such place. */
export type MailLinks = {
  readonly page: string | null;
  /** Holds a secret that works once: made for one recipient when the message leaves, and never stored. */
  readonly acknowledge: string | null;
};

/** The text part: complete by itself, readable at any width. */
export function textPart(message: Message, links: MailLinks): string {
  const blocks: string[] = [];
  if (message.advice !== '') blocks.push(message.advice);
  blocks.push(message.headline);
  if (message.practice) blocks.push('PRACTICE: this gateway is simulated, and so is the trouble.');
  if (message.facts.length > 0) {
    const width = Math.max(...message.facts.map(({ label }) => label.length));
    blocks.push(
      message.facts.map(({ label, text }) => `${`${label}:`.padEnd(width + 1)} ${text}`).join('\n'),
    );
  }
  if (links.acknowledge !== null) blocks.push(`Acknowledge (works once):\n${links.acknowledge}`);
  if (links.page !== null) blocks.push(`All of it:\n${links.page}`);
  if (message.cells.length > 1) blocks.push(cellList(message));
  if (message.failures.length > 0) blocks.push(failureList(message));
  blocks.push('-- \nProbity sends a message at least once; a second copy has the same Message-ID.');
  return `${blocks.join('\n\n')}\n`;
}

function failureList({ failures }: Message): string {
  const groups = groupFailures(failures).map(({ cell, what, requests }) => {
    const lines = requests.map(({ at, requestId }) => `  ${instantUtc(at)}  ${requestId ?? 'no request id'}`);
    return `${cell}\n${what}\n${lines.join('\n')}`;
  });
  return `Last failures, newest first:\n${groups.join('\n')}`;
}

function cellList({ cells, moreCells }: Message): string {
  const lines = cells.map(({ name, state, finding }) => {
    const mark = state === 'bad' ? 'x' : 'ok';
    return `- [${mark}] ${name}${finding === '' ? '' : `: ${finding}`}`;
  });
  if (moreCells > 0) lines.push(`- and ${moreCells} more`);
  return `Cells:\n${lines.join('\n')}`;
}
