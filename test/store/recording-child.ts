import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { declaration, failure, MINUTE, MONDAY, notRun, sample } from './builders.ts';

// A process to be killed: records batch after batch and says so on its standard output, one line for each batch that
// was acknowledged. A batch that is refused is said too, and is tried no further.
//
//     node recording-child.ts FILE FIRST_BATCH

export const BATCH = 25;

if (import.meta.main) await recordForEver(process.argv[2] ?? '', Number(process.argv[3]));

async function recordForEver(file: string, first: number): Promise<void> {
  const result = openSqliteStore(file);
  if (result.kind !== 'opened') throw new Error(result.message);
  await result.store.declareSeries([declaration('chat-small')], MONDAY);
  for (let number = first; ; number += 1) {
    try {
      await result.store.record(numberedBatch(number));
      writeSync(1, `recorded ${number}\n`);
    } catch (error) {
      writeSync(1, `refused ${number} ${error instanceof Error ? error.message : error}\n`);
      await result.store.close();
      return;
    }
  }
}

/** Minutes `number * BATCH` and following: one failure with evidence, one tick that did not run, the rest healthy. */
export function numberedBatch(number: number): {
  readonly samples: ReturnType<typeof sample>[];
  readonly notRun: ReturnType<typeof notRun>[];
} {
  const at = (index: number) => ({ scheduledAt: MONDAY + (number * BATCH + index) * MINUTE });
  const healthy = Array.from({ length: BATCH - 2 }, (_, index) => sample({ ...at(index), chunks: number }));
  return { samples: [...healthy, failure(at(BATCH - 2))], notRun: [notRun(at(BATCH - 1))] };
}
