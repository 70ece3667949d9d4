import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Sample } from '../src/domain/measure/sample.ts';
import { sealAll } from '../src/evidence/seal.ts';
import { verifyChain } from '../src/evidence/verify-chain.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { declaration, HOUR, MINUTE, sample, target } from '../test/store/builders.ts';
import { closeDue, closingOf } from '../test/support/closing.ts';
import { monthTerms, PRO } from '../test/support/month.ts';

// `node bench/evidence.ts [days] [targets]`: a month in which a probe a minute went to every target for so many days,
// packed, sealed, verified and closed. 31 368 is a month of 16 million rows. Times are those of the processor, which a
// busy machine stretches less than those of the clock; both are printed.
const days = Number(process.argv[2] ?? 1);
const targets = Number(process.argv[3] ?? 368);
const FROM = Date.UTC(2027, 9, 1);
const TO = Date.UTC(2027, 10, 1);
const hours = days * 24;
/** Hours that are really recorded; the others are copies of them at another time. */
const WRITTEN = 4;
const folder = mkdtempSync(join(tmpdir(), 'probity-bench-'));
const path = join(folder, 'probity.db');
const opened = openSqliteStore(path);
if (opened.kind === 'refused') throw new Error(opened.message);
const { store } = opened;
const models = Array.from({ length: targets }, (_, i) => `model-${i}`);

let seed = 1;
/** The generator of Park and Miller: the same numbers in every run. */
const draw = (upTo: number): number => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % upTo;
};

function samplesOf(model: string, fromAt: number): Sample[] {
  return Array.from({ length: 60 }, (_, minute) => {
    const ttftUs = 200_000 + draw(200_000);
    const totalUs = ttftUs + 300_000 + draw(100_000);
    const base = sample();
    return sample({
      target: target(model).id,
      scheduledAt: fromAt + minute * MINUTE,
      lagUs: draw(900),
      ttftUs,
      totalUs,
      phases: {
        ...base.phases,
        headersUs: ttftUs - 20_000,
        firstByteUs: ttftUs - 19_000,
        firstEventUs: ttftUs - 19_000,
        roleUs: ttftUs - 19_000,
        firstContentUs: ttftUs,
        lastTokenUs: totalUs - 300,
        finishUs: totalUs - 300,
        usageUs: totalUs - 100,
        doneUs: totalUs,
        endUs: totalUs + 90,
      },
    });
  });
}

type Cost = { readonly cpu: number; readonly wall: number };

const cost = async (work: () => Promise<unknown>): Promise<Cost> => {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - start) / 1000 };
};

/** Packed ticks are relative to their hour: the same bytes are another hour's rows. */
function copyHours(): void {
  const db = new Database(path);
  const copy = db.prepare(`
    insert into packed_hours (hour_at_ms, series_no, samples, failed, core, detail)
    select hour_at_ms + @shift, series_no, samples, failed, core, detail
    from packed_hours
    where hour_at_ms = @from
  `);
  db.transaction(() => {
    for (let hour = WRITTEN; hour < hours; hour += 1) {
      const from = FROM + (hour % WRITTEN) * HOUR;
      copy.run({ from, shift: FROM + hour * HOUR - from });
    }
  })();
  db.close();
}

try {
  await store.declareSeries(
    models.map((model) => declaration(model, { schedule: { kind: 'every', everyMs: MINUTE, phaseMs: 0 } })),
    FROM,
  );
  const writing = await cost(async () => {
    for (let hour = 0; hour < WRITTEN; hour += 1) {
      for (const model of models) {
        await store.recordHistory({ samples: samplesOf(model, FROM + hour * HOUR), notRun: [] });
      }
    }
  });
  copyHours();
  const rows = hours * targets * 60;
  const text = Buffer.alloc(340 * 1000, 'x');
  const hashing = await cost(async () => {
    const sum = createHash('sha256');
    for (let i = 0; i < 1000; i += 1) sum.update(text);
    sum.digest();
  });
  const sealing = await cost(() =>
    sealAll(
      store,
      TO + HOUR,
      () => TO,
      async () => {},
    ),
  );
  let most = 0;
  const watch = (): void => {
    most = Math.max(most, process.memoryUsage().rss);
  };
  const verifying = await cost(() => verifyChain(store, [], watch));
  const verifyingMost = most;
  most = 0;
  const minutely = { ...PRO, availability: PRO.availability && { ...PRO.availability, sliceMs: MINUTE } };
  const closing = { ...closingOf(store, monthTerms({ versions: [minutely] })), breathe: async () => watch() };
  let frozen = 0;
  const closed = await cost(async () => {
    frozen = (await closeDue(closing, TO + 3 * HOUR)).frozen.length;
  });
  if (frozen !== 1) throw new Error('the month was not closed');
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${name.padEnd(10)} ${value}\n`);
  const baseline = hashing.cpu;
  const told = ({ cpu, wall }: Cost, of: number): string => {
    const each = (cpu * 1e6) / of;
    return `${each.toFixed(2)} µs per row, ${(each * 15.8976).toFixed(0)} s of processor time for a month of 15.9 million, ${(each / baseline).toFixed(1)} times the baseline; ${cpu.toFixed(1)} s here, ${wall.toFixed(1)} s by the clock`;
  };
  line(
    'rows',
    `${rows.toLocaleString('en')}, ${(statSync(path).size / rows).toFixed(1)} bytes each, chain included`,
  );
  line('hash', `${baseline.toFixed(2)} µs for the SHA-256 of a row's 340 bytes: the baseline`);
  line('write', told(writing, WRITTEN * targets * 60));
  line('seal', told(sealing, rows));
  line('verify', `${told(verifying, rows)}; at most ${Math.round(verifyingMost / 1e6)} MB`);
  line('close', `${told(closed, rows)}; at most ${Math.round(most / 1e6)} MB`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}
