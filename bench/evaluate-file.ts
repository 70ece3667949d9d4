/**
 * `probity evaluate` on large files: lines per second against bare `JSON.parse` of the same lines in the same run, and
 * the memory of a file against that of one ten times as long; the same lines as CSV.
 *
 *   npm run bench:evaluate-file [lines]
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const LINES = Number(process.argv[2] ?? 1_000_000);
const START = Date.UTC(2026, 8, 1);
const MONTH_MS = 30 * 86_400_000;
const CHUNK = 50_000;

/** A month of requests whose latencies hardly ever repeat: the worst case for counting values. */
function write(path: string, lines: number): void {
  writeFileSync(path, '');
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let from = 0; from < lines; from += CHUNK) {
    const texts = Array.from({ length: Math.min(CHUNK, lines - from) }, (_, i) => {
      const at = new Date(START + Math.floor(((from + i) / lines) * MONTH_MS)).toISOString();
      const status = next() < 0.9995 ? 200 : 503;
      return `{"at":"${at}","status":${status},"ttftMs":${(next() * 900).toFixed(3)},"totalMs":${(900 + next() * 90_000).toFixed(3)},"outputTokens":${20 + ((from + i) % 40)}}\n`;
    });
    writeFileSync(path, texts.join(''), { flag: 'a' });
  }
}

/** The same lines as CSV, for the fields `write` gives. */
function writeCsv(path: string, ndjson: string): void {
  const rows = readFileSync(ndjson, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Object.values(JSON.parse(line) as Record<string, unknown>).join(','));
  writeFileSync(path, `at,status,ttftMs,totalMs,outputTokens\n${rows.join('\n')}\n`);
}

async function parseOnly(path: string): Promise<number> {
  const from = performance.now();
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 16 }) })) {
    JSON.parse(line);
  }
  return (performance.now() - from) / 1000;
}

type Run = { readonly seconds: number; readonly rssMb: number };

function evaluateFile(path: string): Run {
  const from = performance.now();
  const report = `process.on('exit', () => process.stderr.write('rss ' + process.resourceUsage().maxRSS))`;
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(report)}`,
    'src/main.ts',
    'evaluate',
    path,
  ];
  const ended = spawnSync(
    process.execPath,
    [...args, '--contract', 'pro-channel', '--period', '2026-09', '--json'],
    {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
    },
  );
  if (ended.status !== 0) throw new Error(ended.stderr);
  const rss = Number(/rss (\d+)/.exec(ended.stderr)?.[1]);
  return { seconds: (performance.now() - from) / 1000, rssMb: rss / 1024 };
}

const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
try {
  const [small, large] = [join(folder, 'small.ndjson'), join(folder, 'large.ndjson')];
  write(small, LINES);
  write(large, LINES * 10);
  const table = join(folder, 'small.csv');
  writeCsv(table, small);
  const bare = await parseOnly(small);
  const one = evaluateFile(small);
  const csv = evaluateFile(table);
  const ten = evaluateFile(large);
  const perSecond = (LINES * 9) / (ten.seconds - one.seconds);
  console.log(
    `evaluate        ${Math.round(perSecond).toLocaleString('en-US')} lines/s (start-up taken off)`,
  );
  console.log(`JSON.parse only ${Math.round(LINES / bare).toLocaleString('en-US')} lines/s`);
  console.log(
    `CSV             ${(csv.seconds / one.seconds).toFixed(2)} of the time for the same lines as NDJSON`,
  );
  console.log(`ratio           ${(perSecond / (LINES / bare)).toFixed(2)}`);
  console.log(
    `memory          ${one.rssMb.toFixed(0)} MB for ${LINES} lines, ${ten.rssMb.toFixed(0)} MB for ten times as many`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
