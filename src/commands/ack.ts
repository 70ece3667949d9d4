import type { Command } from 'commander';
import { acknowledge } from '../domain/alert/transition.ts';
import { minuteUtc } from '../domain/wording.ts';
import { findIncident } from './find-incident.ts';
import { readMoment } from './moment.ts';
import { openData } from './open-data.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly data: string;
  readonly who?: string;
  readonly because: string;
  readonly until?: string;
  readonly json?: boolean;
};

/** `probity ack`: somebody looks after an incident. */
export function registerAck(program: Command, world: World): void {
  program
    .command('ack')
    .description('say that somebody looks after an incident: no reminders and no escalation until it is over')
    .argument('<incident>', 'its id, or any part of it that fits only one')
    .option('--who <name>', 'who looks after it; the user of this shell unless given')
    .option('--because <text>', 'what is known or done', '')
    .option('--until <time>', 'a time, or a duration such as 4h, after which reminders go on')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  probity ack 20261103-0a3f9kz --because "vendor is on it" --until 4h')
    .action((wanted: string, options: Options) => ack(wanted, options, world));
}

async function ack(wanted: string, options: Options, world: World): Promise<void> {
  const store = openData(options.data);
  try {
    const now = world.now();
    const who = options.who ?? userOf(world);
    const untilAt = options.until === undefined ? null : readMoment(options.until, now, '--until');
    // A round of evaluation may commit between our reading and our writing.
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const incident = await findIncident(store, wanted);
      const taken = acknowledge(incident, { who, why: options.because, at: now, untilAt });
      if (taken.kind === 'stay') throw new OperatorError(`incident ${incident.id} is over`);
      const result = await store.saveDecision({
        incidents: [taken.incident],
        events: taken.events,
        messages: [],
        spendsLink: null,
        at: now,
      });
      if (result.kind === 'conflict') continue;
      if (options.json === true) world.out(`${JSON.stringify(taken.incident, null, 2)}\n`);
      else {
        const until = untilAt === null ? '' : ` until ${minuteUtc(untilAt)}`;
        world.out(`${who} looks after ${incident.id}${until}\n`);
      }
      return;
    }
    throw new OperatorError('the incident kept changing; try again', { exitCode: 1 });
  } finally {
    await store.close();
  }
}

/** Who types; the record wants a name. */
export function userOf({ env }: World): string {
  return env.USER ?? env.LOGNAME ?? env.USERNAME ?? 'somebody';
}
