import type { Contract, LatencyTerms } from '../contract/contract.ts';
import { countUnder } from '../contract/counting.ts';
import { type Exact, exact, floorExact, HUNDRED, ratio } from '../contract/exact.ts';
import { isUpperLimit, latencyQuestion, timeOf } from '../contract/latency-question.ts';
import { holds, type RequestFacts } from '../contract/line-predicate.ts';
import type { DecidingAttempt } from '../measure/line-of-sample.ts';
import { type Counting, countsForAvailability, countsForLatency } from '../measure/outcome.ts';

/** What an objective reads of a sample. */
export type JudgedSample = Pick<
  DecidingAttempt,
  | 'outcome'
  | 'validity'
  | 'status'
  | 'ttftUs'
  | 'totalUs'
  | 'promptTokens'
  | 'completionTokens'
  | 'gaveUpMs'
  | 'servedBy'
>;

/** An objective as alerts watch it: sample by sample. */
export type AlertObjective = {
  /** Stable, e.g. `pro-channel/availability`. */
  readonly id: string;
  readonly contract: string;
  readonly kind: 'availability' | 'latency';
  /** For people: `availability >= 99.9 %`, `p99 TTFT < 500 ms`. */
  readonly label: string;
  /** Share of bad samples it allows, parts per million, rounded down: an alert may be early, never late. */
  readonly allowedPpm: number;
  readonly judge: (sample: JudgedSample) => Counting;
};

/** An availability nobody can fall short of allows nothing; the arithmetic needs something above zero. */
const LEAST_PPM = 1;

/**
 * The objectives of a contract that a single sample can be good or bad for. A share of windows whose median holds cannot
 * be judged sample by sample; the period's own arithmetic watches it.
 */
export function alertObjectivesOf(contract: Contract): readonly AlertObjective[] {
  const objectives: AlertObjective[] = [];
  if (contract.availability !== null) {
    const { target } = contract.availability;
    objectives.push({
      id: `${contract.id}/availability`,
      contract: contract.id,
      kind: 'availability',
      label: `availability ${target.comparator} ${target.value} %`,
      allowedPpm: allowedPpm(target.value),
      judge: (sample) =>
        countsForAvailability(sample.validity) ? countUnder(contract, factsOf(sample)).counting : 'excluded',
    });
  }
  for (const terms of contract.latency) {
    if (terms.form.kind !== 'whole_window_percentile') continue;
    objectives.push(latencyObjective(contract, terms, terms.form.percentile));
  }
  return objectives;
}

const METRICS = { ttft_ms: 'TTFT', e2e_ms: 'total', tokens_per_s: 'speed' } as const;
const UNITS = { ttft_ms: 'ms', e2e_ms: 'ms', tokens_per_s: 'tokens/s' } as const;

function latencyObjective(contract: Contract, terms: LatencyTerms, percentile: string): AlertObjective {
  const question = latencyQuestion(terms);
  const { metric, form } = terms;
  return {
    id: `${contract.id}/${terms.id}`,
    contract: contract.id,
    kind: 'latency',
    label: `p${percentile} ${METRICS[metric]} ${form.comparator} ${form.value} ${UNITS[metric]}`,
    // Of a ceiling what lies above the percentile may miss it, of a floor what lies below.
    allowedPpm: isUpperLimit(form.comparator) ? allowedPpm(percentile) : ppmOf(exact(percentile)),
    judge: (sample) => {
      const facts = factsOf(sample);
      if (!countsForLatency(sample.validity) || holds(terms.eligible, facts).truth === 'no')
        return 'excluded';
      const counting = countUnder(contract, facts).counting;
      if (counting === 'excluded') return 'excluded';
      if (counting === 'bad') return terms.failures === 'miss' ? 'bad' : 'excluded';
      const { ttftUs, totalUs, completionTokens } = sample;
      const timed = timeOf(question, { ttftUs, totalUs, outputTokens: completionTokens });
      if (timed === null) return 'excluded';
      return timed.passes ? 'good' : 'bad';
    },
  };
}

/** What is left of a hundred percent. */
function allowedPpm(percent: string): number {
  return ppmOf(HUNDRED.sub(exact(percent)));
}

function ppmOf(percent: Exact): number {
  return Math.max(LEAST_PPM, Number(floorExact(percent.mul(ratio(10_000n, 1n)))));
}

function factsOf(sample: JudgedSample): RequestFacts {
  return {
    doubt: null,
    status: sample.status,
    outcome: sample.outcome,
    code: null,
    tags: [],
    serviceTier: sample.servedBy.serviceTier,
    model: sample.servedBy.model,
    endpoint: null,
    region: sample.servedBy.region,
    stream: null,
    clientTimeoutMs: sample.gaveUpMs,
    promptTokens: sample.promptTokens,
    outputTokens: sample.completionTokens,
  };
}
