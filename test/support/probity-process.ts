import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusView } from '../../src/domain/view/status-view.ts';

const ENTRY = join(import.meta.dirname, '../../src/probity.js');
const ROOT = join(import.meta.dirname, '../..');

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type ProbityProcess = {
  readonly pid: number;
  /** Resolves with the status page's address once it is printed; rejects if the process ends before. */
  readonly url: Promise<string>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Nobody reads what it says any more, as behind `| head -1`. */
  readonly stopListening: () => void;
  readonly ended: Promise<Ended>;
};

/** The program as a user starts it, in a process of its own; it is given `stdin` to read. */
export function startProbity(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): ProbityProcess {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(process.execPath, [ENTRY, ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Whoever ends without having read everything has broken no promise.
  child.stdin.on('error', () => {}).end(stdin);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended);
  const url = new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const found = /status page\s+(http:\S+)/.exec(stdout)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', look);
    ended.then(({ code, stderr: why }) => reject(new Error(`ended with ${code}: ${why}`)), reject);
  });
  // Whoever only waits for the end must not be told twice that there was no address.
  url.catch(() => {});
  const stopListening = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { pid: child.pid ?? 0, url, ended, signal: (name) => void child.kill(name), stopListening };
}

/** Runs a command to its end. */
export function runProbity(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<Ended> {
  return startProbity(args, env, stdin).ended;
}

/** The status page's value. */
export async function status(url: string): Promise<StatusView> {
  const response = await fetch(`${url}/api/v1/status`);
  assert.equal(response.status, 200);
  return (await response.json()) as StatusView;
}

/** Asks until the answer is as wanted; the time limit of the suite ends a hopeless wait. */
export async function statusWhen(url: string, wanted: (view: StatusView) => boolean): Promise<StatusView> {
  for (;;) {
    const view = await status(url);
    if (wanted(view)) return view;
    await sleep(200);
  }
}
