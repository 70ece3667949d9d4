import type { Command } from 'commander';
import { minuteUtc } from '../domain/wording.ts';
import type { PlannedWork } from '../store/store.ts';
import { userOf } from './ack.ts';
import { warnOfUnknownScope } from './known-scope.ts';
import { readDuration, readMoment } from './moment.ts';
import { openData } from './open-data.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly data: string;
  readonly from?: string;
  readonly to?: string;
  readonly for?: string;
  readonly announced?: string;
  readonly who?: string;
  readonly because: string;
  readonly cancel?: string;
  readonly all?: boolean;
  readonly json?: boolean;
};

const YEAR_MS = 366 * 86_400_000;

/** `probity maintenance`: planned work that the provider announced. Whether it is set aside, each contract says. */
export function registerMaintenance(program: Command, world: World): void {
  program
    .command('maintenance')
    .description(
      "enter, list or cancel a provider's planned work; each contract says whether it is set aside",
    )
    .argument('[scope]', 'gateway, gateway/tier or gateway/tier/model; without it, planned work is listed')
    .option('--from <time>', 'when it begins: a time, or a duration from now; now unless given')
    .option('--to <time>', 'when it ends')
    .option('--for <duration>', 'how long it lasts, instead of --to')
    .option('--announced <time>', 'when the provider announced it: contracts ask for notice')
    .option('--who <name>', 'who enters it; the user of this shell unless given')
    .option('--because <text>', 'what is done', '')
    .option('--cancel <number>', 'cancel the work of this number; if it has begun, it ends now')
    .option('--all', 'list cancelled and withdrawn work too: what was announced, and when')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Example:
  probity maintenance acme/pro --from 2026-11-03T22:00:00Z --for 2h --announced 2026-10-20T09:00:00Z`,
    )
    .action((scope: string | undefined, options: Options) => maintenance(scope, options, world));
}

async function maintenance(scope: string | undefined, options: Options, world: World): Promise<void> {
  const store = openData(options.data);
  try {
    const now = world.now();
    if (options.cancel !== undefined) {
      if (!(await store.cancelPlannedWork(Number(options.cancel), now))) {
        throw new OperatorError(`there is no planned work ${options.cancel} that is not over`);
      }
      world.out(`planned work ${options.cancel} is cancelled\n`);
      return;
    }
    if (scope !== undefined) {
      const fromAt = options.from === undefined ? now : readMoment(options.from, now, '--from');
      const toAt = endOf(options, fromAt, now);
      if (toAt <= fromAt) throw new OperatorError('the work would end before it begins');
      const announcedAt =
        options.announced === undefined ? null : readMoment(options.announced, now, '--announced');
      if (announcedAt !== null && announcedAt > now) {
        throw new OperatorError('--announced: that is still to come; say when it was announced');
      }
      await store.addPlannedWork({
        scope,
        fromAt,
        toAt,
        announcedAt,
        who: options.who ?? userOf(world),
        reason: options.because,
        enteredAt: now,
      });
      await warnOfUnknownScope(store, scope, world);
    }
    const work = await store.readPlannedWork(
      now - YEAR_MS,
      now + YEAR_MS,
      options.all === true ? 'all' : 'in force',
    );
    if (options.json === true) world.out(`${JSON.stringify(work, null, 2)}\n`);
    else if (work.length === 0) world.out('no work is planned\n');
    else {
      for (const one of work) {
        world.out(`${lineOf(one, now)}\n`);
      }
    }
  } finally {
    await store.close();
  }
}

function lineOf(work: PlannedWork, now: number): string {
  const { no, scope, fromAt, toAt, plannedToAt, announcedAt, cancelledAt, enteredAt, who, reason } = work;
  const state =
    cancelledAt !== null && cancelledAt <= fromAt
      ? `cancelled ${minuteUtc(cancelledAt)}`
      : toAt <= now
        ? 'over'
        : fromAt <= now
          ? 'now'
          : 'to come';
  const announced = announcedAt === null ? '' : `, announced ${minuteUtc(announcedAt)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${no}  ${scope}  ${minuteUtc(fromAt)} to ${minuteUtc(plannedToAt)}  ${state}${announced}, entered ${minuteUtc(enteredAt)} by ${who}${why}`;
}

function endOf(options: Options, fromAt: number, now: number): number {
  if (options.to !== undefined && options.for !== undefined) {
    throw new OperatorError('--to and --for say the same thing; give one of them');
  }
  if (options.to !== undefined) return readMoment(options.to, now, '--to');
  if (options.for !== undefined) return fromAt + readDuration(options.for, '--for');
  throw new OperatorError('when does the work end? give --to or --for');
}
