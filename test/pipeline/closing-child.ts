import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Store } from '../../src/store/store.ts';
import { type CloseResult, closeAt, closingOf, openStore } from '../support/closing.ts';
import { monthTerms, PRO } from '../support/month.ts';

/*
 * Seals and closes what is due in a database, and does something at the first call of one method of the store: it kills
 * itself (SIGKILL: nothing runs afterwards), or waits there for somebody else.
 *
 * node closing-child.ts FILE NOW METHOD (before|within|after)     dies there
 * node closing-child.ts FILE NOW tell                            prints what it calls first, in order
 * node closing-child.ts FILE NOW meet                             before `freezeReport` it says so and waits for a line
 *
 * As a worker thread, with the same values as its data, it does the same by messages.
 */
export type Method = keyof Store;
export type When = 'before' | 'within' | 'after';

/** The store, with `around` put around each first call of a method. */
function watchFirstCalls(
  store: Store,
  around: (
    method: Method,
    values: unknown[],
    call: (...values: unknown[]) => Promise<unknown>,
  ) => Promise<unknown>,
): Store {
  const seen = new Set<Method>();
  return new Proxy(store, {
    get(whole, name: Method) {
      const method = whole[name] as (...values: unknown[]) => Promise<unknown>;
      if (seen.has(name)) return method;
      return (...values: unknown[]) => {
        seen.add(name);
        return around(name, values, method);
      };
    },
  });
}

/** A month of hourly ticks is judged in slices of an hour, and closed in a fraction of a second. */
export function closeMonth(store: Store, now: number): Promise<CloseResult> {
  const { availability } = PRO;
  const hourly = { ...PRO, availability: availability && { ...availability, sliceMs: 3_600_000 } };
  return closeAt({ ...closingOf(store, monthTerms({ versions: [hourly] })), store }, now);
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** A list that kills whoever walks through it: its transaction has begun and is never ended. */
const deadly = { [Symbol.iterator]: die };

async function dieAt(file: string, now: number, fatal: Method, when: When): Promise<void> {
  const store = watchFirstCalls(openStore(file), async (method, values, call) => {
    if (method !== fatal) return call(...values);
    if (when === 'before') die();
    if (when === 'within') {
      await call(
        ...(method === 'freezeReport'
          ? [values[0], values[1], deadly]
          : [{ ...Object(values[0]), messages: deadly }]),
      );
    }
    await call(...values);
    return die();
  });
  await closeMonth(store, now);
}

async function tellCalls(file: string, now: number): Promise<void> {
  const store = openStore(file);
  const watched = watchFirstCalls(store, (method, values, call) => {
    process.stdout.write(`${method}\n`);
    return call(...values);
  });
  await closeMonth(watched, now);
  await store.close();
}

async function meet(file: string, now: number): Promise<void> {
  const store = openStore(file);
  const port = parentPort;
  const tell = (line: string): void =>
    port === null ? void process.stdout.write(`${line}\n`) : port.postMessage(line);
  const answer = port === null ? once(createInterface(process.stdin), 'line') : once(port, 'message');
  const watched = watchFirstCalls(store, async (method, values, call) => {
    if (method !== 'freezeReport') return call(...values);
    tell(`ready ${(values[0] as { readonly document: string }).document}`);
    await answer;
    const result = await call(...values);
    tell(String(result));
    return result;
  });
  await closeMonth(watched, now);
  await store.close();
  if (port === null) process.stdin.destroy();
  else port.close();
}

const values = isMainThread ? (import.meta.main ? process.argv.slice(2) : []) : (workerData as string[]);
const [file, now, method, when] = values;
if (file !== undefined && method === 'meet') await meet(file, Number(now));
else if (file !== undefined && method === 'tell') await tellCalls(file, Number(now));
else if (file !== undefined) await dieAt(file, Number(now), method as Method, when as When);
