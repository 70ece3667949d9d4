import { createWriteStream, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { claimText } from '../domain/report/claim-text.ts';
import { correctionOf } from '../domain/report/ledger.ts';
import type { Report } from '../domain/report/report.ts';
import { parsePeriod } from '../domain/time/period.ts';
import { signReport } from '../evidence/signature.ts';
import type { ReportTerms } from '../pipeline/closing/build-report.ts';
import { draftReport } from '../pipeline/closing/close-period.ts';
import { summaryText } from '../pipeline/closing/closed-period.ts';
import { NOTE_NAMES } from '../report/correction-note.ts';
import {
  fileStem,
  REPORT_FORMS,
  type ReportDocument,
  type ReportFile,
  type ReportForm,
  readDocument,
  reportFiles,
} from '../report/forms.ts';
import type { Store } from '../store/store.ts';
import { loadDeployment } from './load-deployment.ts';
import { makeFolder } from './make-folder.ts';
import { openDataToRead } from './open-data.ts';
import { progressBar } from './progress.ts';
import { packOf } from './run/draw-report.ts';
import { noteOn } from './run/report-folder.ts';
import { reportTermsOf } from './run/report-terms.ts';
import { signingKeyIn } from './signing-key-in.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly contract?: string;
  readonly format: ReportForm | 'all';
  readonly out: string;
  readonly data: string;
  readonly config: string;
  readonly claimPack?: boolean;
};

/** `probity report`: the statement of a period; frozen if the period is closed, a draft while it is open. */
export function registerReport(program: Command, world: World): void {
  program
    .command('report')
    .description('write the report of a period; a draft while the period is open')
    .argument('<period>', '2026-10, or 2026-Q4 where the contract counts by quarters')
    .option('--contract <id>', 'one contract; all unless given')
    .addOption(new Option('--format <format>', 'which form').choices([...REPORT_FORMS, 'all']).default('all'))
    .option('--claim-pack', 'a zip with everything a claim needs, instead')
    .option('--out <dir>', 'where the files go', '.')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--config <folder>', 'the deployment, for drafts: a folder of YAML', 'probes/practice')
    .addHelpText(
      'after',
      `
Examples:
  probity report 2026-10 --out reports
  probity report 2026-10 --contract pro-channel --format pdf
  probity report 2026-10 --contract pro-channel --claim-pack`,
    )
    .action((period: string, options: Options) => writeReports(period, options, world));
}

async function writeReports(period: string, options: Options, world: World): Promise<void> {
  const store = openDataToRead(options.data);
  try {
    const documents = await documentsOf(store, period, options, world);
    if (documents.length === 0) {
      throw new OperatorError(
        `there is no report of ${period}, and nothing was measured then under a contract`,
      );
    }
    const out = resolve(options.out);
    makeFolder(options.out, 0o777);
    const forms = options.format === 'all' || options.claimPack === true ? REPORT_FORMS : [options.format];
    for (const document of documents) {
      const { report } = document;
      world.out(`${report.contract.id} ${report.period.label}: ${report.state}, ${summaryText(report)}\n`);
      const write = async ({ name, pieces }: ReportFile): Promise<void> => {
        await pipeline(pieces, createWriteStream(join(out, name)));
        world.out(`  ${join(options.out, name)}\n`);
      };
      await writeNote(store, report, out, write);
      const files = forms.flatMap((form) => reportFiles(document, form));
      if (options.claimPack !== true) for (const file of files) await write(file);
      else {
        await write(packOf(store, document, files));
        if (claimText(report) === null) {
          world.out('  nothing can be claimed: the pack holds the evidence alone\n');
        }
      }
    }
  } finally {
    await store.close();
  }
}

/** Beside the files of a report that was withdrawn or corrected, under their name: several may lie in one folder. */
async function writeNote(
  store: Pick<Store, 'readLedger'>,
  report: Report,
  out: string,
  write: (file: ReportFile) => Promise<void>,
): Promise<void> {
  if (report.state !== 'final') return;
  const { contract, period } = report;
  const entries = await store.readLedger({ contract: contract.id, period: period.label });
  const note = noteOn(contract.id, period.label, entries);
  for (const name of NOTE_NAMES) {
    const own = `${fileStem(report)}-${name}`;
    if (note?.name === name) await write({ name: own, pieces: () => [note.text] });
    else rmSync(join(out, own), { force: true });
  }
}

async function documentsOf(
  store: Store,
  period: string,
  options: Options,
  world: World,
): Promise<readonly ReportDocument[]> {
  const frozen = (await store.listReports()).filter(
    (one) => one.period === period && (options.contract === undefined || one.contract === options.contract),
  );
  const documents: ReportDocument[] = [];
  for (const { contract } of frozen) {
    const correction = correctionOf(await store.readLedger({ contract, period }));
    if (correction !== null) {
      const told = `the report ${period} of ${contract} was ${correction.kind}: ${correction.reason}`;
      if (correction.kind === 'withdrawn' && options.claimPack === true) throw new OperatorError(told);
      world.err(`${told}\n`);
    }
    const found = await store.readReport(contract, period);
    if (found !== null) documents.push(readDocument(found.document));
  }
  const known = new Set(frozen.map(({ contract }) => contract));
  if (options.contract !== undefined && known.has(options.contract)) return documents;
  const terms = reportTermsOf(loadDeployment(options.config, world, 'optional')).filter(
    ({ contract }) =>
      !known.has(contract) && (options.contract === undefined || contract === options.contract),
  );
  if (options.contract !== undefined && terms.length === 0) {
    throw new OperatorError(`no contract ${options.contract} is in use in ${options.config}`);
  }
  for (const one of terms) {
    const report = await draftOf(store, one, period, world);
    if (report === null) continue;
    const signed = signReport(report, signingKeyIn(options.data));
    documents.push(readDocument(JSON.stringify(signed)));
  }
  return documents;
}

async function draftOf(store: Store, terms: ReportTerms, text: string, world: World): Promise<Report | null> {
  const window = terms.versions.at(-1)?.window;
  if (window === undefined) return null;
  const period = parsePeriod(text, window);
  if (!('fromAt' in period)) {
    throw new OperatorError(`expected ${period.expected}, found ${period.found}`);
  }
  const bar = progressBar(`reading ${terms.contract}`);
  try {
    const report = await draftReport(store, terms, period, world.now(), async (done, of) =>
      bar.to(done / of),
    );
    return report === null || report.statements.length === 0 ? null : report;
  } finally {
    bar.stop();
  }
}
