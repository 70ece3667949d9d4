import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/every-command.ts';
import { OperatorError, type World } from './commands/world.ts';

const world: World = {
  now: Date.now,
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

// Whoever read our words has gone (`probity run | head -1`); the work has not.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Command('probity')
  .description('Keeps an AI gateway to its word: probes, measures, judges and reports.')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(probity --help lists the commands)')
  .exitOverride();
// What is not asked for is not loaded: a start costs what it uses. Help, and help with a typing error, need all.
const asked = COMMANDS.get(process.argv[2] ?? '');
for (const load of asked === undefined ? COMMANDS.values() : [asked]) (await load())(program, world);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof OperatorError) {
    world.err(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (error instanceof CommanderError) {
    // Commander has already said what was wrong; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    throw error;
  }
}
