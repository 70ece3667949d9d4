import type { Command } from 'commander';
import { countsForAvailability, countsForLatency, OUTCOMES } from '../domain/measure/outcome.ts';
import type { Target } from '../domain/measure/target.ts';
import {
  compareTiers,
  type Finding,
  type RankMs,
  type TierComparison,
  type TierFigures,
  type TierSample,
} from '../domain/statistics/tier-comparison.ts';
import type { Store, StoredSample } from '../store/store.ts';
import { readDuration } from './moment.ts';
import { openDataToRead } from './open-data.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly data: string;
  readonly window: string;
  readonly model?: string;
  readonly gateway?: string;
  readonly metric: string;
  readonly threshold?: string;
  readonly prices?: string;
  readonly seed: string;
  readonly json?: boolean;
};

/** One model at two tiers of one gateway, asked by one probe. */
type Pair = {
  readonly gateway: string;
  readonly model: string;
  readonly probe: string;
  readonly comparison: TierComparison;
};

const DRAWS = 2000;

/** `probity compare`: whether one tier is better than another, model by model. */
export function registerCompare(program: Command, world: World): void {
  program
    .command('compare')
    .description('compare two tiers model by model: failures, time over a threshold, p99, and what is proven')
    .argument('<first>', 'a tier, e.g. pro')
    .argument('<second>', 'the tier to hold it against, e.g. standard')
    .option('--model <id>', 'only this model')
    .option('--gateway <id>', 'only this gateway')
    .option('--window <duration>', 'how far to look back', '30d')
    .option('--metric <metric>', 'ttft or total', 'ttft')
    .option('--threshold <ms>', 'the latency both are held to; by default the p99 of both together')
    .option('--prices <first,second>', 'what a token costs at each tier, in the same unit')
    .option('--seed <n>', 'seed of the resampling: the same seed gives the same figures', '1')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  probity compare pro standard --model deepseek-ai/DeepSeek-V3.2 --window 30d --prices 0.50,0.25',
    )
    .action((first: string, second: string, options: Options) => compare(first, second, options, world));
}

function positive(text: string | undefined, option: string): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value;
  throw new OperatorError(`${option}: expected a number above 0; found ${JSON.stringify(text)}`);
}

function metricOf(text: string): 'ttftUs' | 'totalUs' {
  if (text === 'ttft') return 'ttftUs';
  if (text === 'total') return 'totalUs';
  throw new OperatorError(`--metric: expected ttft or total; found ${JSON.stringify(text)}`);
}

function pricesOf(text: string | undefined): readonly [number | null, number | null] {
  if (text === undefined) return [null, null];
  const [first, second, ...rest] = text.split(',').map((part) => positive(part.trim(), '--prices'));
  if (first == null || second == null || rest.length > 0) {
    throw new OperatorError(
      `--prices: expected two numbers such as 0.50,0.25; found ${JSON.stringify(text)}`,
    );
  }
  return [first, second];
}

const US_PER_MS = 1000;

/** What counts of a sample: a failure, or an answer whose time may be used. Everything else proves nothing here. */
function countedSample(sample: StoredSample, metric: 'ttftUs' | 'totalUs'): TierSample | null {
  if (!countsForAvailability(sample.validity)) return null;
  const at = sample.scheduledAt;
  const { counts } = OUTCOMES[sample.outcome];
  if (counts === 'bad') return { at, ms: null };
  const us = sample[metric];
  if (counts === 'excluded' || us === null || !countsForLatency(sample.validity)) return null;
  return { at, ms: us / US_PER_MS };
}

type Span = { readonly fromAt: number; readonly toAt: number };

async function samplesByProbe(
  store: Store,
  target: Target,
  span: Span,
): Promise<Map<string, StoredSample[]>> {
  const byProbe = new Map<string, StoredSample[]>();
  const samples = await store.readSamples({ target: target.id, purposes: ['scheduled', 'reprobe'], ...span });
  for (const sample of samples) {
    const list = byProbe.get(sample.probe) ?? [];
    list.push(sample);
    byProbe.set(sample.probe, list);
  }
  return byProbe;
}

function chosen(targets: readonly Target[], tier: string, options: Options): Target[] {
  return targets.filter(
    (target) =>
      target.tier === tier &&
      (options.model === undefined || target.model === options.model) &&
      (options.gateway === undefined || target.gateway === options.gateway),
  );
}

async function comparePairs(
  store: Store,
  first: string,
  second: string,
  options: Options,
  span: Span,
): Promise<Pair[]> {
  const targets = await store.readTargets();
  const metric = metricOf(options.metric);
  const prices = pricesOf(options.prices);
  const settings = {
    thresholdMs: positive(options.threshold, '--threshold'),
    seed: Math.trunc(positive(options.seed, '--seed') ?? 1),
    draws: DRAWS,
  };
  const pairs: Pair[] = [];
  for (const one of chosen(targets, first, options)) {
    const other = chosen(targets, second, options).find(
      (target) => target.model === one.model && target.gateway === one.gateway,
    );
    if (other === undefined) continue;
    const [ours, theirs] = [await samplesByProbe(store, one, span), await samplesByProbe(store, other, span)];
    for (const [probe, samples] of ours) {
      const counted = (list: readonly StoredSample[]): TierSample[] =>
        list.flatMap((sample) => countedSample(sample, metric) ?? []);
      const comparison = compareTiers(
        { name: first, samples: counted(samples), price: prices[0] },
        { name: second, samples: counted(theirs.get(probe) ?? []), price: prices[1] },
        settings,
      );
      pairs.push({ gateway: one.gateway, model: one.model, probe, comparison });
    }
  }
  return pairs;
}

async function compare(first: string, second: string, options: Options, world: World): Promise<void> {
  if (first === second) throw new OperatorError('expected two different tiers');
  const toAt = world.now();
  const span = { fromAt: toAt - readDuration(options.window, '--window'), toAt };
  const store = openDataToRead(options.data);
  try {
    const pairs = await comparePairs(store, first, second, options, span);
    if (pairs.length === 0) {
      const tiers = [...new Set((await store.readTargets()).map((target) => target.tier))].sort();
      const known =
        tiers.length === 0 ? 'nothing has been measured yet' : `tiers measured: ${tiers.join(', ')}`;
      throw new OperatorError(`no model was measured at both ${first} and ${second}; ${known}`);
    }
    world.out(
      options.json === true
        ? `${JSON.stringify({ first, second, ...span, metric: options.metric, pairs }, null, 2)}\n`
        : `${pairs.map((pair) => pairText(pair)).join('\n')}${manyText(pairs.length)}`,
    );
  } finally {
    await store.close();
  }
}

/** Of many comparisons some succeed by chance, and whoever reads the list should know how many. */
function manyText(pairs: number): string {
  return pairs < 2
    ? ''
    : `\n${pairs} models were compared; where nothing differs, about one finding in twenty is chance.\n`;
}

function ms(value: RankMs): string {
  if (value === null) return '—';
  return value === 'failed' ? 'failed' : `${Math.ceil(value).toLocaleString('en-US')} ms`;
}

function upper(value: RankMs): string {
  return value === null ? 'beyond the slowest' : ms(value);
}

function figuresText(figures: TierFigures): string {
  const { name, n, failures, availability, p50, p99, p99Interval } = figures;
  // Rounded down: uptime must not look better than it was.
  const percent =
    availability === null ? '—' : `${(Math.floor(availability.share * 1e5) / 1e3).toFixed(3)} %`;
  return `  ${name.padEnd(12)} uptime ${percent} (${failures} of ${n} failed)   p50 ${ms(p50)}   p99 ${ms(p99)} (95 %: ${ms(p99Interval.low)} to ${upper(p99Interval.high)})`;
}

function proof(p: number, better: Finding, names: readonly [string, string]): string {
  const who =
    better === 'not proven' ? 'not proven' : `${better === 'first' ? names[0] : names[1]} is better`;
  return `${who}, p ${p < 0.0001 ? '< 0.0001' : `= ${p.toPrecision(2)}`}`;
}

function pairText({ gateway, model, probe, comparison }: Pair): string {
  const { tiers, failures, exceedances, difference, sentence } = comparison;
  const names = [tiers[0].name, tiers[1].name] as const;
  const over =
    exceedances === null
      ? []
      : [
          `  over ${ms(exceedances.thresholdMs)} (${exceedances.source}): ${tiers[0].over} against ${tiers[1].over}; ${proof(exceedances.barnard ?? exceedances.fisher, exceedances.better, names)} (${exceedances.barnard === null ? 'Fisher' : 'Barnard'})`,
        ];
  const tail =
    difference === null
      ? []
      : [`  p99: ${proof(difference.p, difference.better, names)} (${difference.blocks} hours resampled)`];
  return [
    `${model} at ${gateway}, ${probe}`,
    `  ${sentence}`,
    ...tiers.map(figuresText),
    `  failures: ${proof(failures.p, failures.better, names)} (Fisher)`,
    ...over,
    ...tail,
    '',
  ].join('\n');
}
