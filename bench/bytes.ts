import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { readContractText } from '../src/config/load-contract.ts';
import { NO_PHASES } from '../src/domain/measure/observation.ts';
import type { Evidence, Sample } from '../src/domain/measure/sample.ts';
import { sealAll } from '../src/evidence/seal.ts';
import { createLiveScope } from '../src/pipeline/live/live-scope.ts';
import { countDirty } from '../src/pipeline/live/roll-up.ts';
import { PACK_AFTER_MS } from '../src/pipeline/pack-history.ts';
import { DELIVERY_LIMITS } from '../src/pipeline/probing/delivery.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { SAMPLE_TABLES } from '../src/store/sqlite/sample-tables.ts';
import { PROBER_SEEN_FACT } from '../src/web/recent-window.ts';
import { declaration, EVIDENCE, HOUR, MINUTE, MONDAY, sample, target } from '../test/store/builders.ts';
import { impatientClock } from '../test/support/impatient-clock.ts';

/**
 * What a sample costs on disk, and where: hours of probing are recorded batch by batch, counted, packed and sealed by
 * the program's own code under a clock that does not wait. "Written" is what this process handed to the system: the
 * write-ahead log and what checkpoints copied out of it. Linux only. `npm run bench:bytes -- --help`
 */
const { values: options } = parseArgs({
  options: {
    targets: { type: 'string', default: '368' },
    every: { type: 'string', default: '10' },
    hours: { type: 'string', default: '6' },
    slow: { type: 'string', default: '6' },
    help: { type: 'boolean', default: false },
  },
});
const targets = Number(options.targets);
const everyMs = Number(options.every) * 1000;
const hours = Number(options.hours);
const slowShare = Number(options.slow) / 100;

const SEAL_GRACE_MS = HOUR;
const SEEN_EVERY_MS = 5_000;

let seed = 1;
/** The generator of Park and Miller: the same numbers in every run. */
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}
const upTo = (limit: number): number => Math.floor(random() * limit);

const STREAM = Array.from(
  { length: 12 },
  (_, n) =>
    `data: {"id":"cmpl-ID","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word${n}"},"finish_reason":null}]}\n\n`,
).join('');

/** What is kept of a good answer that was slow. */
function evidenceOf(number: number, at: number): Evidence {
  const hash = Array.from({ length: 8 }, () =>
    upTo(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  const id = `probity-${hash.slice(32)}`;
  return {
    ...EVIDENCE,
    headers: {
      'content-type': 'text/event-stream',
      date: new Date(at).toUTCString(),
      connection: 'keep-alive',
      'transfer-encoding': 'chunked',
      'x-request-id': id,
    },
    requestIds: { 'x-request-id': id },
    connection: { ...EVIDENCE.connection, localPort: 32_768 + upTo(28_000) },
    contentType: 'text/event-stream',
    bodyBytes: STREAM.length,
    bodySha256: hash,
    head: STREAM.replaceAll('ID', String(number)),
    answer: 'word0 word1 word2 word3',
    errorBody: null,
    finishReason: 'stop',
    retryAfterMs: null,
  };
}

let made = 0;

/** An answer of a gateway with a log-normal latency whose median is 250 ms. */
function answer(model: number, scheduledAt: number): Sample {
  made += 1;
  const isSlow = random() < slowShare;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const ttftUs = Math.round((isSlow ? 900_000 : 250_000) * Math.exp(0.3 * normal));
  const totalUs = ttftUs + 165_000 + upTo(8_000);
  const sentUs = 150 + upTo(400);
  const headersUs = sentUs + 2_000 + upTo(3_000);
  return sample({
    target: target(`model-${model}`).id,
    scheduledAt,
    lagUs: 200 + upTo(3_000),
    ttftUs,
    totalUs,
    longestStallUs: 15_000 + upTo(4_000),
    loopDelayUs: upTo(2_000),
    phases: {
      ...NO_PHASES,
      sentUs,
      headersUs,
      firstByteUs: headersUs + upTo(90),
      firstEventUs: headersUs + 90,
      roleUs: headersUs + 90,
      firstContentUs: ttftUs,
      lastTokenUs: totalUs - 300 - upTo(16_000),
      finishUs: totalUs - 200,
      usageUs: totalUs - 200,
      doneUs: totalUs,
      endUs: totalUs + upTo(400),
    },
    evidence: isSlow ? evidenceOf(made, scheduledAt) : null,
  });
}

/** Everything that is recorded in one batch: what was answered by `untilAt`. */
function* batches(fromAt: number, toAt: number): Generator<{ at: number; samples: readonly Sample[] }> {
  const answeredAt = ({ scheduledAt, totalUs }: Sample): number => scheduledAt + (totalUs ?? 0) / 1000;
  let open: Sample[] = [];
  let tick = 0;
  for (let at = fromAt + DELIVERY_LIMITS.gatherMs; at <= toAt; at += DELIVERY_LIMITS.gatherMs) {
    for (;;) {
      const scheduledAt = fromAt + Math.floor((tick * everyMs) / targets);
      if (scheduledAt >= at) break;
      // Neighbours in time are no neighbours in the list of targets.
      open.push(answer((tick * 131) % targets, scheduledAt));
      tick += 1;
    }
    const ready = open.filter((one) => answeredAt(one) < at);
    open = open.filter((one) => answeredAt(one) >= at);
    yield { at, samples: ready.sort((one, other) => answeredAt(one) - answeredAt(other)) };
  }
}

const handedOver = (): number => Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);

function printKept(path: string, recorded: number, unpacked: number): void {
  const db = new Database(path, { readonly: true });
  const size = statSync(path).size;
  const per = (bytes: number): string => (bytes / recorded).toFixed(1).padStart(7);
  const free = Number(db.pragma('freelist_count', { simple: true }));
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  const tables = db
    .prepare<[], { readonly name: string; readonly bytes: number; readonly unused: number }>(`
      select
        coalesce(sqlite_schema.tbl_name, stat.name) as name,
        sum(stat.pgsize) as bytes,
        sum(stat.unused) as unused
      from dbstat as stat
      left join sqlite_schema on sqlite_schema.name = stat.name
      where stat.aggregate = true
      group by 1
      order by bytes desc
    `)
    .all();
  db.close();
  console.log(
    `\nKept, bytes per recorded sample (${recorded} samples, of which ${unpacked} are not packed yet):`,
  );
  for (const { name, bytes, unused } of tables.filter((one) => one.bytes > 20_000)) {
    console.log(`${per(bytes)}  ${name} (${((100 * unused) / bytes).toFixed(0)} % of it empty)`);
  }
  const bytesOf = (...names: string[]): number =>
    tables.filter(({ name }) => names.includes(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  const fresh = bytesOf(...SAMPLE_TABLES) / unpacked;
  const forGood =
    bytesOf('packed_hours') / (recorded - unpacked) + bytesOf('buckets', 'chain_segments') / recorded;
  const forGoodText = Number.isFinite(forGood) ? `${forGood.toFixed(0)}` : '— (nothing is packed yet)';
  console.log(`${per(free * pageSize)}  free pages, used again by what is recorded next`);
  console.log(`${per(size)}  the whole file, ${(size / 1e6).toFixed(0)} MB`);
  console.log(
    `A sample takes ${fresh.toFixed(0)} bytes fresh, ${forGoodText} for good once its hour is packed; evidence, spread over all samples, takes ${(bytesOf('evidence') / recorded).toFixed(0)} more. Only the last hours are fresh, so that part does not grow.`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
  const path = join(folder, 'probity.db');
  const opened = openSqliteStore(path);
  if (opened.kind === 'refused') throw new Error(opened.message);
  const { store } = opened;
  try {
    const declared = Array.from({ length: targets }, (_, n) =>
      declaration(`model-${n}`, { schedule: { kind: 'every', everyMs, phaseMs: 0 } }),
    );
    await store.declareSeries(declared, MONDAY);
    const text = readFileSync(join(import.meta.dirname, '../probes/contracts/pro-channel.yaml'), 'utf8');
    const contract = readContractText(text, 'pro-channel.yaml').contracts.get('pro-channel')?.[0];
    const scope = createLiveScope({
      versionsOf: () => (contract === undefined ? [] : [contract]),
      plannedWorkOf: () => [],
    });

    const written = new Map<string, number>();
    const charge = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      const before = handedOver();
      await work();
      written.set(what, (written.get(what) ?? 0) + handedOver() - before);
    };
    let recorded = 0;
    let recordedBefore = 0;
    let writtenBefore = 0;
    console.log(
      `${targets} targets every ${everyMs / 1000} s, batches of ${DELIVERY_LIMITS.gatherMs / 1000} s, ${slowShare * 100} % of the answers slow enough to keep their evidence`,
    );
    let seenAt = 0;
    let lookedAt = 0;
    let hourAt = MONDAY + HOUR;
    for (const { at, samples } of batches(MONDAY, MONDAY + hours * HOUR)) {
      await charge('recording', () => store.record({ samples, notRun: [] }, at));
      recorded += samples.length;
      if (at - seenAt >= SEEN_EVERY_MS) {
        seenAt = at;
        await charge('sign of life', () => store.writeFact(PROBER_SEEN_FACT, String(at), at));
      }
      if (at - lookedAt >= MINUTE) {
        lookedAt = at;
        await charge('counting', () => countDirty(store, scope, impatientClock(at), () => false));
        await charge('packing', async () => {
          while (await store.compact(at - PACK_AFTER_MS));
        });
        await charge('sealing', () =>
          sealAll(
            store,
            at - SEAL_GRACE_MS,
            () => at,
            async () => {},
          ),
        );
      }
      if (at >= hourAt) {
        hourAt += HOUR;
        const total = [...written.values()].reduce((sum, bytes) => sum + bytes, 0);
        console.log(
          `  hour ${Math.round((at - MONDAY) / HOUR)}: ${((total - writtenBefore) / (recorded - recordedBefore)).toFixed(0)} bytes written per sample`,
        );
        writtenBefore = total;
        recordedBefore = recorded;
      }
    }
    const total = [...written.values()].reduce((sum, bytes) => sum + bytes, 0);
    const each = [...written].map(([what, bytes]) => `${what} ${(bytes / recorded).toFixed(1)}`);
    console.log(
      `\nWritten, bytes per sample over all hours: ${(total / recorded).toFixed(0)} (${each.join(', ')}; a checkpoint is charged to what it followed)`,
    );
    const packedUntil = await store.readPackedUntil();
    await store.close();
    const unpackedHours = Math.min(hours, hours - (packedUntil - MONDAY) / HOUR);
    printKept(path, recorded, Math.round((recorded * unpackedHours) / hours));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.help) {
  console.log(`Options:
  --targets N   (368)
  --every S     seconds between two probes of a target (10)
  --hours N     hours to record (6)
  --slow P      percent of the answers that are slow and keep their evidence (6)`);
} else await main();
