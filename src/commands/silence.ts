import { type Command, Option } from 'commander';
import { ALERT_KINDS, type AlertKind } from '../domain/alert/alert.ts';
import { minuteUtc } from '../domain/wording.ts';
import { userOf } from './ack.ts';
import { warnOfUnknownScope } from './known-scope.ts';
import { readDuration } from './moment.ts';
import { openData } from './open-data.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly data: string;
  readonly for: string;
  readonly kind?: AlertKind;
  readonly who?: string;
  readonly because: string;
  readonly end?: string;
  readonly json?: boolean;
};

/** What alerts about ourselves are about. */
const OWN_PARTS = ['prober', 'disk', 'data folder', 'stored samples', 'channel', 'spend'];

/** `probity silence`: nobody is told about a scope for a while; everything is still decided and recorded. */
export function registerSilence(program: Command, world: World): void {
  program
    .command('silence')
    .description('tell nobody about a gateway, tier or target for a while; everything is still recorded')
    .argument(
      '[scope]',
      'gateway, gateway/tier or gateway/tier/model; without it, silences in force are listed',
    )
    .option('--for <duration>', 'how long', '2h')
    .addOption(new Option('--kind <kind>', 'only alerts of this kind').choices(ALERT_KINDS))
    .option('--who <name>', 'who asks for it; the user of this shell unless given')
    .option('--because <text>', 'why', '')
    .option('--end <number>', 'end the silence of this number')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  probity silence acme/pro --for 2h --because "vendor moves its cluster"\n  probity silence --end 3',
    )
    .action((scope: string | undefined, options: Options) => silence(scope, options, world));
}

async function silence(scope: string | undefined, options: Options, world: World): Promise<void> {
  const store = openData(options.data);
  try {
    const now = world.now();
    if (options.end !== undefined) {
      if (!(await store.endSilence(Number(options.end), now))) {
        throw new OperatorError(`no silence ${options.end} is in force`);
      }
      world.out(`silence ${options.end} is over\n`);
      return;
    }
    if (scope !== undefined) {
      await store.addSilence({
        scope,
        kind: options.kind ?? null,
        fromAt: now,
        untilAt: now + readDuration(options.for, '--for'),
        who: options.who ?? userOf(world),
        why: options.because,
      });
      await warnOfUnknownScope(store, scope, world, OWN_PARTS);
    }
    const inForce = await store.readSilences(now);
    if (options.json === true) world.out(`${JSON.stringify(inForce, null, 2)}\n`);
    else if (inForce.length === 0) world.out('nothing is silenced\n');
    else {
      for (const one of inForce) {
        const kind = one.kind === null ? '' : ` (${one.kind})`;
        const why = one.why === '' ? '' : `: ${one.why}`;
        world.out(`${one.no}  ${one.scope}${kind} until ${minuteUtc(one.untilAt)}, by ${one.who}${why}\n`);
      }
    }
  } finally {
    await store.close();
  }
}
