import { statSync } from 'node:fs';
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';

/** Set for the program that was started once more, so that one that cannot keep what it compiles is not for ever. */
const COMPILED = 'PROBITY_COMPILED';

/**
 * Gives back what was read from the compile cache, which Node keeps: megabytes in every thread. Where something of the service
 * had to be compiled, as after an update, the compiler for TypeScript would stay for good too: then the rest is compiled
 * now, and the program takes its own place once more. To be called before anything is opened.
 */
export async function startCompiled(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const folder = getCompileCacheDir();
  if (folder === undefined) return;
  // A file is written beside its place and moved there, which the folder shows.
  const before = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
  flushCompileCache();
  const isCompiled = statSync(folder, { throwIfNoEntry: false })?.mtimeMs === before;
  // A parent that talks to us would lose the line.
  if (isCompiled || env[COMPILED] !== undefined || process.send !== undefined) return;
  if (process.execve === undefined || process.platform === 'win32') return;
  // Outside a thread of its own each refuses to run; by then it has been compiled.
  await import('./prober-thread.ts').catch(() => {});
  await import('./deployment-thread.ts').catch(() => {});
  flushCompileCache();
  // A signal that came meanwhile is heard now, or never.
  await turn();
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...env,
    [COMPILED]: 'yes',
  });
}
