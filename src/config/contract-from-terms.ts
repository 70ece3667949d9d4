import type {
  AvailabilityTerms,
  ChronicTerms,
  ClassifyRule,
  Contract,
  CreditShape,
  CreditTerms,
  LatencyForm,
  LatencyTerms,
  SliceBadWhen,
  Target,
} from '../domain/contract/contract.ts';
import type { Predicate } from '../domain/contract/line-predicate.ts';
import type { ContractTerms, PredicateTerms } from './contract-schema.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Length in ms of a duration the schema has let through. */
export function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
}

type ExactInput = string | number;

/** `99.90` and `99.9` are one number; the text is kept as written. */
function exactText(value: ExactInput): string {
  return String(value);
}

function optionalText(value: ExactInput | null | undefined): string | null {
  return value == null ? null : exactText(value);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** `500`, `"5xx"` or `"500-504"` as an inclusive range. */
function statusRange(code: string | number): readonly [number, number] {
  if (typeof code === 'number') return [code, code];
  if (code.endsWith('xx')) return [Number(code[0]) * 100, Number(code[0]) * 100 + 99];
  const [from, to] = code.split('-').map(Number);
  return [from ?? Number.NaN, to ?? from ?? Number.NaN];
}

/** Drops what is not given: an absent condition always holds. */
function given<T extends object>(value: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}

function predicateFrom(terms: PredicateTerms | undefined): Predicate {
  if (terms === undefined) return {};
  const { status, outcome, code, tag, serviceTier, model, endpoint, region, clientTimeoutBelow, ...plain } =
    terms;
  return {
    ...given(plain),
    ...given({
      status: status === undefined ? undefined : [status].flat().map(statusRange),
      outcome: outcome === undefined ? undefined : list(outcome),
      code: code === undefined ? undefined : list(code),
      tag: tag === undefined ? undefined : list(tag),
      serviceTier: serviceTier === undefined ? undefined : list(serviceTier),
      model: model === undefined ? undefined : list(model),
      endpoint: endpoint === undefined ? undefined : list(endpoint),
      region: region === undefined ? undefined : list(region),
      clientTimeoutBelowMs: clientTimeoutBelow === undefined ? undefined : durationMs(clientTimeoutBelow),
    }),
  };
}

type TargetTerms = ExactInput | { value: ExactInput; comparator: '>=' | '>' };

function targetFrom(terms: TargetTerms): Target {
  if (typeof terms === 'object') return { value: exactText(terms.value), comparator: terms.comparator };
  return { value: exactText(terms), comparator: '>=' };
}

type AvailabilityInput = NonNullable<ContractTerms['availability']>;

function badWhenFrom(terms: (AvailabilityInput & { method: 'timeslices' })['sliceBadWhen']): SliceBadWhen {
  if (terms.errorRateGt !== undefined) {
    return { kind: 'error_rate', comparator: '>', rate: exactText(terms.errorRateGt) };
  }
  if (terms.errorRateGte !== undefined) {
    return { kind: 'error_rate', comparator: '>=', rate: exactText(terms.errorRateGte) };
  }
  return { kind: 'all_failed' };
}

const DEFAULT_COVERAGE_SLICE = '5m';

function availabilityFrom(terms: AvailabilityInput): AvailabilityTerms {
  const target = targetFrom(terms.target);
  if (terms.method === 'occurrences') {
    return {
      method: { kind: 'occurrences' },
      sliceMs: durationMs(terms.slice ?? DEFAULT_COVERAGE_SLICE),
      emptySlice: 'good',
      minRequestsPerSlice: 1,
      denominator: 'all_slices',
      target,
    };
  }
  return {
    method:
      terms.method === 'timeslices'
        ? {
            kind: 'timeslices',
            badWhen: badWhenFrom(terms.sliceBadWhen),
            minRunSlices: terms.minRunSlices,
          }
        : { kind: 'ratio_timeslices' },
    sliceMs: durationMs(terms.slice),
    emptySlice: terms.emptySlice,
    minRequestsPerSlice: Math.max(1, terms.minRequestsPerSlice),
    denominator: terms.denominator,
    target,
  };
}

type ShapeInput = NonNullable<ContractTerms['latency'][number]['credits']>;

function shapeFrom(terms: ShapeInput): CreditShape {
  switch (terms.shape) {
    case 'ladder':
      return {
        kind: 'ladder',
        rows: terms.ladder.map((row) => ({
          below: optionalText(row.below),
          atMost: optionalText(row.atMost),
          atLeast: optionalText(row.atLeast),
          percent: exactText(row.percent),
        })),
      };
    case 'linear':
      return {
        kind: 'linear',
        percentPerPoint: exactText(terms.percentPerPoint),
        wholePoints: terms.wholePoints ?? null,
      };
    case 'per_step':
      return {
        kind: 'per_step',
        step: exactText(terms.step),
        percentPerStep: exactText(terms.percentPerStep),
        orPortion: terms.orPortion ?? null,
      };
    case 'per_downtime_unit':
      return {
        kind: 'per_downtime_unit',
        unitMs: durationMs(terms.unit),
        percentPerUnit: exactText(terms.percentPerUnit),
        afterPercent: exactText(terms.afterPercent),
        orPortion: terms.orPortion ?? null,
      };
    case 'downtime_multiplier':
      return { kind: 'downtime_multiplier', multiplier: exactText(terms.multiplier) };
    case 'flat':
      return { kind: 'flat', percent: exactText(terms.percent) };
    case 'service_days':
      return {
        kind: 'service_days',
        rows: terms.serviceDays.map((row) => ({ below: exactText(row.below), days: row.days })),
      };
    case 'none':
      return { kind: 'none' };
  }
}

type LatencyInput = ContractTerms['latency'][number];

function formFrom(terms: LatencyInput): LatencyForm {
  const value = exactText(terms.value);
  if (terms.form === 'window_attainment') {
    return {
      kind: 'window_attainment',
      sliceMs: durationMs(terms.slice),
      stat: terms.stat,
      comparator: terms.op,
      value,
      emptySlice: terms.emptySlice,
      minRequestsPerSlice: Math.max(1, terms.minRequestsPerSlice),
      target: targetFrom(terms.target),
    };
  }
  return {
    kind: 'whole_window_percentile',
    percentile: exactText(terms.p),
    comparator: terms.op,
    value,
    method: terms.method,
    minSamples: terms.minSamples,
  };
}

/** The name of a latency objective that was given none: `ttft_ms-p99`. */
export function latencyId(terms: LatencyInput): string {
  return terms.id ?? `${terms.metric}-${terms.form === 'window_attainment' ? terms.stat : `p${terms.p}`}`;
}

function latencyFrom(terms: LatencyInput): LatencyTerms {
  return {
    id: latencyId(terms),
    metric: terms.metric,
    tpsBasis: terms.tpsBasis ?? 'total',
    form: formFrom(terms),
    eligible: predicateFrom(terms.eligible),
    failures: terms.failures,
    credits: terms.credits === undefined ? null : shapeFrom(terms.credits),
  };
}

function creditsFrom(terms: ContractTerms['credits']): CreditTerms {
  return {
    shape: terms === undefined ? { kind: 'none' } : shapeFrom(terms),
    of: terms?.of ?? 'period_fee',
    capPercent: optionalText(terms?.capPercent),
    minCredit:
      terms?.minCredit == null
        ? null
        : { amount: exactText(terms.minCredit.amount), strict: terms.minCredit.strict },
    moneyRounding: terms?.moneyRounding ?? { mode: 'half_up', places: 2 },
    overlap: terms?.overlap ?? 'max',
    acrossScopes: terms?.acrossScopes ?? null,
    requiresConsecutiveWindows: terms?.requiresConsecutiveWindows ?? 1,
    status: terms?.status ?? 'verified',
  };
}

function textsOf(amounts: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([scope, amount]) => [scope, exactText(amount)]));
}

function chronicFrom(terms: ContractTerms['chronic'][number]): ChronicTerms {
  const { consecutive, k, m, singleWindowBelow } = terms.when;
  const common = { below: optionalText(terms.below), right: terms.right };
  if (consecutive !== undefined) return { when: { kind: 'consecutive', windows: consecutive }, ...common };
  if (k !== undefined && m !== undefined) return { when: { kind: 'k_of_m', k, m }, ...common };
  return { when: { kind: 'single_window_below', percent: exactText(singleWindowBelow ?? 0) }, ...common };
}

function ruleFrom(terms: ContractTerms['classify'][number]): ClassifyRule {
  return {
    when: predicateFrom(terms.when),
    as: terms.as,
    reason: terms.reason ?? null,
    ambiguous: terms.ambiguous ?? null,
  };
}

function provenanceFrom(terms: ContractTerms['provenance']): Contract['provenance'] {
  return {
    url: terms?.url ?? null,
    documentDate: terms?.documentDate ?? null,
    retrieved: terms?.retrieved ?? null,
    status: terms?.status ?? 'assumed',
    verified: terms?.verified ?? [],
    secondary: terms?.secondary ?? [],
    assumed: terms?.assumed ?? [],
  };
}

/** The contract that checked terms describe. Nothing inside is optional any more. */
export function contractFrom(id: string, terms: ContractTerms): Contract {
  const { maintenance, claim } = terms;
  return {
    id,
    version: String(terms.version),
    title: terms.title ?? id,
    inForceFrom: terms.inForceFrom ?? null,
    parties: terms.parties ?? null,
    currency: terms.currency ?? null,
    provenance: provenanceFrom(terms.provenance),
    scope: { dimensions: terms.scope?.dimensions ?? [], feeBase: terms.scope?.feeBase ?? null },
    window: { ...terms.window, anchorDay: terms.window.anchorDay ?? 1 },
    eligible: predicateFrom(terms.eligible),
    classify: terms.classify.map(ruleFrom),
    otherwise: terms.otherwise,
    availability: terms.availability === undefined ? null : availabilityFrom(terms.availability),
    latency: terms.latency.map(latencyFrom),
    rounding: { decimals: terms.rounding?.decimals ?? 0, mode: terms.rounding?.mode ?? 'none' },
    maintenance: {
      mode: maintenance?.mode ?? 'not_excluded',
      noticeMs: maintenance?.notice == null ? null : durationMs(maintenance.notice),
      maxPerWindowMs: maintenance?.maxPerWindow == null ? null : durationMs(maintenance.maxPerWindow),
    },
    credits: creditsFrom(terms.credits),
    claim: {
      deadlines: claim?.deadlines ?? [],
      channel: claim?.channel ?? null,
      requiredEvidence: claim?.requiredEvidence ?? [],
      forfeitsIfMissing: claim?.forfeitsIfMissing ?? false,
      holidays: claim?.holidays ?? [],
    },
    chronic: terms.chronic.map(chronicFrom),
    ...(terms.fee === undefined
      ? {}
      : {
          fee: {
            amount: String(terms.fee.amount),
            base: terms.fee.base ?? null,
            ...(terms.fee.scopes === undefined ? {} : { scopes: textsOf(terms.fee.scopes) }),
          },
        }),
    authority: terms.authority ?? null,
  };
}
