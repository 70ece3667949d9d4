import { type Promised, type Provability, provabilityOf } from '../statistics/provability.ts';
import {
  type CronReader,
  type FittingInterval,
  fittingInterval,
  peakPerMinute,
  ticksPerDay,
} from '../time/request-rate.ts';
import type { ProbingPlan, Prompt, SeriesPlan } from './probe.ts';
import { renderPrompt } from './probe.ts';

export type KeyFigures = {
  /** `gateway/tier`. */
  readonly id: string;
  readonly targets: number;
  readonly averagePerMinute: number;
  /** The most ticks in any 60 s. */
  readonly peakPerMinute: number;
  /** The quota; `null` = none. */
  readonly requestsPerMinute: number | null;
  /** What would fit; `null` if the plan fits. */
  readonly remedy: FittingInterval | null;
};

export type ProbeFigures = {
  readonly id: string;
  readonly targets: number;
  /** Ticks of one target per day. */
  readonly perDay: number;
};

/** The most that answers as long as allowed would cost; confirmation bursts are not in it. */
export type DailyCost = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Per currency, in nano-units. */
  readonly nanos: Readonly<Record<string, number>>;
  /** Targets whose tokens are counted, but not their money, for want of a price. */
  readonly unpricedTargets: number;
};

/** What a plan sends, costs and can prove, before anything leaves. */
export type PlanFigures = {
  readonly targets: number;
  readonly series: number;
  readonly probes: readonly ProbeFigures[];
  readonly keys: readonly KeyFigures[];
  readonly perDay: DailyCost;
  readonly spend: {
    readonly perDayNanos: number;
    readonly currency: string;
    /** After how much of a day the cap is reached at full cadence, ms; `null` if it is not. */
    readonly reachedAfterMs: number | null;
  } | null;
  readonly provable: readonly Provability[];
};

export type FiguresInputs = {
  readonly cron: CronReader;
  /** What a tier's contract promises; `null` = it has none. */
  readonly promisedBy: (tier: string) => Promised | null;
};

const DAY_MS = 86_400_000;

export function planFigures(plan: ProbingPlan, inputs: FiguresInputs): PlanFigures {
  const { cron } = inputs;
  const perDay = costPerDay(plan.series, cron);
  const probes = new Map<string, { series: SeriesPlan[]; perDay: number }>();
  for (const series of plan.series) {
    const group = probes.get(series.probe.id) ?? { series: [], perDay: ticksPerDay(series.schedule, cron) };
    group.series.push(series);
    probes.set(series.probe.id, group);
  }
  const provable = new Map<string, Provability>();
  for (const group of probes.values()) {
    for (const tier of new Set(group.series.map(({ target }) => target.tier))) {
      const promised = inputs.promisedBy(tier);
      if (promised === null) continue;
      provable.set(`${promised.contract}\n${group.perDay}`, provabilityOf(promised, group.perDay));
    }
  }
  return {
    targets: countTargets(plan.series),
    series: plan.series.length,
    probes: [...probes].map(([id, group]) => ({
      id,
      targets: countTargets(group.series),
      perDay: group.perDay,
    })),
    keys: plan.keys.map((key) => keyFigures(plan, key, cron)),
    perDay,
    spend: plan.spend === null ? null : { ...plan.spend, reachedAfterMs: reachedAfter(plan.spend, perDay) },
    provable: [...provable.values()],
  };
}

function countTargets(series: readonly SeriesPlan[]): number {
  return new Set(series.map(({ target }) => target.id)).size;
}

function keyFigures(plan: ProbingPlan, key: ProbingPlan['keys'][number], cron: CronReader): KeyFigures {
  const series = plan.series.filter(({ target }) => `${target.gateway}/${target.tier}` === key.id);
  const peak = peakPerMinute(
    series.map(({ schedule }) => schedule),
    cron,
  );
  const average =
    series.reduce((sum, { schedule }) => sum + ticksPerDay(schedule, cron), 0) / (DAY_MS / 60_000);
  const quota = key.requestsPerMinute;
  return {
    id: key.id,
    targets: countTargets(series),
    averagePerMinute: average,
    peakPerMinute: peak,
    requestsPerMinute: quota,
    remedy: quota === null || peak <= quota ? null : fittingInterval(series, quota, plan.region, cron),
  };
}

function costPerDay(series: readonly SeriesPlan[], cron: CronReader): DailyCost {
  let inputTokens = 0;
  let outputTokens = 0;
  const nanos = new Map<string, number>();
  const unpriced = new Set<string>();
  const tokens = new Map<Prompt, number>();
  for (const { probe, price, schedule, target } of series) {
    if (probe.prompt === null) continue;
    let input = tokens.get(probe.prompt);
    if (input === undefined) {
      input = promptTokens(probe.prompt);
      tokens.set(probe.prompt, input);
    }
    const output = probe.operation === 'embeddings' ? 0 : probe.prompt.maxTokens;
    const perDay = ticksPerDay(schedule, cron);
    inputTokens += input * perDay;
    outputTokens += output * perDay;
    if (price === null) unpriced.add(target.id);
    else {
      const cost = (input * price.inputNanosPerToken + output * price.outputNanosPerToken) * perDay;
      nanos.set(price.currency, (nanos.get(price.currency) ?? 0) + cost);
    }
  }
  return {
    inputTokens: Math.ceil(inputTokens),
    outputTokens: Math.ceil(outputTokens),
    nanos: Object.fromEntries([...nanos].map(([currency, sum]) => [currency, Math.ceil(sum)])),
    unpricedTargets: unpriced.size,
  };
}

/**
 * An estimate of a filled prompt's tokens: four bytes each in English, half as many for the nonce and the numbers in it,
 * hence three; and what the chat format adds per message and answer:
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
export function promptTokens(prompt: Prompt): number {
  return renderPrompt(prompt, 'estimate').messages.reduce(
    (sum, { content }) => sum + 4 + Math.ceil(utf8Bytes(content) / 3),
    3,
  );
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function reachedAfter(cap: { perDayNanos: number; currency: string }, perDay: DailyCost): number | null {
  const cost = perDay.nanos[cap.currency] ?? 0;
  return cost <= cap.perDayNanos ? null : Math.floor((cap.perDayNanos / cost) * DAY_MS);
}
