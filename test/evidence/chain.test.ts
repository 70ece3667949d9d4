import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { sealAll, sealNext } from '../../src/evidence/seal.ts';
import { type ChainReport, verifyChain } from '../../src/evidence/verify-chain.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { packEvidence } from '../../src/store/sqlite/packed-evidence.ts';
import type { Store } from '../../src/store/store.ts';
import {
  declaration,
  EVIDENCE,
  failure,
  HOUR,
  MINUTE,
  MONDAY,
  notRun,
  sample,
  target,
} from '../store/builders.ts';
import { onSampleTables } from '../support/tampering.ts';

const DAYS = 400 * 24 * HOUR;
const MODELS = ['chat-large', 'chat-small'] as const;

function open(path: string): Store {
  const opened = openSqliteStore(path);
  assert.ok(opened.kind === 'opened', 'the store opens');
  return opened.store;
}

function samplesOf(hours: number): Sample[] {
  return Array.from({ length: hours * 60 }, (_, minute) => MONDAY + minute * MINUTE).flatMap((scheduledAt) =>
    MODELS.map((model, i): Sample => {
      const minute = (scheduledAt - MONDAY) / MINUTE;
      const identity = { target: target(model).id, scheduledAt };
      if (minute % 50 === 7) return failure(identity);
      return sample({ ...identity, ttftUs: 300_000 + minute * 7 + i, totalUs: 700_000 + minute * 3 + i });
    }),
  );
}

/** Three hours of two targets, recorded and sealed; `compacted` of them packed. */
async function sealedStore(path: string, compacted = 0): Promise<Store> {
  const store = open(path);
  await store.declareSeries(
    MODELS.map((model) => declaration(model)),
    MONDAY,
  );
  await store.record({
    samples: samplesOf(3).filter(({ scheduledAt }) => scheduledAt !== MONDAY + 90 * MINUTE),
    notRun: MODELS.map((model) => notRun({ target: target(model).id, scheduledAt: MONDAY + 90 * MINUTE })),
  });
  while (await store.compact(MONDAY + compacted * HOUR));
  await seal(store, 3);
  return store;
}

function seal(store: Store, hours: number): Promise<number> {
  return sealAll(
    store,
    MONDAY + hours * HOUR,
    () => MONDAY + 5 * HOUR,
    async () => {},
  );
}

function verify(store: Store): Promise<ChainReport> {
  return verifyChain(store, [], () => {});
}

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-chain-'));
  try {
    await body(join(folder, 'probity.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tamper(path: string, ...statements: string[]): void {
  const db = new Database(path);
  try {
    db.pragma('foreign_keys = off');
    for (const statement of statements) db.exec(onSampleTables(statement));
  } finally {
    db.close();
  }
}

const AT = MONDAY + 65 * MINUTE;

test('an untouched chain is whole, and its head is the hash of its header', async () => {
  const store = await sealedStore(':memory:');
  const report = await verify(store);
  assert.deepEqual(report.findings, []);
  assert.deepEqual(
    report.regions.map(({ region, segments, rows, late }) => ({ region, segments, rows, late })),
    // 360 ticks, and evidence of 4 failures of each target.
    [{ region: 'eu-west', segments: 3, rows: 360 + 8, late: 0 }],
  );
  const last = await store.readLastSegment('eu-west');
  assert.ok(last);
  assert.equal(createHash('sha256').update(last.header).digest('hex'), last.head);
  await store.close();
});

test('where a row stands changes no hash: packed before sealing, after it, or never', async () => {
  const heads = await Promise.all(
    [0, 1, 3].map(async (compacted) => {
      const store = await sealedStore(':memory:', compacted);
      const { head } = (await store.readLastSegment('eu-west')) ?? { head: null };
      while (await store.compact(MONDAY + 3 * HOUR));
      assert.deepEqual((await verify(store)).findings, []);
      await store.close();
      return head;
    }),
  );
  assert.equal(new Set(heads).size, 1);
});

/** What is done to the file, and the one finding it must cause. */
const TAMPERED: Readonly<Record<string, { readonly sql: readonly string[]; readonly finding: string }>> = {
  'one bit of a latency': {
    sql: [`update samples set ttft_us = ttft_us + 1 where scheduled_at_ms = ${AT} and series_no = 1`],
    finding:
      'sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:00.000Z (scheduled) was changed',
  },
  'a failure that becomes an answer': {
    sql: [
      `update samples set outcome = 'ok' where scheduled_at_ms = ${MONDAY + 107 * MINUTE} and series_no = 2`,
    ],
    finding:
      'sample chat-stream acme/pro/chat-small eu-west 2026-03-02T01:47:00.000Z (scheduled) was changed',
  },
  'a row that is deleted': {
    sql: [`delete from samples where scheduled_at_ms = ${AT} and series_no = 2`],
    finding:
      'sample chat-stream acme/pro/chat-small eu-west 2026-03-02T01:05:00.000Z (scheduled) was deleted',
  },
  'a row that is inserted': {
    sql: [
      `insert into samples select ${AT + 30_000}, series_no, purpose, outcome, doubt, remarks, lag_us, ttft_us, total_us, completion_tokens, cost_nanos, served_by_no, detail from samples where scheduled_at_ms = ${AT + MINUTE} and series_no = 1`,
    ],
    finding:
      'sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:30.000Z (scheduled) was inserted',
  },
  'a row that is given another time': {
    sql: [`update samples set scheduled_at_ms = ${AT + 1} where scheduled_at_ms = ${AT} and series_no = 1`],
    finding:
      'sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:00.000Z (scheduled) was moved to sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:00.001Z (scheduled)',
  },
  'two rows in each other’s place': {
    sql: [
      `update samples set scheduled_at_ms = 1 where scheduled_at_ms = ${AT} and series_no = 1`,
      `update samples set scheduled_at_ms = ${AT} where scheduled_at_ms = ${AT + MINUTE} and series_no = 1`,
      `update samples set scheduled_at_ms = ${AT + MINUTE} where scheduled_at_ms = 1 and series_no = 1`,
    ],
    finding:
      "sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:00.000Z (scheduled) and sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:06:00.000Z (scheduled) were put in each other's place",
  },
  'the reason of a tick that did not run': {
    sql: [`update not_run set reason = 'skipped: quota' where series_no = 1`],
    finding:
      'tick that did not run chat-stream acme/pro/chat-large eu-west 2026-03-02T01:30:00.000Z was changed',
  },
  'the body of an error': {
    sql: [
      `update evidence set packed = x'${Buffer.from(packEvidence(JSON.stringify({ ...EVIDENCE, head: 'one healthy upstream' }))).toString('hex')}' where scheduled_at_ms = ${MONDAY + 107 * MINUTE} and series_no = 1`,
    ],
    finding:
      'evidence chat-stream acme/pro/chat-large eu-west 2026-03-02T01:47:00.000Z (scheduled) was changed',
  },
  'evidence whose bytes were damaged': {
    sql: [
      `update evidence set packed = substr(packed, 1, 40) where scheduled_at_ms = ${MONDAY + 107 * MINUTE} and series_no = 1`,
    ],
    finding:
      'evidence chat-stream acme/pro/chat-large eu-west 2026-03-02T01:47:00.000Z (scheduled) was changed',
  },
  'a header that is made to fit': {
    sql: [
      `update chain_segments set header = replace(header, '"sealedAt":"2026', '"sealedAt":"2025') where no = 1`,
    ],
    finding: 'the header was changed: its hash is not the head',
  },
  'the marks of a segment': {
    sql: ['update chain_segments set marks = zeroblob(length(marks)) where no = 1'],
    finding: 'all rows are as sealed, but the list that would name a changed one is damaged',
  },
};

for (const [what, { sql, finding }] of Object.entries(TAMPERED)) {
  test(`verification names ${what}`, () =>
    withFile(async (path) => {
      await (await sealedStore(path)).close();
      tamper(path, ...sql);
      const store = open(path);
      const { findings } = await verify(store);
      assert.deepEqual(
        findings.map((one) => [one.segment, one.what]),
        [[1, finding]],
      );
      await store.close();
    }));
}

test('a changed row is named also where it stands in a packed hour', () =>
  withFile(async (path) => {
    const store = await sealedStore(path, 2);
    await store.close();
    // The hour is packed again elsewhere from rows of which one was slower, and put in place.
    const copy = `${path}.forged`;
    const forged = open(copy);
    await forged.declareSeries(
      MODELS.map((model) => declaration(model)),
      MONDAY,
    );
    const hour = samplesOf(2).filter(
      ({ scheduledAt }) => scheduledAt >= MONDAY + HOUR && scheduledAt !== MONDAY + 90 * MINUTE,
    );
    const isVictim = (one: Sample): boolean =>
      one.scheduledAt === AT && one.target === target('chat-large').id;
    await forged.record({
      samples: hour.map((one) => (isVictim(one) ? { ...one, totalUs: (one.totalUs ?? 0) + 1 } : one)),
      notRun: [],
    });
    while (await forged.compact(MONDAY + 2 * HOUR));
    await forged.close();
    tamper(
      path,
      `attach '${copy}' as forged`,
      `update packed_hours set (core, detail) = (
        select core, detail from forged.packed_hours as theirs
        where theirs.hour_at_ms = packed_hours.hour_at_ms and theirs.series_no = packed_hours.series_no
      ) where hour_at_ms = ${MONDAY + HOUR}`,
    );
    const again = open(path);
    assert.deepEqual(
      (await verify(again)).findings.map((one) => one.what),
      ['sample chat-stream acme/pro/chat-large eu-west 2026-03-02T01:05:00.000Z (scheduled) was changed'],
    );
    await again.close();
  }));

test('a packed hour that cannot be read any more is named once, not row by row', () =>
  withFile(async (path) => {
    await (await sealedStore(path, 3)).close();
    tamper(
      path,
      `update packed_hours set core = zeroblob(length(core)) where hour_at_ms = ${MONDAY + HOUR} and series_no = 2`,
    );
    const store = open(path);
    assert.deepEqual(
      (await verify(store)).findings.map((one) => one.what),
      [
        'the packed samples of chat-stream acme/pro/chat-small eu-west from 2026-03-02T01:00:00.000Z cannot be read: packed core has version 0, this program reads 1',
      ],
    );
    await store.close();
  }));

test('stored samples that cannot be read hold no sealing up: the chain names the gap, and keeps watch over its bytes', () =>
  withFile(async (path) => {
    const store = await sealedStore(path);
    const hourAt = MONDAY + 3 * HOUR;
    await store.record({
      samples: Array.from({ length: 120 }, (_, minute) =>
        MODELS.map((model) => sample({ target: target(model).id, scheduledAt: hourAt + minute * MINUTE })),
      ).flat(),
      notRun: [],
    });
    while (await store.compact(MONDAY + 5 * HOUR));
    await store.close();
    const breakIt = (bytes: string): void =>
      tamper(path, `update packed_hours set core = ${bytes} where hour_at_ms = ${hourAt} and series_no = 2`);
    breakIt('zeroblob(length(core))');
    const damaged = open(path);
    await seal(damaged, 5);
    const why = 'packed core has version 0, this program reads 1';
    const place = { probe: 'chat-stream', target: target('chat-small').id };
    const sealed = { segment: 3, at: MONDAY + 5 * HOUR };
    assert.deepEqual(await damaged.readUnreadable(), [{ region: 'eu-west', ...place, hourAt, why, sealed }]);
    const last = await damaged.readLastSegment('eu-west');
    assert.equal(last?.no, 4, 'sealing went on');
    const [, , , broken] = await damaged.readSegments('eu-west', { fromNo: 0, limit: 9 });
    const { gaps, samples } = JSON.parse(broken?.header ?? '');
    assert.deepEqual(
      gaps.map(({ hour, why: told }: { hour: string; why: string }) => [hour, told]),
      [['2026-03-02T03:00:00.000Z', why]],
    );
    assert.equal(samples.rows, 60, 'the other series of that hour is sealed');
    const report = await verify(damaged);
    assert.deepEqual(report.findings, []);
    assert.equal(report.regions[0]?.gaps, 1);
    await damaged.close();
    breakIt("x'00ff'");
    const again = open(path);
    assert.deepEqual(
      (await verify(again)).findings.map((one) => [one.segment, one.what]),
      [
        [
          3,
          'the packed samples of chat-stream acme/pro/chat-small from 2026-03-02T03:00:00.000Z could not be read when they were sealed, and are not the same bytes now',
        ],
      ],
    );
    const limit = MONDAY + DAYS;
    while (await again.prune({ samplesBeforeAt: limit, evidenceBeforeAt: limit, at: limit }));
    const db = new Database(path);
    assert.equal(db.prepare('select count(*) from packed_hours').pluck().get(), 0, 'retention takes it too');
    db.close();
    await again.close();
  }));

test('a row that arrives after its hour was sealed goes to the next segment, and is named there as late', async () => {
  const store = await sealedStore(':memory:');
  const late = failure({
    target: target('chat-small').id,
    scheduledAt: AT + 20_000,
    purpose: 'confirmation',
  });
  await store.record({
    samples: [late],
    notRun: [notRun({ scheduledAt: AT + 40_000, target: target('chat-small').id })],
  });
  await store.record({ samples: [sample({ scheduledAt: MONDAY + 3 * HOUR })], notRun: [] });
  await seal(store, 4);
  const report = await verify(store);
  assert.deepEqual(report.findings, []);
  // The sample, its evidence, and the tick that did not run.
  assert.equal(report.regions[0]?.late, 3);
  const segments = await store.readSegments('eu-west', { fromNo: 0, limit: 10 });
  const lateIn = segments.map(({ header }) => JSON.parse(header).samples.late);
  assert.deepEqual(lateIn, [0, 0, 0, 1]);
  await store.close();
});

test('a late row that is deleted is named', () =>
  withFile(async (path) => {
    const store = await sealedStore(path);
    await store.record({
      samples: [sample({ target: target('chat-small').id, scheduledAt: AT + 20_000 })],
      notRun: [],
    });
    await store.record({ samples: [sample({ scheduledAt: MONDAY + 3 * HOUR })], notRun: [] });
    await seal(store, 4);
    await store.close();
    tamper(path, `delete from samples where scheduled_at_ms = ${AT + 20_000}`);
    const again = open(path);
    assert.deepEqual(
      (await verify(again)).findings.map((one) => [one.segment, one.what]),
      [
        [
          3,
          'sample chat-stream acme/pro/chat-small eu-west 2026-03-02T01:05:20.000Z (scheduled) was deleted',
        ],
      ],
    );
    await again.close();
  }));

test('a row put in before the chain begins is named', () =>
  withFile(async (path) => {
    await (await sealedStore(path)).close();
    tamper(
      path,
      `insert into samples select ${MONDAY - MINUTE}, series_no, purpose, outcome, doubt, remarks, lag_us, ttft_us, total_us, completion_tokens, cost_nanos, served_by_no, detail from samples where scheduled_at_ms = ${AT} and series_no = 1`,
    );
    const store = open(path);
    assert.deepEqual(
      (await verify(store)).findings.map((one) => one.what),
      [
        'row of chat-stream acme/pro/chat-large at 2026-03-01T23:59:00.000Z was inserted: it lies before the chain begins',
      ],
    );
    await store.close();
  }));

test('a chain written anew does not match a head that was written down before', async () => {
  const store = await sealedStore(':memory:');
  const known = { region: 'eu-west', no: 2, head: 'ab'.repeat(32), from: 'report 2026-02' };
  const beyond = { ...known, no: 7 };
  const report = await verifyChain(store, [known, beyond], () => {});
  assert.match(report.findings[0]?.what ?? '', /but report 2026-02 holds abab/);
  assert.match(report.findings[1]?.what ?? '', /the segment is missing, but report 2026-02 holds its head/);
  await store.close();
});

test('a target that is renamed keeps its chain', async () => {
  const store = await sealedStore(':memory:');
  const renamed = { ...target('chat-big'), formerIds: [target('chat-large').id] };
  await store.declareSeries(
    [declaration('chat-small'), declaration('chat-big', { target: renamed })],
    MONDAY + 3 * HOUR,
  );
  assert.deepEqual((await verify(store)).findings, []);
  await store.close();
});

test('old rows are deleted segment by segment, and the chain stays whole', async () => {
  const store = await sealedStore(':memory:', 2);
  await store.record({
    samples: [sample({ target: target('chat-small').id, scheduledAt: AT + 20_000 })],
    notRun: [],
  });
  await store.record({ samples: [sample({ scheduledAt: MONDAY + 3 * HOUR })], notRun: [] });
  await seal(store, 4);
  const limits = {
    samplesBeforeAt: MONDAY + 2 * HOUR,
    evidenceBeforeAt: MONDAY + 3 * HOUR,
    at: MONDAY + DAYS,
  };
  while (await store.prune(limits));
  const report = await verify(store);
  assert.deepEqual(report.findings, []);
  assert.equal(report.regions[0]?.pruned, 2);
  assert.equal(report.regions[0]?.evidencePruned, 1);
  const left = await store.readSamples({ fromAt: MONDAY, toAt: MONDAY + 2 * HOUR });
  // It was sealed later, so it is kept for as long as its own segment.
  assert.deepEqual(
    left.map(({ scheduledAt }) => scheduledAt),
    [AT + 20_000],
  );
  assert.equal((await store.readSamples({ fromAt: MONDAY + 2 * HOUR, toAt: MONDAY + 3 * HOUR })).length, 120);
  await store.close();
});

test('rows that were never sealed are never deleted', async () => {
  const store = open(':memory:');
  await store.declareSeries([declaration('chat-small')], MONDAY);
  await store.record({ samples: [sample()], notRun: [] });
  const limit = MONDAY + DAYS;
  assert.equal(await store.prune({ samplesBeforeAt: limit, evidenceBeforeAt: limit, at: limit }), false);
  assert.equal((await store.readSamples({ fromAt: MONDAY, toAt: limit })).length, 1);
  await store.close();
});

test('two sealers make one chain, and a row that arrives while an hour is hashed is not lost', () =>
  withFile(async (path) => {
    const store = await sealedStore(path);
    const other = open(path);
    await store.record({ samples: [sample({ scheduledAt: MONDAY + 3 * HOUR })], notRun: [] });
    const interrupted: Store = {
      ...other,
      readSegmentRows: async (query, visitor) => {
        const rows = await other.readSegmentRows(query, visitor);
        await store.record({ samples: [sample({ scheduledAt: MONDAY + 3 * HOUR + MINUTE })], notRun: [] });
        return rows;
      },
    };
    await sealNext(interrupted, 'eu-west', MONDAY + 4 * HOUR, MONDAY + 5 * HOUR);
    assert.equal((await store.readLastSegment('eu-west'))?.no, 2, 'nothing was sealed');
    await Promise.all([seal(store, 4), seal(other, 4)]);
    const report = await verify(store);
    assert.deepEqual(report.findings, []);
    assert.equal(report.regions[0]?.segments, 4);
    assert.equal(report.regions[0]?.rows, 360 + 8 + 2);
    await Promise.all([store.close(), other.close()]);
  }));

test('a long silence is one empty segment, and a row slipped into it is named', () =>
  withFile(async (path) => {
    const store = await sealedStore(path);
    await store.record({ samples: [sample({ scheduledAt: MONDAY + 200 * HOUR })], notRun: [] });
    await seal(store, 201);
    assert.equal((await store.readLastSegment('eu-west'))?.no, 4);
    await store.close();
    tamper(
      path,
      `insert into samples select ${MONDAY + 50 * HOUR}, series_no, purpose, outcome, doubt, remarks, lag_us, ttft_us, total_us, completion_tokens, cost_nanos, served_by_no, detail from samples where scheduled_at_ms = ${AT} and series_no = 1`,
    );
    const again = open(path);
    assert.deepEqual(
      (await verify(again)).findings.map((one) => [one.segment, one.what]),
      [
        [
          3,
          'sample chat-stream acme/pro/chat-large eu-west 2026-03-04T02:00:00.000Z (scheduled) was inserted',
        ],
      ],
    );
    await again.close();
  }));
