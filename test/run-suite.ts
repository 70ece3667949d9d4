import { globSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { createSuiteReport } from './support/suite-report.ts';

/*
 * Runs every test, or only those of the files and folders named:
 *
 * npm test -- test/web test/store/claim.test.ts
 */
const ROOT = join(import.meta.dirname, '..');

/** What takes longest begins first, so that no long file is left to run alone at the end. */
const FIRST = ['test/web', 'test/commands', 'test/pipeline', 'test/report', 'test/practice', 'test/store'];

/** A file that is not done after so long never will be. */
const LIMIT_MS = 300_000;

function place(file: string): number {
  const index = FIRST.findIndex((folder) => file.startsWith(`${folder}/`));
  return index === -1 ? FIRST.length : index;
}

// Every file is a process, and so are the programs they start: what one has compiled the others need not compile again.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

const wanted = process.argv.length > 2 ? process.argv.slice(2) : [import.meta.dirname];
const files = wanted
  .flatMap((path) =>
    statSync(path).isDirectory() ? globSync('**/*.test.ts', { cwd: path }).map((f) => join(path, f)) : path,
  )
  .map((path) => relative(ROOT, resolve(path)))
  .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));

const report = createSuiteReport({
  root: ROOT,
  write: (text) => void process.stdout.write(text),
  now: () => performance.now(),
});
const stop = new AbortController();
const watch = setInterval(() => {
  if (report.overdue(LIMIT_MS)) stop.abort();
}, 1000);
// Whoever ends the run is still told what has failed until then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
// Many tests wait for a socket or a process, so that one more than there are cores keeps the cores busy.
const events = run({
  files: files.map((file) => resolve(ROOT, file)),
  concurrency: availableParallelism() + 1,
  signal: stop.signal,
});
for await (const event of events) report.take(event);
clearInterval(watch);
process.exitCode = report.end() && files.length > 0 ? 0 : 1;
