#!/usr/bin/env node
// Plain JavaScript on purpose: an older Node cannot even read main.ts, and must still be able to say so.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Probity needs Node.js 24 or later; this is ${process.version}. ` +
      'Run it through npm, which brings its own: npm start, or npm run probity -- --help\n',
  );
  process.exitCode = 2;
} else {
  // Names are resolved by half of these threads; one is held for as long as a name stays without an answer.
  process.env.UV_THREADPOOL_SIZE ??= '16';
  const { mkdirSync, statfsSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const isElsewhere = process.env.NODE_COMPILE_CACHE !== undefined;
  const hadCache = isElsewhere && process.env.NODE_DISABLE_COMPILE_CACHE === undefined;
  // Of each file that finds no room Node leaves an empty one, hundreds at every start.
  const isFull = lacksRoom(process.env.NODE_COMPILE_CACHE || tmpdir(), statfsSync);
  if (isFull) process.env.NODE_DISABLE_COMPILE_CACHE = '1';
  startAnew(isFull && hadCache);
  if (process.argv[2] === 'run') heedSignals();
  // What was compiled once is not compiled again at the next start: a third of the start's CPU time, and 30 MB. The
  // variable hands it on to the threads; Node reads it too late for this one.
  const { enableCompileCache } = await import('node:module');
  const { join } = await import('node:path');
  const cache = join(tmpdir(), 'node-compile-cache');
  const isOff = process.env.NODE_DISABLE_COMPILE_CACHE !== undefined;
  const trouble = isElsewhere || isOff ? null : troubleMaking(cache, mkdirSync);
  if (trouble !== null && process.env.TMPDIR) {
    process.stderr.write(
      `nothing can be put into TMPDIR, ${tmpdir()}: ${trouble}; name a folder that is there\n`,
    );
    process.exitCode = 2;
  } else {
    process.env.NODE_COMPILE_CACHE ??= cache;
    enableCompileCache();
    await import('./main.ts');
  }
}

/**
 * Until the service listens for signals itself, one ends it at once: nothing is open yet. As the first process of a container
 * it would otherwise not hear them at all, since there the kernel drops what nobody listens for.
 */
function heedSignals() {
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGINT', () => process.exit(130));
}

/** Why there is no place for a folder. Node's own attempt to make this one never ends in /proc, which takes nothing in. */
function troubleMaking(folder, mkdirSync) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return error.message;
  }
  return null;
}

/** Whether a file system has less room than what is compiled may take; of one that cannot be asked nothing is known. */
function lacksRoom(folder, statfsSync) {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks > 0 && bavail * bsize < 16 * 2 ** 20;
  } catch {
    return false;
  }
}

/**
 * What runs for months is started anew, in the same process, with memory limits that only a start can set. Left alone,
 * each thread takes 100 MB for objects that live for moments, and the allocator keeps an arena per thread. So is what is to do
 * without the compile cache, which Node has opened by then.
 */
function startAnew(isCacheUnwanted) {
  const options = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  const isService = process.argv[2] === 'run' && !options.includes('semi-space');
  // A parent that talks to us would lose the line.
  if (!(isService || isCacheUnwanted) || process.send !== undefined) return;
  if (typeof process.execve !== 'function' || process.platform === 'win32') return;
  // With 368 targets once a minute, ninety days behind them and a page reloaded all the time, one to two minutes after a
  // start, these took 207 to 209 MB, with heaps that grow by 30 percent, to 193 to 195; what is kept alive was more then,
  // and no option takes any of that away. Left alone, V8 keeps the pages that a collection emptied for the next one,
  // and collects with helpers that all threads share, so that the prober's own collections wait for others. Compacting at
  // every collection makes that worse.
  const limits = [
    // No more than the next option asks for by itself.
    '--max-semi-space-size=1',
    '--optimize-for-size',
    '--heap-growing-percent=15',
    '--single-threaded-gc',
    // So that the prober's thread can collect when a probe has ended, and seldom has to while one is being sent.
    '--expose-gc',
    // Two megabytes of machine code for each thread, which the program file holds already.
    '--no-short-builtin-calls',
    '--disable-warning=ExperimentalWarning',
  ];
  process.execve(
    process.execPath,
    [process.execPath, ...(isService ? limits : []), ...process.execArgv, ...process.argv.slice(1)],
    isService ? { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', ...process.env } : process.env,
  );
}
