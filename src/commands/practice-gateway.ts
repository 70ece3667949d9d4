import { type Command, InvalidArgumentError, Option } from 'commander';
import { startPracticeGateway } from '../practice/gateway.ts';
import { BEHAVIOURS } from '../practice/incident.ts';
import { PRACTICE_KEYS } from '../practice/models.ts';
import { PRACTICE_TIMETABLE, QUIET } from '../practice/timetable.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly port: number;
  readonly seed: number;
  readonly incidents: boolean;
  readonly standardLimit: number | null;
};

/** `probity practice-gateway`: the practice gateway alone, until it is interrupted. */
export function registerPracticeGateway(program: Command, world: World): void {
  program
    .command('practice-gateway')
    .description(
      'run the practice gateway alone: an OpenAI-compatible server on loopback that misbehaves to order',
    )
    .addOption(
      new Option('--port <n>', 'port on 127.0.0.1; 0 = any free one')
        .default(8090)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--seed <n>', 'the same seed misbehaves alike')
        .default(1)
        .argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(
      new Option('--standard-limit <n>', 'requests per minute of the standard key')
        .default(null, 'no limit')
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .option('--no-incidents', 'only misbehave where a request orders it')
    .addHelpText(
      'after',
      `
A request orders its own behaviour with the header x-practice-behaviour, one of:
  ${Object.keys(BEHAVIOURS).join(', ')}

Example:
  probity practice-gateway --port 8090 &
  curl http://127.0.0.1:8090/v1/models -H 'authorization: Bearer ${PRACTICE_KEYS.standard}'`,
    )
    .action((options: Options) => run(options, world));
}

async function run(options: Options, world: World): Promise<void> {
  const gateway = await startPracticeGateway({
    port: options.port,
    seed: options.seed,
    now: world.now,
    timetable: options.incidents ? PRACTICE_TIMETABLE : QUIET,
    requestsPerMinute: { standard: options.standardLimit },
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') throw cause;
    const why = cause.code === 'EACCES' ? 'may not be opened by this user' : 'is in use';
    throw new OperatorError(`port ${options.port} of 127.0.0.1 ${why}: choose another with --port`, {
      cause,
    });
  });
  world.out(`practice gateway on ${gateway.url}\n`);
  world.out(`keys: ${PRACTICE_KEYS.standard} (standard), ${PRACTICE_KEYS.pro} (pro; models under Pro/)\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await gateway.close();
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is expected.`);
    }
    return value;
  };
}
