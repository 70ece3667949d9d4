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
  // What was compiled once is not compiled again at the next start: a third of the start's CPU time, and 30 MB.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  await import('./main.ts');
}
