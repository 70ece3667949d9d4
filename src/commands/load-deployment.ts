import type { Config } from '../config/config.ts';
import { type Loaded, loadConfig } from '../config/load.ts';
import { formatProblem, type Problem } from '../domain/problem.ts';
import { cronGrid } from '../pipeline/probing/cron-grid.ts';
import { checkPlan } from './check/plan-check.ts';
import { OperatorError, type World } from './world.ts';

/** What reading a deployment needs of the outside. */
type Reader = Pick<World, 'env' | 'err'>;

/**
 * The deployment in a folder. Warnings go to standard error; problems end the command, all of them at once.
 *
 * @param secrets `optional` for commands that send nothing: an absent key is then only a warning
 */
export function loadDeployment(
  folder: string,
  world: Reader,
  secrets: 'required' | 'optional' = 'required',
): Config {
  const loaded = load(folder, world, secrets);
  tellWarnings(loaded.warnings, world);
  return loaded.config;
}

/** The same for a command that will probe on schedule: a plan that exceeds a quota is a problem too. */
export function loadPlannedDeployment(folder: string, world: Reader): Config {
  const loaded = load(folder, world, 'required');
  // Models that the gateway will name are not known yet: what they add is told once they are.
  const { problems } = checkPlan(loaded, new Map());
  if (problems.some(({ severity }) => severity === 'error')) {
    throw new OperatorError(problems.map(formatProblem).join('\n'));
  }
  tellWarnings(problems, world);
  return loaded.config;
}

function load(
  folder: string,
  world: Reader,
  secrets: 'required' | 'optional',
): Extract<Loaded, { kind: 'config' }> {
  const loaded = loadConfig(folder, world.env, { cron: cronGrid, secrets });
  if (loaded.kind === 'problems') throw new OperatorError(loaded.problems.map(formatProblem).join('\n'));
  return loaded;
}

function tellWarnings(warnings: readonly Problem[], world: Reader): void {
  for (const warning of warnings) world.err(`${formatProblem(warning)}\n`);
}
