import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import type { PlanInputs } from '../../config/plan.ts';
import { PRACTICE_KEYS } from '../../practice/models.ts';

export type PracticeGateways = {
  /** Where each practice gateway listens, by its id, and the keys it takes. */
  readonly practice: NonNullable<PlanInputs['practice']>;
  readonly stop: () => Promise<void>;
};

/** Starts the practice gateways a configuration asks for, each on a free port of loopback. */
export async function startPractice(config: Config): Promise<PracticeGateways> {
  const workers: Worker[] = [];
  const practice = new Map<string, { baseUrl: string; keys: Readonly<Record<string, string>> }>();
  for (const gateway of config.gateways) {
    if (gateway.practice === null) continue;
    const worker = new Worker(new URL('./practice-thread.ts', import.meta.url), {
      name: `practice gateway ${gateway.id}`,
      workerData: gateway.practice,
    });
    workers.push(worker);
    const [baseUrl] = (await once(worker, 'message')) as [string];
    practice.set(gateway.id, { baseUrl, keys: PRACTICE_KEYS });
  }
  return {
    practice,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
