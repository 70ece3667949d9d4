import { existsSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { templateIds } from '../config/contract-template.ts';
import { loadContracts } from '../config/load-contract.ts';
import { loadMaintenance, parseMaintenance } from '../config/load-maintenance.ts';
import { nearest } from '../config/nearest.ts';
import { admitMaintenance, type MaintenanceWindow } from '../domain/contract/admitted-maintenance.ts';
import { type WindowResult, windowsLookedBack } from '../domain/contract/chronic.ts';
import { type Contract, FEE_BASES } from '../domain/contract/contract.ts';
import { contractInForce } from '../domain/contract/contract-in-force.ts';
import { asPreviousWindow, type Evaluation, evaluate } from '../domain/contract/evaluation.ts';
import { accumulate, emptyTally, planTally, type Tally } from '../domain/contract/tally.ts';
import { formatProblem } from '../domain/problem.ts';
import { instantText, isTimezone, type Period, parsePeriod, shiftWindow } from '../domain/time/period.ts';
import { counted } from '../domain/wording.ts';
import { evaluationText, paintAnsi, paintNothing } from './evaluate/evaluation-text.ts';
import { previousResults } from './evaluate/previous-results.ts';
import {
  type FileSummary,
  formatOf,
  openSamples,
  readSamples,
  type SampleFormat,
} from './evaluate/sample-file.ts';
import { FIELDS } from './evaluate/sample-line.ts';
import { OperatorError, type World } from './world.ts';

export type EvaluateOptions = {
  readonly contract: string;
  readonly period: string;
  readonly format?: SampleFormat;
  readonly fee?: string;
  readonly feeBase?: string;
  readonly timezone?: string;
  readonly maintenance: readonly string[];
  readonly previous: readonly string[];
  readonly target?: string;
  readonly tolerance: number;
  readonly json?: boolean;
};

/** What the input was, beside what it came to. */
type InputReport = FileSummary & {
  readonly tolerance: number;
  /** Requests of other targets, left aside by `--target`. */
  readonly otherTargets: number;
};

/** One window to be filled while the lines go by. */
type WindowTally = {
  readonly contract: Contract;
  readonly tally: Tally;
  readonly maintenanceFlags: readonly string[];
};

function contractVersions(options: EvaluateOptions, world: World): readonly Contract[] {
  const [name = '', id] = options.contract.split('#');
  const loaded = loadContracts(name);
  if (loaded === null) {
    throw new OperatorError(
      `--contract: no file ${name}, and no template of that name (${templateIds().join(', ')})`,
    );
  }
  for (const problem of loaded.problems) world.err(`${formatProblem(problem)}\n`);
  const errors = loaded.problems.filter((problem) => problem.severity === 'error').length;
  if (errors > 0)
    throw new OperatorError(`${loaded.file}: ${errors} ${errors === 1 ? 'problem' : 'problems'}`);
  const ids = [...loaded.contracts.keys()];
  const chosen = id ?? (ids.length === 1 ? ids[0] : undefined);
  const versions = chosen === undefined ? undefined : loaded.contracts.get(chosen);
  if (versions === undefined) {
    throw new OperatorError(`--contract: name one of ${ids.map((one) => `${name}#${one}`).join(', ')}`);
  }
  return versions.map((contract) => inZone(contract, options.timezone));
}

function inZone(contract: Contract, timezone: string | undefined): Contract {
  if (timezone === undefined) return contract;
  if (!isTimezone(timezone)) {
    throw new OperatorError(`--timezone: expected an IANA name such as Europe/Berlin, found ${timezone}`);
  }
  return { ...contract, window: { ...contract.window, timezone } };
}

function inForce(versions: readonly Contract[], period: Period): Contract {
  const contract = contractInForce(versions, period.fromAt);
  if (contract !== null) return contract;
  const first = versions[0]?.inForceFrom ?? 'later';
  throw new OperatorError(
    `no version of the contract is in force at ${instantText(period.fromAt)}; the first starts ${first}`,
  );
}

function periodOf(versions: readonly Contract[], text: string): Period {
  const window = versions.at(-1)?.window;
  if (window === undefined) throw new Error('a contract without a version');
  const period = parsePeriod(text, window);
  if ('fromAt' in period) return period;
  throw new OperatorError(`--period: expected ${period.expected}, found ${period.found}`);
}

function maintenanceOf(texts: readonly string[], timezone: string): readonly MaintenanceWindow[] {
  return texts.flatMap((text) => {
    const span = parseMaintenance(text, timezone);
    if (span !== null) return [span];
    if (!existsSync(text)) {
      throw new OperatorError(`--maintenance: expected FROM/TO, FROM/TO@ANNOUNCED or a file, found ${text}`);
    }
    const loaded = loadMaintenance(text, timezone);
    if ('message' in loaded) throw new OperatorError(`--maintenance: ${loaded.message}`);
    return loaded;
  });
}

/** A quarter of a year in seconds, with room to spare; beyond it the counts of slices are too many for memory. */
const MOST_SLICES = 10_000_000;

function windowTally(contract: Contract, period: Period, windows: readonly MaintenanceWindow[]): WindowTally {
  const admitted = admitMaintenance(contract, period, windows);
  const plan = planTally(period, [{ contract, maintenance: admitted.withMargins }]);
  if (plan.slices > MOST_SLICES) {
    throw new OperatorError(
      `--period: ${period.label} has ${plan.slices} slices of ${plan.sliceMs / 1000} s; ${MOST_SLICES} fit into memory, so ask for less at once`,
    );
  }
  return { contract, tally: emptyTally(plan), maintenanceFlags: admitted.flags };
}

/** The windows before the asked one that the contract's rights and credits look back on, latest first. */
function lookedBackOn(current: Contract, period: Period): Period[] {
  const back = period.isWindow
    ? Math.max(windowsLookedBack(current.chronic), current.credits.requiresConsecutiveWindows - 1)
    : 0;
  return Array.from({ length: back }, (_, i) => shiftWindow(period, current.window, -(i + 1)));
}

/** The asked window first, then those before it, latest first: each a result that is known, or a tally to fill. */
function windowsToFill(
  versions: readonly Contract[],
  period: Period,
  maintenance: readonly MaintenanceWindow[],
  previous: readonly string[],
): readonly (WindowTally | WindowResult)[] {
  const current = inForce(versions, period);
  const earlier = lookedBackOn(current, period);
  const known = previousResults(previous, current, earlier);
  return [
    windowTally(current, period, maintenance),
    ...earlier.map((one) => {
      const contract = contractInForce(versions, one.fromAt);
      return (
        known.get(one.fromAt) ??
        (contract === null
          ? { label: one.label, percent: null, isBreached: null }
          : windowTally(contract, one, maintenance))
      );
    }),
  ];
}

function isTally(one: WindowTally | WindowResult): one is WindowTally {
  return 'tally' in one;
}

/** What a contract may hold for each of, and a line may say. */
const SCOPE_FIELDS = ['model', 'region', 'endpoint'] as const;
/** Names that are counted; beyond, it is said that there may be more. */
const MOST_NAMED = 100;

function fillAll(windows: readonly WindowTally[], target: string | undefined) {
  const state = { otherTargets: 0, requests: 0, targets: new Set<string>() };
  const { dimensions = [] } = windows[0]?.contract.scope ?? {};
  const scopes = SCOPE_FIELDS.filter((field) => dimensions.includes(field)).map((field) => ({
    field,
    seen: new Set<string>(),
  }));
  const tallies = windows.map((one) => one.tally);
  const [only] = tallies;
  const onLine: Parameters<typeof readSamples>[2] = (line) => {
    if (target !== undefined && line.target !== target) {
      state.otherTargets += line.count;
      return;
    }
    state.requests += line.count;
    if (state.requests > Number.MAX_SAFE_INTEGER) {
      throw new OperatorError(
        `more than ${Number.MAX_SAFE_INTEGER} requests, which cannot be counted exactly; is count what it should be?`,
      );
    }
    if (line.target !== null && state.targets.size < MOST_NAMED) state.targets.add(line.target);
    for (const { field, seen } of scopes) {
      const value = line[field];
      if (value !== null && seen.size < MOST_NAMED) seen.add(value);
    }
    if (tallies.length === 1 && only !== undefined) accumulate(only, line);
    else for (const tally of tallies) accumulate(tally, line);
  };
  return { state, scopes, onLine };
}

const READING_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; expected a file of requests',
  EACCES: 'this user may not',
};

async function readInto(
  path: string,
  format: SampleFormat,
  onLine: Parameters<typeof readSamples>[2],
): Promise<FileSummary> {
  const bar = new SingleBar({
    stream: process.stderr,
    noTTYOutput: false,
    hideCursor: null,
    clearOnComplete: true,
    format: 'reading {bar} {percentage} % · {eta_formatted} left',
  });
  let isShown = false;
  try {
    const source = await openSamples(path, (bytes) => {
      if (isShown) bar.increment(bytes);
    });
    if (source.size !== null && source.size > 0 && process.stderr.isTTY) {
      bar.start(source.size, 0);
      isShown = true;
    }
    return await readSamples(source.chunks, format, onLine);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      const why = READING_FAULTS[String(error.code)] ?? error.message;
      throw new OperatorError(`cannot read ${path}: ${why}`, { cause: error });
    }
    throw error;
  } finally {
    if (isShown) bar.stop();
  }
}

function evaluateWindows(
  windows: readonly (WindowTally | WindowResult)[],
  options: EvaluateOptions,
): Evaluation {
  const previous: WindowResult[] = [];
  let evaluation: Evaluation | null = null;
  for (const window of windows.toReversed()) {
    if (!isTally(window)) {
      previous.unshift(window);
      continue;
    }
    const { contract, tally, maintenanceFlags } = window;
    const isCurrent = window === windows[0];
    const fee =
      isCurrent && options.fee !== undefined ? { amount: options.fee, base: options.feeBase ?? null } : null;
    evaluation = evaluate(tally, contract, { fee, previous: [...previous], maintenanceFlags });
    previous.unshift(asPreviousWindow(evaluation));
  }
  if (evaluation === null) throw new Error('no window to evaluate');
  return evaluation;
}

/** Which field was probably meant: one that is not read is easily overlooked. */
function meant(name: string): string {
  const near = nearest(name, FIELDS);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

type Scopes = readonly { readonly field: string; readonly seen: ReadonlySet<string> }[];

function named({ size }: ReadonlySet<string>): string {
  return size < MOST_NAMED ? `${size}` : `${size} or more`;
}

function inputFlags(input: InputReport, targets: ReadonlySet<string>, scopes: Scopes): string[] {
  return [
    ...(input.lines === 0 ? ['input: the file holds no line'] : []),
    ...(input.bad > 0 ? [`input: ${input.bad} of ${counted(input.lines, 'line')} could not be used`] : []),
    ...(input.unknownFields.length > 0
      ? [`input: ignored fields ${input.unknownFields.map((name) => name + meant(name)).join(', ')}`]
      : []),
    ...(targets.size > 1 ? [`scope: ${named(targets)} targets are judged as one; --target picks one`] : []),
    ...scopes.flatMap(({ field, seen }) =>
      seen.size > 1
        ? [
            `scope: ${named(seen)} ${field}s are judged as one, but the contract is for each ${field}; judge each by itself`,
          ]
        : [],
    ),
  ];
}

function complain(input: InputReport, world: World): void {
  for (const { line, message } of input.badLines) world.err(`line ${line}  ${message}\n`);
  const unlisted = input.bad - input.badLines.length;
  if (unlisted > 0) world.err(`and ${unlisted} more bad lines\n`);
}

/** Evaluates a file of samples under a contract. Returns the exit code: 2 if more lines were bad than tolerated. */
async function runEvaluate(path: string, options: EvaluateOptions, world: World): Promise<number> {
  if (options.fee !== undefined && !/^\d+(\.\d+)?$/.test(options.fee)) {
    throw new OperatorError(`--fee: expected an amount such as 1234.50, found ${options.fee}`);
  }
  const versions = contractVersions(options, world);
  const period = periodOf(versions, options.period);
  const maintenance = maintenanceOf(options.maintenance, period.timezone);
  const windows = windowsToFill(versions, period, maintenance, options.previous);
  const { state, scopes, onLine } = fillAll(windows.filter(isTally), options.target);
  const summary = await readInto(path, options.format ?? formatOf(path), onLine);
  const input: InputReport = { ...summary, tolerance: options.tolerance, otherTargets: state.otherTargets };
  complain(input, world);
  const evaluated = evaluateWindows(windows, options);
  const evaluation = {
    ...evaluated,
    flags: [...inputFlags(input, state.targets, scopes), ...evaluated.flags],
  };
  const contract = windows.find(isTally)?.contract;
  if (contract === undefined) throw new Error('no window to evaluate');
  const paint = process.stdout.isTTY && world.env.NO_COLOR === undefined ? paintAnsi : paintNothing;
  world.out(
    options.json === true
      ? `${JSON.stringify({ ...evaluation, input }, null, 2)}\n`
      : evaluationText(evaluation, contract, paint),
  );
  if (input.bad <= input.tolerance) return 0;
  const lines = input.bad === 1 ? 'line' : 'lines';
  world.err(`${input.bad} bad ${lines}; ${input.tolerance} tolerated (--tolerance)\n`);
  return 2;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new OperatorError(`--tolerance: expected a whole number, found ${text}`);
  return Number(text);
}

const HELP = `
One line of SAMPLES is one request (or \`count\` alike), as JSON or as a CSV row with the same column names:
  {"at": "2026-10-01T00:00:00Z", "status": 200, "ttftMs": 310, "totalMs": 812, "outputTokens": 40}
  at       RFC 3339 with offset, or epoch ms (required)
  status   HTTP status, or outcome from the closed list (one of them is required)
  ttftMs, totalMs, outputTokens, promptTokens, clientTimeoutMs, serviceTier, stream, count, target,
  code, model, endpoint, region, tags (optional)

Examples:
  probity evaluate access.ndjson --contract pro-channel --period 2026-10 --fee 12000
  probity evaluate export.csv.gz --contract ./our-contract.yaml --period 2026-Q4 --json
  zcat log.gz | probity evaluate - --contract aws-style-5min --period 2026-10 \\
    --maintenance 2026-10-04T02:00Z/2026-10-04T06:00Z

Rights and credits that need several windows look back: on what the file holds of those windows, or on their results:
  probity evaluate october.ndjson --contract pro-channel --period 2026-10 --previous september.json`;

/** `probity evaluate`: the contract arithmetic on anybody's data, without a database. */
export function registerEvaluate(program: Command, world: World): void {
  program
    .command('evaluate')
    .description(
      "Judge a file of requests by a contract's own arithmetic: uptime, objectives, credit, deadlines.",
    )
    .argument('<samples>', 'NDJSON or CSV file, .gz too; - for standard input')
    .requiredOption('--contract <file>', 'contract file (file.yaml#id if it holds several) or template id')
    .requiredOption('--period <period>', '2026-10, 2026-Q4 or FROM/TO')
    .addOption(new Option('--format <format>', 'by default from the name').choices(['ndjson', 'csv']))
    .option('--fee <amount>', 'fee of the period for the fee base; without it no money is named')
    .addOption(new Option('--fee-base <base>', 'what the fee is for').choices([...FEE_BASES]))
    .option('--timezone <zone>', "IANA zone instead of the contract's")
    .option(
      '--maintenance <window>',
      'FROM/TO, FROM/TO@ANNOUNCED or a file; may be repeated',
      (value: string, all: readonly string[]) => [...all, value],
      [] as readonly string[],
    )
    .option(
      '--previous <file>',
      'what this command printed with --json for an earlier window, for rights that look back; may be repeated',
      (value: string, all: readonly string[]) => [...all, value],
      [] as readonly string[],
    )
    .option('--target <id>', 'only lines of this target')
    .option('--tolerance <lines>', 'bad lines that are accepted before the exit code is 2', wholeNumber, 0)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (samples: string, options: EvaluateOptions) => {
      process.exitCode = await runEvaluate(samples, options, world);
    });
}
