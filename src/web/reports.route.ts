import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import { reportPage } from '../../dashboards/report.page.ts';
import { type ReportRow, reportsPage } from '../../dashboards/reports.page.ts';
import { type ClaimReading, claimReadings } from '../domain/report/claim-readings.ts';
import { correctionOf, entryWord, movesAfter, standingOf } from '../domain/report/ledger.ts';
import { publicReport, publicReportLine } from '../domain/report/public-report.ts';
import type { Report } from '../domain/report/report.ts';
import type { Audience } from '../domain/report/report-text.ts';
import type { Store } from '../store/store.ts';
import { AppError } from './app-error.ts';
import { breathe } from './breathe.ts';
import type { WebContext } from './context.ts';
import { cachingFor } from './owner.ts';
import { prepare, sendPrepared } from './prepared.ts';

/** What the pages of reports need besides the store. */
export type ReportsOptions = {
  /** Where the files of a frozen report are kept. */
  readonly folderOf: (period: string, contract: string) => string;
  readonly publicKey: { readonly id: string; readonly x: string };
};

type Frozen = { readonly report: Report; readonly keyId: string | null };

/** What the lists say of a report: little, however large the report is. */
type Line = {
  readonly open: ReturnType<typeof publicReportLine>;
  readonly year: string;
  readonly percent: Report['summary']['percent'];
  readonly currency: Report['summary']['currency'];
  readonly readings: readonly ClaimReading[];
};

type Shelf = {
  readonly read: (contract: string, period: string) => Promise<Frozen | null>;
  /** Every report there is, the latest period first. */
  readonly list: () => Promise<readonly Line[]>;
};

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
/** A report of hundreds of targets takes many megabytes. */
const KEPT = 4;

/** Frozen reports never change, so what the lists say of each is read once; whole ones are kept while they are looked at. */
export function createReportShelf({
  store,
}: {
  readonly store: Pick<Store, 'listReports' | 'readReport'>;
}): Shelf {
  const kept = new Map<string, Frozen>();
  const lines = new Map<string, Line>();

  const fetch = async (contract: string, period: string): Promise<Frozen | null> => {
    const frozen = await store.readReport(contract, period);
    if (frozen === null) return null;
    const { report, signature } = JSON.parse(frozen.document) as {
      readonly report: Report;
      readonly signature?: { readonly publicKey: { readonly id: string } };
    };
    return { report, keyId: signature?.publicKey.id ?? null };
  };

  return {
    async read(contract, period) {
      const key = `${contract}\n${period}`;
      const known = kept.get(key) ?? (await fetch(contract, period));
      if (known === null) return null;
      kept.delete(key);
      kept.set(key, known);
      const oldest = kept.size > KEPT ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      return known;
    },
    async list() {
      const all: Line[] = [];
      for (const { contract, period } of await store.listReports()) {
        const key = `${contract}\n${period}`;
        let line = lines.get(key);
        if (line === undefined) {
          const found = await fetch(contract, period);
          if (found === null) continue;
          line = lineOf(found.report);
          lines.set(key, line);
          await breathe();
        }
        all.push(line);
      }
      return all;
    },
  };
}

function lineOf(report: Report): Line {
  const { percent, currency } = report.summary;
  const year = report.period.from.slice(0, 4);
  return {
    open: publicReportLine(report),
    year,
    percent,
    currency,
    readings: claimReadings(report.statements, report.period.timezone),
  };
}

async function ledgerByReport(store: Pick<Store, 'readLedger'>) {
  return Map.groupBy(await store.readLedger({}), ({ contract, period }) => `${contract}\n${period}`);
}

/** `GET /reports`, and the same with money behind the owner's token. */
export function reportsRoute(context: WebContext, shelf: Shelf, audience: Audience): RequestHandler {
  return async (request, response) => {
    const { store, settings, assets, clock } = context;
    const ledger = await ledgerByReport(store);
    const now = clock();
    const rows = (await shelf.list()).map((line): ReportRow => {
      const { open, year, percent, currency, readings } = line;
      const { contract, title, period, practice, result, byResult } = open;
      const entries = ledger.get(`${contract}\n${period}`) ?? [];
      const standing = standingOf(entries);
      return {
        correction: correctionOf(entries)?.kind ?? null,
        contract,
        title,
        period,
        year,
        practice,
        result,
        byResult,
        state: standing?.state ?? null,
        percent,
        amount: standing?.amount ?? null,
        currency,
        claimBy: standing?.state === 'ready' ? (readings.find(({ endsAt }) => endsAt > now) ?? 'past') : null,
      };
    });
    const page = reportsPage(rows, {
      site: settings.title,
      locale: settings.locale,
      practice: settings.practice,
      assets: assets.names,
      audience,
    });
    await sendPrepared(request, response, prepare(HTML, page), cachingFor(audience));
  };
}

/** `GET /reports/<period>/<contract>`: the frozen statement. */
export function reportRoute(
  context: WebContext,
  shelf: Shelf,
  audience: Audience,
  options: ReportsOptions | null,
): RequestHandler {
  return async (request, response) => {
    const { period, contract } = namesOf(request.params);
    const found = await shelf.read(contract, period);
    if (found === null)
      throw new AppError('not_found', 'there is no frozen report of that period and contract');
    const { store, settings, assets } = context;
    const all = await store.readLedger({ contract, period });
    const entries = audience === 'owner' ? all : [];
    const files = options === null ? [] : await filesIn(options.folderOf(period, contract));
    const base = `/owner/reports/${encodeURIComponent(period)}/${encodeURIComponent(contract)}`;
    const page = reportPage(found.report, {
      site: settings.title,
      locale: settings.locale,
      assets: assets.names,
      audience,
      correction: correctionOf(all),
      seal: found.keyId === null ? null : { keyId: found.keyId },
      downloads:
        audience === 'owner'
          ? files.map((name) => ({ name, path: `${base}/${encodeURIComponent(name)}` }))
          : [],
      ownerPath: audience === 'owner' ? null : base,
      moves: entries.length === 0 ? [] : movesAfter(entries),
      ledger: entries.map((entry) => {
        const { at, who, note, amount, currency } = entry;
        return {
          at: new Date(at).toISOString(),
          state: entryWord(entry),
          who: who ?? 'Probity',
          note:
            amount === null ? note : `${note}${note === '' ? '' : '; '}${amount} ${currency ?? ''}`.trim(),
        };
      }),
    });
    await sendPrepared(request, response, prepare(HTML, page), cachingFor(audience));
  };
}

/** `GET /api/v1/reports`: for everybody, so without money. */
export function reportsApiRoute({ store }: WebContext, shelf: Shelf): RequestHandler {
  return async (request, response) => {
    const ledger = await ledgerByReport(store);
    const reports = (await shelf.list()).map(({ open }) => ({
      ...open,
      correction: correctionOf(ledger.get(`${open.contract}\n${open.period}`) ?? []),
    }));
    await sendPrepared(request, response, prepare(JSON_TYPE, JSON.stringify({ reports })));
  };
}

/** `GET /api/v1/reports/<period>/<contract>` */
export function reportApiRoute({ store }: WebContext, shelf: Shelf): RequestHandler {
  return async (request, response) => {
    const { period, contract } = namesOf(request.params);
    const found = await shelf.read(contract, period);
    if (found === null)
      throw new AppError('not_found', 'there is no frozen report of that period and contract');
    const correction = correctionOf(await store.readLedger({ contract, period }));
    const json = JSON.stringify({ ...publicReport(found.report), correction });
    await sendPrepared(request, response, prepare(JSON_TYPE, json));
  };
}

const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  // As a file to keep: shown here it would stand under our own rules for pages, which allow no style inside.
  html: 'application/octet-stream',
  zip: 'application/zip',
};

/** `GET /owner/reports/<period>/<contract>/<file>`. Only names that are really there can be asked for. */
export function reportFileRoute({ folderOf }: ReportsOptions): RequestHandler {
  return async (request, response) => {
    const { period, contract } = namesOf(request.params);
    const folder = folderOf(period, contract);
    const name = (await filesIn(folder)).find((one) => one === request.params.file);
    const type = TYPES[name?.split('.').at(-1) ?? ''];
    if (name === undefined || type === undefined) throw new AppError('not_found', 'there is no such file');
    response.set('Content-Disposition', `attachment; filename="${name}"`);
    await sendPrepared(
      request,
      response,
      prepare(type, await readFile(join(folder, name))),
      'private, no-store',
    );
  };
}

/** `GET /.well-known/probity.json`: whose key signs, and the head of every day, so that others can write it down. */
export function wellKnownRoute({ store }: WebContext, { publicKey }: ReportsOptions): RequestHandler {
  return async (_request, response) => {
    const chains = [];
    for (const region of await store.readRegions()) {
      const last = await store.readLastSegment(region);
      if (last === null) continue;
      const days = [];
      const today = Math.floor(last.toAt / DAY_MS) * DAY_MS;
      for (let at = today; at > today - DAYS_PUBLISHED * DAY_MS && at > 0; at -= DAY_MS) {
        const segment = await store.readSegmentUntil(region, at);
        if (segment === null || segment.fromAt >= at) break;
        days.push({ until: new Date(at).toISOString(), segment: segment.no, head: segment.head });
      }
      chains.push({
        region,
        latest: { until: new Date(last.toAt).toISOString(), segment: last.no, head: last.head },
        days,
      });
    }
    response.set('Cache-Control', 'public, max-age=300').json({
      program: 'probity',
      keys: [{ kty: 'OKP', crv: 'Ed25519', kid: publicKey.id, x: publicKey.x, use: 'sig' }],
      signs: 'RFC 8785 canonical JSON of {"report": …}, Ed25519 (RFC 8032)',
      chains,
    });
  };
}

const DAY_MS = 86_400_000;
const DAYS_PUBLISHED = 35;

/** A name with dots alone would be a way out of the folder. */
function namesOf(params: Readonly<Record<string, string | readonly string[]>>): {
  period: string;
  contract: string;
} {
  const { period, contract } = params;
  if (
    typeof period !== 'string' ||
    typeof contract !== 'string' ||
    /^\.+$/.test(period) ||
    /^\.+$/.test(contract)
  ) {
    throw new AppError('not_found', 'there is no such report');
  }
  return { period, contract };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    // A note on what was said of a report afterwards has no type: its page says the same, and when.
    return (await readdir(folder)).filter((name) => name.split('.').at(-1) !== 'txt').sort();
  } catch (error) {
    // Not written yet, or no such report.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
