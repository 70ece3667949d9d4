import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contract } from '../../src/domain/contract/contract.ts';
import type { Sample } from '../../src/domain/measure/sample.ts';
import { sealAll } from '../../src/evidence/seal.ts';
import type { SigningKey } from '../../src/evidence/signing-key.ts';
import type { ReportTerms } from '../../src/pipeline/closing/build-report.ts';
import type { CloseOptions } from '../../src/pipeline/closing/close-period.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, declaration, failure, HOUR, MINUTE, notRun, sample, target } from '../store/builders.ts';
import { closeAt, closingOf, openStore, termsFor } from './closing.ts';
import { contractOf } from './contract-bench.ts';

export const FEBRUARY = Date.UTC(2027, 1, 1);
export const MARCH = Date.UTC(2027, 2, 1);
export const MODELS = ['chat-large', 'chat-small'] as const;

export const PRO: Contract = contractOf(`
id: pro
version: "3"
title: Pro channel
parties: { provider: Acme AI, customer: Example GmbH }
currency: EUR
provenance: { status: verified, url: "https://acme.example/sla", verified: ["everything"] }
scope: { dimensions: [tier, model], feeBase: resource }
window: { kind: calendar_month, timezone: UTC }
availability: { method: timeslices, slice: 10m, sliceBadWhen: { errorRateGt: "0.5" }, emptySlice: exclude, target: "99.9" }
latency:
  - { id: ttft-p99, metric: ttft_ms, form: whole_window_percentile, p: 99, op: "<", value: 500 }
credits: { shape: ladder, ladder: [ { below: "99.9", percent: 10 }, { below: "99.0", percent: 25 } ], capPercent: 50 }
claim:
  deadlines: [ { type: submit, offset: 30, unit: days, anchor: window_end } ]
  channel: support@acme.example
  requiredEvidence: ["UTC time and request id of each failed request"]
authority: third_party_probe
`);

export function monthTerms(over: Partial<ReportTerms> = {}): ReportTerms {
  return termsFor([PRO], {
    contract: 'pro',
    practice: false,
    fee: { amount: '4000', base: 'resource' },
    ...over,
  });
}

/** February 2027 of two models every ten minutes; chat-small is down for three hours on the 9th. */
export type Month = {
  readonly store: Store;
  readonly terms: ReportTerms;
  readonly closing: CloseOptions & { readonly store: Store };
};

type Recording = {
  /** Between two ticks; default: ten minutes. */
  readonly everyMs?: number;
  /** Ticks for which nothing is recorded at all. */
  readonly lost?: (at: number) => boolean;
};

export async function recordMonth(
  over: Recording & {
    readonly path?: string;
    readonly key?: SigningKey;
    readonly terms?: Partial<ReportTerms>;
  } = {},
): Promise<Month> {
  const store = openStore(over.path);
  await recordIn(store, over);
  return monthIn(store, over);
}

function monthIn(
  store: Store,
  over: { readonly key?: SigningKey; readonly terms?: Partial<ReportTerms> },
): Month {
  const terms = monthTerms(over.terms);
  return { store, terms, closing: { ...closingOf(store, terms, over.key ?? null), store } };
}

let folder: string | null = null;
let copies = 0;

/** The month with all but its last day sealed, as a service that ran through it has it; made once, then copied. */
export async function sealedMonth(terms: Partial<ReportTerms> = {}): Promise<Month> {
  if (folder === null) {
    folder = mkdtempSync(join(tmpdir(), 'probity-month-'));
    const made = folder;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    const { store } = await recordMonth({ path: join(made, 'sealed.db') });
    const sealedAt = MARCH - DAY;
    await sealAll(
      store,
      sealedAt - HOUR,
      () => sealedAt,
      async () => {},
    );
    await store.close();
  }
  copies += 1;
  const path = join(folder, `${copies}.db`);
  copyFileSync(join(folder, 'sealed.db'), path);
  return monthIn(openStore(path), { terms });
}

async function recordIn(store: Store, over: Recording): Promise<void> {
  const every = over.everyMs ?? 10 * MINUTE;
  await store.declareSeries(
    MODELS.map((model) => declaration(model, { schedule: { kind: 'every', everyMs: every, phaseMs: 0 } })),
    FEBRUARY,
  );
  const outage = [FEBRUARY + 8 * DAY + 9 * HOUR, FEBRUARY + 8 * DAY + 12 * HOUR] as const;
  for (const model of MODELS) {
    const samples: Sample[] = [];
    const missed = [];
    for (let at = FEBRUARY; at < MARCH; at += every) {
      if (over.lost?.(at) === true) continue;
      const identity = { target: target(model).id, scheduledAt: at };
      const tick = (at - FEBRUARY) / every;
      if (tick % 401 === 40) missed.push(notRun({ ...identity, reason: 'skipped: quota' }));
      else if (model === 'chat-small' && at >= outage[0] && at < outage[1]) samples.push(failure(identity));
      else {
        const ttftUs = 200_000 + ((tick * 7_919) % 200_000);
        samples.push(sample({ ...identity, ttftUs, totalUs: ttftUs + 300_000 }));
      }
    }
    await store.record({ samples, notRun: missed });
  }
}

/** Puts the frozen report of the month into another store. */
export async function freezeMonthIn(store: Store): Promise<void> {
  const month = await recordMonth();
  await closeAt(month.closing, MARCH + 3 * HOUR);
  const report = await month.store.readReport('pro', '2027-02');
  const [entry] = await month.store.readLedger({});
  if (report === null || entry === undefined) throw new Error('the month was not closed');
  await store.freezeReport(report, entry, []);
  await month.store.close();
}
