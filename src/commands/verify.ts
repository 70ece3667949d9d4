import { existsSync, readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { number } from '../domain/contract/working.ts';
import type { Report } from '../domain/report/report.ts';
import { readPublicKey } from '../evidence/signing-key.ts';
import { checkTimeStamp } from '../evidence/time-stamp.ts';
import { type ChainReport, verifyChain } from '../evidence/verify-chain.ts';
import { type KeptReports, verifyKeptReports } from '../evidence/verify-kept.ts';
import { checkReport } from '../evidence/verify-report.ts';
import { type StampReport, verifyStamps } from '../evidence/verify-stamps.ts';
import { openDataToRead } from './open-data.ts';
import { progressBar } from './progress.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly data?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly json?: boolean;
};

/** `probity verify`: whether a report, or everything measured, is as it was. */
export function registerVerify(program: Command, world: World): void {
  program
    .command('verify')
    .description('check a report file offline, or recompute the evidence chain of a data folder')
    .argument('[file]', 'a report in its JSON form')
    .addOption(new Option('--data <dir>', 'recompute the chain of this data folder'))
    .option('--key <id>', 'the key the report must be signed with, as published at /.well-known/probity.json')
    .option('--ca <file>', 'the certificates that time-stamps must lead to, PEM')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The exit code is 1 if anything is not as it was.

Examples:
  probity verify pro-channel-2026-10.json --key 3f0a9c1d2b4e5f60
  probity verify --data /var/lib/probity`,
    )
    .action(async (file: string | undefined, options: Options) => {
      if (file === undefined && options.data === undefined) {
        throw new OperatorError('name a report file, or a data folder with --data');
      }
      const isGood =
        (file === undefined || (await verifyFile(file, options, world))) &&
        (options.data === undefined || (await verifyData(options.data, options, world)));
      if (!isGood) process.exitCode = 1;
    });
}

/** The certificates named by `--ca`. */
function trustedBy({ ca }: Options): readonly string[] {
  if (ca === undefined) return [];
  if (!existsSync(ca)) throw new OperatorError(`there is no file ${ca}`);
  const pem = readFileSync(ca, 'utf8');
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new OperatorError(`${ca} holds no certificate in PEM form`);
  return [pem];
}

/** The time-stamps a report carries: what holds and what does not, one line each. */
async function checkStamps(
  report: Report | null,
  trusted: readonly string[],
): Promise<{ readonly good: readonly string[]; readonly bad: readonly string[] }> {
  const good: string[] = [];
  const bad: string[] = [];
  for (const { region, segment, head, timeStamp } of report?.chain ?? []) {
    const place = `segment ${number(segment)} of ${region}`;
    if (timeStamp === null) good.push(`${place} had not been time-stamped when the report was frozen`);
    if (timeStamp === null || timeStamp === undefined) continue;
    try {
      const { at, authority } = await checkTimeStamp(Buffer.from(timeStamp.token, 'base64'), head, trusted);
      const vouched = trusted.length === 0 ? '; whose that is, --ca FILE checks' : '';
      good.push(`${place} existed by ${new Date(at).toISOString()}, as ${authority} signed${vouched}`);
    } catch (error) {
      bad.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { good, bad };
}

async function verifyFile(file: string, options: Options, world: World): Promise<boolean> {
  if (!existsSync(file)) throw new OperatorError(`there is no file ${file}`);
  const check = checkReport(readFileSync(file, 'utf8'));
  const stamps = await checkStamps(check.report, trustedBy(options));
  const problems = [...check.problems, ...stamps.bad];
  if (check.signature === 'none' && check.report !== null) problems.push('it is not signed');
  if (options.key !== undefined && check.keyId !== options.key) {
    problems.push(`it is signed with key ${check.keyId ?? 'none'}, not with ${options.key}`);
  }
  if (options.json === true) {
    const { report: _report, ...shown } = check;
    world.out(`${JSON.stringify({ file, ...shown, timeStamps: stamps.good, problems }, null, 2)}\n`);
    return problems.length === 0;
  }
  for (const problem of problems) world.out(`✗ ${problem}\n`);
  if (problems.length === 0 && check.report !== null) {
    const { contract, period } = check.report;
    world.out(
      `✓ ${contract.id} ${period.label}: the signature of key ${check.keyId} fits, and ${check.figures} figures follow from the counts\n`,
    );
    for (const line of stamps.good) world.out(`  ${line}\n`);
    if (options.key === undefined) {
      world.out('  Whose key that is, the file cannot prove: compare it with /.well-known/probity.json\n');
    }
  }
  return problems.length === 0;
}

async function verifyData(folder: string, options: Options, world: World): Promise<boolean> {
  const trusted = trustedBy(options);
  const store = openDataToRead(folder);
  const bar = progressBar('verifying');
  try {
    const kept = await verifyKeptReports(store, readPublicKey(folder)?.id ?? null);
    let segments = 0;
    for (const region of await store.readRegions()) {
      segments += ((await store.readLastSegment(region))?.no ?? -1) + 1;
    }
    let done = 0;
    const report = await verifyChain(store, kept.known, ({ rows }) => {
      done += 1;
      bar.to(done / Math.max(1, segments), `${number(rows)} rows`);
    });
    bar.stop();
    const stamps = await verifyStamps(store, trusted);
    const whole = { ...report, findings: [...report.findings, ...stamps.findings] };
    const isGood = whole.findings.length === 0 && kept.problems.length === 0;
    world.out(
      options.json === true
        ? `${JSON.stringify({ ...whole, timeStamps: stamps.regions, reports: kept.problems }, null, 2)}\n`
        : `${chainText(whole, kept)}${stampsText(stamps)}`,
    );
    return isGood;
  } finally {
    bar.stop();
    await store.close();
  }
}

function chainText({ regions, findings, moreFindings }: ChainReport, kept: KeptReports): string {
  const lines = regions.map((one) => {
    if (one.sealedUntil === null) return `  ${one.region}: nothing is sealed yet`;
    const notes = [
      one.gaps > 0 ? `${number(one.gaps)} hours of a series could not be read when they were sealed` : '',
      one.late > 0 ? `${number(one.late)} late` : '',
      one.pruned > 0 ? `${number(one.pruned)} segments pruned, chain intact` : '',
      one.evidencePruned > 0 ? `evidence of ${number(one.evidencePruned)} segments pruned` : '',
    ].filter((note) => note !== '');
    const until = new Date(one.sealedUntil).toISOString();
    return `  ${one.region}: ${number(one.segments)} segments, ${number(one.rows)} rows until ${until}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}\n    head ${one.head}`;
  });
  const found = findings.map(
    ({ region, segment, span, what }) =>
      `✗ ${region}${segment === null ? '' : ` segment ${segment}`}${span === null ? '' : `, ${span}`}\n    ${what}`,
  );
  if (moreFindings > 0) found.push(`✗ and ${number(moreFindings)} more`);
  found.push(...kept.problems.map((problem) => `✗ ${problem}`));
  const verdict = findings.length === 0 ? ['✓ every row is as it was sealed'] : [];
  return `${[...verdict, ...found, ...lines].join('\n')}\n`;
}

function stampsText({ regions }: StampReport): string {
  return regions
    .flatMap(({ region, stamped, last }) =>
      last === null
        ? []
        : [
            `  ${region}: ${number(stamped)} heads time-stamped, the last at ${new Date(last.at).toISOString()} by ${last.authority}\n`,
          ],
    )
    .join('');
}
