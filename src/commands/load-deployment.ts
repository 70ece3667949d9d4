import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../domain/problem.ts';
import { cronGrid } from '../pipeline/cron-grid.ts';
import { OperatorError, type World } from './world.ts';

/**
 * The deployment in a folder. Warnings go to standard error; problems end the command, all of them at once.
 *
 * @param secrets `optional` for commands that send nothing: an absent key is then only a warning
 */
export function loadDeployment(
  folder: string,
  world: World,
  secrets: 'required' | 'optional' = 'required',
): Config {
  const loaded = loadConfig(folder, world.env, { cron: cronGrid, secrets });
  if (loaded.kind === 'problems') throw new OperatorError(loaded.problems.map(formatProblem).join('\n'));
  for (const warning of loaded.warnings) world.err(`${formatProblem(warning)}\n`);
  return loaded.config;
}
