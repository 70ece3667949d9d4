import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { discoveriesOf } from '../config/plan.ts';
import { nextWindows } from '../domain/contract/maintenance.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import { cronGrid } from '../pipeline/probing/cron-grid.ts';
import { planText, problemsText } from './check/check-text.ts';
import { checkPlan } from './check/plan-check.ts';
import { discoverModels } from './discover-models.ts';
import { startPractice } from './run/start-practice.ts';
import { OperatorError, type World } from './world.ts';

/** Windows of each declaration of planned work. */
const WINDOWS_TOLD = 3;

type Options = { readonly json?: boolean; readonly discover?: boolean };

/** `probity check`: what a deployment would send, cost and prove, and everything that is wrong with it. */
export function registerCheck(program: Command, world: World): void {
  program
    .command('check')
    .description('say what a deployment sends, costs and can prove, and what is wrong with it; sends nothing')
    .argument('[folder]', 'the deployment: a folder of YAML files', 'probes/practice')
    .option(
      '--discover',
      'ask the gateway for its models, where the deployment discovers them; needs the keys',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with 0 if the deployment can run, warnings or not, and with 2 if it cannot.

Example:
  probity check probes/global-apis`,
    )
    .action((folder: string, options: Options) => check(folder, options, world));
}

async function check(folder: string, options: Options, world: World): Promise<void> {
  const secrets = options.discover === true ? 'required' : 'optional';
  const loaded = loadConfig(folder, world.env, { cron: cronGrid, secrets });
  if (loaded.kind === 'problems') {
    if (options.json === true) world.out(json({ folder, plan: null, problems: loaded.problems }));
    else world.err(problemsText(loaded.problems));
    throw new OperatorError(verdict(folder, loaded.problems));
  }
  const { config } = loaded;
  const discovered = options.discover === true ? await askForModels(config, world) : new Map();
  const { figures, problems } = checkPlan(loaded, discovered);
  if (options.json === true)
    world.out(
      json({
        folder,
        plan: figures,
        maintenance: nextWindows(config.maintenance, world.now(), WINDOWS_TOLD),
        problems,
      }),
    );
  else {
    world.out(`\n${planText(config.status.title, folder, figures, notesOn(config, options, world.now()))}\n`);
    (hasErrors(problems) ? world.err : world.out)(problemsText(problems));
  }
  if (hasErrors(problems)) throw new OperatorError(verdict(folder, problems));
}

function notesOn(config: Config, options: Options, now: number): string[] {
  const notes = [
    'At most: answers as long as allowed, at every tick. Confirmation bursts come on top, within quota and cap.',
  ];
  if (options.discover !== true && discoveriesOf(config).length > 0) {
    notes.push('Discovered models are not in these figures; --discover asks the gateway for them.');
  }
  const { changed } = config.alerts.tuning;
  if (changed.length > 0) notes.push(`Alerts differ from the usual: ${changed.join('; ')}.`);
  return [...notes, ...plannedWorkNotes(config.maintenance, now)];
}

/** The models each key may use. A gateway that does not answer ends the command: half a plan would mislead. */
async function askForModels(config: Config, world: World): Promise<ReadonlyMap<string, readonly string[]>> {
  const { practice, stop } = await startPractice(config);
  try {
    const nothingKept = { readFact: async () => null, writeFact: async () => {} };
    const { models, failed } = await discoverModels(config, { practice }, nothingKept, world);
    if (failed.size > 0) {
      const reasons = [...failed].map(([key, reason]) => `${key}: its models could not be listed: ${reason}`);
      throw new OperatorError(reasons.join('\n'));
    }
    return models;
  } finally {
    await stop();
  }
}

function plannedWorkNotes(declared: Config['maintenance'], now: number): string[] {
  const next = nextWindows(declared, now, WINDOWS_TOLD);
  if (declared.length === 0) return [];
  if (next.length === 0) return ['Planned work: nothing ahead.'];
  const lines = next.map(
    ({ scope, from, to, reason, probing }) =>
      `  ${from} to ${to}  ${scope}  ${reason}${probing === 'pause' ? '; no probes' : ''}`,
  );
  return [['Planned work, the next times (UTC):', ...lines].join('\n')];
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

function verdict(folder: string, problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `${folder} cannot run: ${errors} ${errors === 1 ? 'error' : 'errors'}`;
}

function json(value: { readonly problems: readonly Problem[] } & Record<string, unknown>): string {
  const problems = value.problems.map((problem) => ({ ...problem, text: formatProblem(problem) }));
  return `${JSON.stringify({ ...value, ok: !hasErrors(value.problems), problems }, null, 2)}\n`;
}
