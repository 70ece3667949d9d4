import type { AvailabilityTerms, Contract, LatencyTerms } from '../contract/contract.ts';
import {
  type Attainment,
  isAttainment,
  isPercentile,
  type Percentile,
} from '../contract/latency-objective.ts';
import { type LatencyQuestion, latencyQuestion } from '../contract/latency-question.ts';
import { type KindTiming, type Line, timingOf, verdictIn } from '../contract/tally.ts';
import type { Counting } from '../measure/outcome.ts';
import { isJudgedPerTarget } from '../report/report-scope.ts';

/** One thing that is counted for a target all the time. `promised`: a contract sets a target for it. */
export type LiveQuestion =
  | {
      readonly kind: 'availability';
      readonly id: string;
      readonly terms: AvailabilityTerms;
      readonly promised: boolean;
      /** Buckets keep what each slice came to, since counts that add up do not decide it. */
      readonly bySlice: boolean;
    }
  | {
      readonly kind: 'percentile';
      readonly id: string;
      readonly terms: Percentile;
      readonly question: LatencyQuestion;
      readonly promised: boolean;
    }
  | {
      readonly kind: 'attainment';
      readonly id: string;
      readonly terms: Attainment;
      readonly question: LatencyQuestion;
      readonly promised: boolean;
      readonly bySlice: boolean;
    };

/** Everything that is counted for the targets under one contract, or under none. */
export type LivePlan = {
  readonly contract: Contract;
  /** `false`: there is no contract, and `contract` only says how requests are counted by default. */
  readonly promised: boolean;
  readonly questions: readonly LiveQuestion[];
  /** Counted into buckets after `questions`, for charts alone: no rolling window asks for them. */
  readonly charted: readonly LiveQuestion[];
  /** Equal for plans that count alike: what was counted under another key must be counted again. */
  readonly key: string;
};

const UNPROMISED_AVAILABILITY: AvailabilityTerms = {
  method: { kind: 'occurrences' },
  sliceMs: 60_000,
  emptySlice: 'good',
  minRequestsPerSlice: 1,
  denominator: 'all_slices',
  target: { value: '0', comparator: '>=' },
};

function unpromisedLatency(
  id: string,
  metric: LatencyTerms['metric'],
  failures: LatencyTerms['failures'],
): Percentile {
  return {
    id,
    metric,
    tpsBasis: 'total',
    form: {
      kind: 'whole_window_percentile',
      percentile: '99',
      comparator: metric === 'tokens_per_s' ? '>=' : '<=',
      value: '0',
      method: 'nearest_rank',
      minSamples: 1,
    },
    eligible: {},
    failures,
    credits: null,
  };
}

/** The counting of a target nobody promised anything for: each outcome's default, calendar months in UTC. */
const NO_CONTRACT: Contract = {
  id: 'none',
  version: '1',
  title: 'no contract',
  inForceFrom: null,
  parties: null,
  currency: null,
  provenance: {
    url: null,
    documentDate: null,
    retrieved: null,
    status: 'assumed',
    verified: [],
    secondary: [],
    assumed: [],
  },
  scope: { dimensions: [], feeBase: null },
  window: { kind: 'calendar_month', timezone: 'UTC', anchorDay: 1 },
  eligible: {},
  classify: [],
  otherwise: 'by_outcome',
  availability: null,
  latency: [],
  rounding: { decimals: 0, mode: 'none' },
  maintenance: { mode: 'not_excluded', noticeMs: null, maxPerWindowMs: null },
  credits: {
    shape: { kind: 'none' },
    of: 'period_fee',
    capPercent: null,
    minCredit: null,
    moneyRounding: { mode: 'floor', places: 2 },
    overlap: 'max',
    acrossScopes: null,
    requiresConsecutiveWindows: 1,
    status: 'assumed',
  },
  claim: { deadlines: [], channel: null, requiredEvidence: [], forfeitsIfMissing: false, holidays: [] },
  chronic: [],
  authority: null,
};

/**
 * What is counted under a contract (`null`: none): its own objectives, and beside them uptime and the 99th percentiles of
 * TTFT and total time wherever it sets no target for them, so that they can be shown all the same.
 */
export function livePlanOf(contract: Contract | null): LivePlan {
  const terms = contract ?? NO_CONTRACT;
  const questions: LiveQuestion[] = [
    {
      kind: 'availability',
      id: 'availability',
      terms: terms.availability ?? UNPROMISED_AVAILABILITY,
      promised: terms.availability !== null,
      bySlice: terms.availability !== null && isDecidedBySlice(terms, terms.availability),
    },
  ];
  for (const one of terms.latency) {
    const question = latencyQuestion(one);
    if (isAttainment(one))
      questions.push({
        kind: 'attainment',
        id: one.id,
        terms: one,
        question,
        promised: true,
        bySlice: !isJudgedPerTarget(terms),
      });
    if (isPercentile(one))
      questions.push({ kind: 'percentile', id: one.id, terms: one, question, promised: true });
  }
  for (const [id, metric] of [
    ['measured-ttft-p99', 'ttft_ms'],
    ['measured-total-p99', 'e2e_ms'],
  ] as const) {
    const isThere = questions.some(
      (one) =>
        one.kind === 'percentile' && one.terms.metric === metric && Number(one.terms.form.percentile) === 99,
    );
    if (isThere) continue;
    // Beside promised percentiles, so that TTFT and total are of the same requests.
    const own = unpromisedLatency(id, metric, terms.latency[0]?.failures ?? 'exclude');
    questions.push({ kind: 'percentile', id, terms: own, question: latencyQuestion(own), promised: false });
  }
  const charted = questions.some(isSpeed) ? [] : [speedQuestion(terms)];
  return {
    contract: terms,
    promised: contract !== null,
    questions,
    charted,
    key: keyOf(terms, [...questions, ...charted]),
  };
}

/**
 * Whether it takes the counts of each slice to say how a period stands: where several targets make one slice together, where
 * a run may have begun before the period, and where empty slices count only between the first request and the last.
 */
function isDecidedBySlice(contract: Contract, { method, denominator }: AvailabilityTerms): boolean {
  if (method.kind === 'occurrences') return false;
  const hasRuns = method.kind === 'timeslices' && method.minRunSlices > 1;
  return !isJudgedPerTarget(contract) || hasRuns || denominator === 'deployed_slices';
}

export type SlicedQuestion = Extract<LiveQuestion, { kind: 'availability' | 'attainment' }>;

export function isBySlice(question: LiveQuestion): question is SlicedQuestion {
  return question.kind !== 'percentile' && question.bySlice;
}

function isSpeed(one: LiveQuestion): boolean {
  return one.kind === 'percentile' && one.terms.metric === 'tokens_per_s' && one.terms.tpsBasis === 'total';
}

/** Output tokens over total time, of the requests whose latency counts. */
function speedQuestion(terms: Contract): LiveQuestion {
  const own = unpromisedLatency('measured-speed', 'tokens_per_s', terms.latency[0]?.failures ?? 'exclude');
  return { kind: 'percentile', id: own.id, terms: own, question: latencyQuestion(own), promised: false };
}

/** Do two plans count the same requests as good, bad and timed? Only then may their counts be held against each other. */
export function countsAlike(one: LivePlan, other: LivePlan): boolean {
  const rules = ({ contract, questions }: LivePlan): string =>
    JSON.stringify([
      contract.eligible,
      contract.classify.map(({ when, as }) => ({ when, as })),
      contract.otherwise,
      questions.flatMap((question) =>
        question.kind === 'percentile' ? [question.terms.metric, question.terms.eligible] : [],
      ),
    ]);
  return rules(one) === rules(other);
}

/** A plan with everything that buckets hold, charts included. */
export function wholePlan(plan: LivePlan): LivePlan {
  return plan.charted.length === 0
    ? plan
    : { ...plan, questions: [...plan.questions, ...plan.charted], charted: [] };
}

/** Only what changes a count; a new target on the same counts needs no recount, a new threshold does. */
function keyOf(contract: Contract, questions: readonly LiveQuestion[]): string {
  const counted = questions.map((one) =>
    one.kind === 'availability'
      ? { ...one.terms, target: null }
      : { ...one.terms, credits: null, form: { ...one.terms.form, target: null } },
  );
  const { eligible, classify, otherwise, maintenance } = contract;
  const rules = classify.map(({ when, as }) => ({ when, as }));
  return JSON.stringify([eligible, rules, otherwise, maintenance.mode, counted]);
}

/** How requests of one kind count: once for the contract, and for each question in the order of the whole plan. */
export type LiveKind = {
  readonly counting: Counting;
  /** Nothing for `availability`, which reads `counting`. */
  readonly roles: readonly KindTiming['role'][];
};

/** Judges requests under one plan. Alike requests are judged once. */
export type LiveJudge = (line: Line, inMaintenance: boolean) => LiveKind;

const MOST_KINDS = 4_096;

export function createLiveJudge(plan: LivePlan): LiveJudge {
  const known = new Map<string, LiveKind>();
  const { contract } = plan;
  const { questions } = wholePlan(plan);
  const asksTokens = [
    contract.eligible,
    ...contract.classify.map(({ when }) => when),
    ...contract.latency.map(({ eligible }) => eligible),
  ].some(
    (one) =>
      'promptTokensOver' in one ||
      'promptTokensAtMost' in one ||
      'outputTokensOver' in one ||
      'outputTokensAtMost' in one,
  );
  const judge = (line: Line, inMaintenance: boolean): LiveKind => {
    const verdict = verdictIn({ contract, maintenance: [] }, line, inMaintenance);
    const roles = questions.map((one) =>
      one.kind === 'availability' ? 'skipped' : timingOf(one.terms, line, verdict).role,
    );
    return { counting: verdict.counting, roles };
  };
  return (line, inMaintenance) => {
    const tokens = asksTokens ? `\n${line.promptTokens}\n${line.outputTokens}` : '';
    const key = `${inMaintenance ? 'm' : ''}${line.outcome}\n${line.doubt}\n${line.status}\n${line.serviceTier}\n${line.model}\n${line.region}${tokens}`;
    let kind = known.get(key);
    if (kind === undefined) {
      kind = judge(line, inMaintenance);
      if (known.size >= MOST_KINDS) known.clear();
      known.set(key, kind);
    }
    return kind;
  };
}
