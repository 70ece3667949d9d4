import { Command, CommanderError } from 'commander';
import { registerAck } from './commands/ack.ts';
import { registerBackup } from './commands/backup.ts';
import { registerCheck } from './commands/check.ts';
import { registerCompare } from './commands/compare.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerIncidents } from './commands/incidents.ts';
import { registerLedger } from './commands/ledger.ts';
import { registerMaintenance } from './commands/maintenance.ts';
import { registerPracticeGateway } from './commands/practice-gateway.ts';
import { registerProbe } from './commands/probe.ts';
import { registerReport } from './commands/report.ts';
import { registerRun } from './commands/run.ts';
import { registerSchema } from './commands/schema.ts';
import { registerSendTestMail } from './commands/send-test-mail.ts';
import { registerSilence } from './commands/silence.ts';
import { registerToken } from './commands/token.ts';
import { registerVerify } from './commands/verify.ts';
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
registerRun(program, world);
registerEvaluate(program, world);
registerCompare(program, world);
registerCheck(program, world);
registerPracticeGateway(program, world);
registerProbe(program, world);
registerSchema(program, world);
registerAck(program, world);
registerIncidents(program, world);
registerMaintenance(program, world);
registerSendTestMail(program, world);
registerSilence(program, world);
registerReport(program, world);
registerVerify(program, world);
registerLedger(program, world);
registerBackup(program, world);
registerToken(program, world);

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
