import { parentPort, workerData } from 'node:worker_threads';
import { startPracticeGateway } from '../../practice/gateway.ts';
import { PRACTICE_TIMETABLE, QUIET } from '../../practice/timetable.ts';

/**
 * The practice gateway in a thread of its own: a query or a page of ours must not make it slow, or practice would
 * show delays that no real gateway has.
 */
const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { seed, timetable } = workerData as { readonly seed: number; readonly timetable: 'demo' | 'quiet' };

const gateway = await startPracticeGateway({
  port: 0,
  seed,
  now: Date.now,
  timetable: timetable === 'quiet' ? QUIET : PRACTICE_TIMETABLE,
});
port.postMessage(gateway.url);
