import type { Command } from 'commander';
import { ALERTS } from '../domain/alert/alert.ts';
import { recipientId } from '../domain/alert/alert-policy.ts';
import { extentOf } from '../domain/alert/extent.ts';
import { activeCells, type Incident } from '../domain/alert/incident.ts';
import { placeOf } from '../domain/alert/message.ts';
import { counted, duration, minuteUtc } from '../domain/wording.ts';
import type { Delivery, OutboxSummary } from '../store/store.ts';
import { findIncident } from './find-incident.ts';
import { readDuration } from './moment.ts';
import { openData, openDataToRead } from './open-data.ts';
import type { World } from './world.ts';

type Options = {
  readonly data: string;
  readonly since: string;
  readonly retryDead?: boolean;
  readonly json?: boolean;
};

/** `probity incidents`: what is going on, what was, who was told, and what could not be delivered. */
export function registerIncidents(program: Command, world: World): void {
  program
    .command('incidents')
    .description('list incidents, or tell the story of one; undelivered messages are listed too')
    .argument('[incident]', 'its id, or any part of it that fits only one')
    .option('--since <duration>', 'how far back to list closed ones', '7d')
    .option('--retry-dead', 'give messages that were given up on another life')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  probity incidents --since 30d\n  probity incidents 20261103-0a3f9kz',
    )
    .action((wanted: string | undefined, options: Options) => incidents(wanted, options, world));
}

async function incidents(wanted: string | undefined, options: Options, world: World): Promise<void> {
  const store = options.retryDead === true ? openData(options.data) : openDataToRead(options.data);
  try {
    const now = world.now();
    const dead = await store.readDeliveries({ state: 'dead', limit: 1_000 });
    if (options.retryDead === true) {
      for (const { message, recipient } of dead) await store.reviveDelivery(message.key, recipient, now);
      world.out(`tried again: ${counted(dead.length, 'message')}\n`);
      return;
    }
    if (wanted !== undefined) {
      const incident = await findIncident(store, wanted);
      const events = await store.readIncidentEvents(incident.id);
      const deliveries = await store.readDeliveries({ incident: incident.id });
      if (options.json === true) world.out(`${JSON.stringify({ incident, events, deliveries }, null, 2)}\n`);
      else {
        world.out(`${line(incident, now)}\n`);
        for (const cell of incident.cells) {
          world.out(`  ${cell.recoveredAt === null ? 'x ' : 'ok'} ${cell.cell}: ${cell.facts.finding}\n`);
        }
        for (const { at, kind, who, note } of events) {
          world.out(
            `  ${minuteUtc(at)}  ${kind}${who === null ? '' : ` by ${who}`}${note === '' ? '' : `: ${note}`}\n`,
          );
        }
        for (const one of [...deliveries].reverse()) world.out(`  ${deliveryLine(one)}\n`);
      }
      return;
    }
    const closedSinceAt = now - readDuration(options.since, '--since');
    const list = await store.readIncidents({ closedSinceAt });
    const outbox = await store.readOutbox();
    if (options.json === true) world.out(`${JSON.stringify({ incidents: list, outbox, dead }, null, 2)}\n`);
    else {
      world.out(list.length === 0 ? 'no incidents\n' : `${list.map((one) => line(one, now)).join('\n')}\n`);
      world.out(outboxText(outbox, dead));
    }
  } finally {
    await store.close();
  }
}

function line(incident: Incident, now: number): string {
  const active = activeCells(incident);
  const cells = (active.length > 0 ? active : incident.cells).map(({ cell }) => cell);
  const place = placeOf(extentOf(cells, incident.siblings));
  const lasted = duration((incident.closedAt ?? now) - incident.startedAt);
  const taken = incident.acknowledgement === null ? '' : `, ${incident.acknowledgement.who} looks after it`;
  return `${incident.id}  ${incident.phase.padEnd(10)}  ${incident.severity.padEnd(6)}  ${ALERTS[incident.kind].label}: ${place}, since ${minuteUtc(incident.startedAt)} (${lasted})${taken}`;
}

function deliveryLine({ message, recipient, state, attempts, lastError, doneAt }: Delivery): string {
  const when = doneAt === null ? '' : ` ${minuteUtc(doneAt)}`;
  const error = lastError === null || state === 'sent' ? '' : `: ${lastError}`;
  return `${message.topic} to ${recipientId(recipient)}: ${state}${when} (${attempts} tries)${error}`;
}

function outboxText({ counts }: OutboxSummary, dead: readonly Delivery[]): string {
  const waiting = counts.pending + counts.leased;
  const lines = waiting === 0 ? [] : [`on the way: ${counted(waiting, 'message')}`];
  lines.push(...dead.map((one) => `given up: ${deliveryLine(one)}`));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
