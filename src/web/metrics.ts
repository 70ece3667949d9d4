import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { shorten } from '../../dashboards/format.ts';
import { OUTCOMES } from '../domain/measure/outcome.ts';
import type { Operation } from '../domain/measure/probe.ts';
import type { NotRun, Sample } from '../domain/measure/sample.ts';
import { parseTargetId } from '../domain/measure/target.ts';

/** What was just stored, as the counters see it. */
export type Recorded = {
  readonly samples: readonly Sample[];
  readonly notRun: readonly NotRun[];
};

export type MetricNames = {
  /** What a probe asks for; `null` if the probe is unknown. */
  readonly operationOf: (probe: string) => Operation | null;
  /** Targets that get labels of their own. Those beyond are counted under the model `_OTHER`. */
  readonly mostTargets?: number;
};

export type Metrics = {
  readonly registry: Registry;
  readonly count: (recorded: Recorded) => void;
};

/** The labels of a target; its names are the operator's or a gateway's, so their length is bounded here. */
export type TargetLabels = { readonly gateway: string; readonly tier: string; readonly model: string };

/** OpenTelemetry's word for a value that would be one too many. https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/ */
const OTHER = '_OTHER';
const MOST_TARGETS = 2_000;
const LONGEST_LABEL = 200;

/** The bounds OpenTelemetry asks for. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ */
const OTEL_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/** Finer where contracts set their limits: a bound twice the one before it cannot tell 500 ms from 800 ms. */
const TTFT_SECONDS = [
  0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 7.5, 10, 15, 30,
];
const LAG_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** Counts what is measured, from the start of the process on. The store, not this, is what verdicts are made of. */
export function createMetrics({ operationOf, mostTargets = MOST_TARGETS }: MetricNames): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const target = ['gateway', 'tier', 'model'] as const;

  const attempts = new Counter({
    name: 'probity_samples_total',
    help: 'Attempts by outcome. Purposes other than scheduled never count in a contract.',
    labelNames: [...target, 'purpose', 'outcome', 'validity'],
    registers,
  });
  const notRun = new Counter({
    name: 'probity_ticks_not_run_total',
    help: 'Ticks without an attempt, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const ttft = new Histogram({
    name: 'probity_ttft_seconds',
    help: 'Time to the first token of any kind (content, reasoning, tool call or refusal) of good, undoubted, scheduled attempts. A chunk that only names the role is not a token.',
    labelNames: target,
    buckets: TTFT_SECONDS,
    registers,
  });
  const duration = new Histogram({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'OpenTelemetry gen_ai.client.operation.duration: the whole exchange, failed ones included.',
    labelNames: [
      'gen_ai_operation_name',
      'gen_ai_provider_name',
      'gen_ai_request_model',
      'probity_tier',
      'error_type',
    ],
    buckets: OTEL_SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: 'probity_tokens_total',
    help: 'Tokens as the gateway counted them, of attempts of every purpose.',
    labelNames: [...target, 'type'],
    registers,
  });
  const lag = new Histogram({
    name: 'probity_prober_lag_seconds',
    help: 'How late attempts left, after the instant they were due. This is about the prober, not about a target.',
    buckets: LAG_SECONDS,
    registers,
  });
  collectDefaultMetrics({ register: registry });

  const labelled = new Map<string, TargetLabels>();
  const labelsOf = (id: string): TargetLabels => {
    const known = labelled.get(id);
    if (known !== undefined) return known;
    const labels = labelsOfTarget(parseTargetId(id) ?? { gateway: OTHER, tier: OTHER, model: OTHER });
    if (labelled.size >= mostTargets) return { ...labels, model: OTHER };
    labelled.set(id, labels);
    return labels;
  };

  const countSample = (sample: Sample): void => {
    const labels = labelsOf(sample.target);
    const { outcome, validity, purpose, usage } = sample;
    attempts.inc({ ...labels, purpose, outcome, validity: validity.kind });
    lag.observe(Math.max(0, sample.lagUs) / 1e6);
    if (usage !== null) {
      tokens.inc({ ...labels, type: 'input' }, usage.promptTokens ?? 0);
      tokens.inc({ ...labels, type: 'output' }, usage.completionTokens ?? 0);
    }
    if (validity.kind !== 'valid') return;
    const counts = purpose === 'scheduled' || purpose === 'reprobe';
    if (counts && sample.ttftUs !== null && OUTCOMES[outcome].counts === 'good')
      ttft.observe(labels, sample.ttftUs / 1e6);
    const endUs = sample.totalUs ?? sample.phases.endUs;
    const operation = operationOf(sample.probe);
    if (endUs === null || operation === null || operation === 'models') return;
    duration.observe(
      {
        gen_ai_operation_name: OPERATION_NAMES[operation],
        gen_ai_provider_name: labels.gateway,
        gen_ai_request_model: labels.model,
        probity_tier: labels.tier,
        error_type: outcome === 'ok' ? '' : outcome,
      },
      endUs / 1e6,
    );
  };

  return {
    registry,
    count: (recorded) => {
      recorded.samples.forEach(countSample);
      for (const { reason } of recorded.notRun) notRun.inc({ reason });
    },
  };
}

/** As OpenTelemetry names them: a chat that is not streamed is a chat too. */
const OPERATION_NAMES = {
  chat: 'chat',
  'chat-json': 'chat',
  responses: 'chat',
  embeddings: 'embeddings',
} as const satisfies Record<Exclude<Operation, 'models'>, string>;

export function labelsOfTarget({ gateway, tier, model }: TargetLabels): TargetLabels {
  return {
    gateway: shorten(gateway, LONGEST_LABEL),
    tier: shorten(tier, LONGEST_LABEL),
    model: shorten(model, LONGEST_LABEL),
  };
}
