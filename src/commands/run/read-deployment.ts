import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { takeOver } from '../../config/hand-over.ts';
import { OperatorError, type World } from '../world.ts';
import type { DeploymentWanted, FromDeployment } from './deployment-messages.ts';

/** What `loadPlannedDeployment` gives and does, by a thread that ends with it. */
export async function readDeployment(folder: string, world: Pick<World, 'env' | 'err'>): Promise<Config> {
  const worker = new Worker(new URL('./deployment-thread.ts', import.meta.url), {
    name: 'deployment',
    workerData: { folder, env: { ...world.env } } satisfies DeploymentWanted,
  });
  const [answer] = (await once(worker, 'message')) as [FromDeployment];
  if (answer.kind === 'refused') throw new OperatorError(answer.message, { exitCode: answer.exitCode });
  world.err(answer.warnings);
  return takeOver(answer.deployment);
}
