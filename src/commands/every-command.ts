import type { Command } from 'commander';
import type { World } from './world.ts';

/** Adds one command, with its options and its help, to the program. */
type Register = (program: Command, world: World) => void;

/** Every command by its name, in the order in which help lists them; each is loaded when it is called for. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Register>> = new Map([
  ['run', async () => (await import('./run.ts')).registerRun],
  ['evaluate', async () => (await import('./evaluate.ts')).registerEvaluate],
  ['compare', async () => (await import('./compare.ts')).registerCompare],
  ['check', async () => (await import('./check.ts')).registerCheck],
  ['practice-gateway', async () => (await import('./practice-gateway.ts')).registerPracticeGateway],
  ['probe', async () => (await import('./probe.ts')).registerProbe],
  ['schema', async () => (await import('./schema.ts')).registerSchema],
  ['ack', async () => (await import('./ack.ts')).registerAck],
  ['incidents', async () => (await import('./incidents.ts')).registerIncidents],
  ['maintenance', async () => (await import('./maintenance.ts')).registerMaintenance],
  ['send-test-mail', async () => (await import('./send-test-mail.ts')).registerSendTestMail],
  ['silence', async () => (await import('./silence.ts')).registerSilence],
  ['report', async () => (await import('./report.ts')).registerReport],
  ['verify', async () => (await import('./verify.ts')).registerVerify],
  ['ledger', async () => (await import('./ledger.ts')).registerLedger],
  ['backup', async () => (await import('./backup.ts')).registerBackup],
  ['token', async () => (await import('./token.ts')).registerToken],
]);
