import { parentPort, workerData } from 'node:worker_threads';
import { handOver } from '../../config/hand-over.ts';
import { loadPlannedDeployment } from '../load-deployment.ts';
import { OperatorError } from '../world.ts';
import type { DeploymentWanted, FromDeployment } from './deployment-messages.ts';

/**
 * Reads the deployment, once, in a thread of its own: what reads and checks YAML is large, and is needed for a moment by
 * a program that runs for months. The thread's memory goes with it.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { folder, env } = workerData as DeploymentWanted;
port.postMessage(read());

function read(): FromDeployment {
  let warnings = '';
  const err = (text: string): void => {
    warnings += text;
  };
  try {
    const config = loadPlannedDeployment(folder, { env, err });
    return { kind: 'read', deployment: handOver(config), warnings };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { kind: 'refused', message: error.message, exitCode: error.exitCode };
  }
}
