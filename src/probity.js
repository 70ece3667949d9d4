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
  // What was compiled once is not compiled again at the next start: a third of the start's CPU time, and 30 MB. The
  // variable hands it on to the threads; Node reads it too late for this one.
  const { enableCompileCache } = await import('node:module');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');
  enableCompileCache();
  await import('./main.ts');
}
