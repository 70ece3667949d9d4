import { type Attempt, attemptIdentity } from '../domain/measure/attempt.ts';
import { classify, NO_EXPECTATION } from '../domain/measure/classify.ts';
import { toSample } from '../domain/measure/judge.ts';
import type { Observation } from '../domain/measure/observation.ts';
import { wantsConfirmation } from '../domain/measure/outcome.ts';
import { expectedText, type Gateway, renderPrompt, type SeriesPlan } from '../domain/measure/probe.ts';
import type { NotRun, Purpose, Sample } from '../domain/measure/sample.ts';
import { type Bench, goodWriter } from './good-sample.ts';
import { hear, hearNothing } from './heard.ts';
import type { HistoryScript } from './history-script.ts';
import {
  inventModel,
  LISTING,
  PRACTICE_MODELS,
  PRO_PREFIX,
  type PracticeModel,
  type PracticeTarget,
} from './models.ts';
import { plannerFor, type ReplyPlan } from './plan.ts';
import { MOST_DIMENSIONS } from './question-body.ts';
import { quotaOf } from './quota.ts';
import { limitHeaders, namingHeaders, type Reply, replyTo, replyToListing } from './reply.ts';
import { type Wire, wireOf } from './wire.ts';

/**
 * Writes down one tick of one series: a sample, a sample and its re-probe or the burst that confirms its failure, a row
 * that says why there is none, or nothing.
 */
export type Historian = (at: number, samples: Sample[], notRun: NotRun[]) => void;

export type HistorianOptions = {
  readonly series: SeriesPlan;
  readonly region: string;
  readonly seed: number;
  readonly script: HistoryScript;
  readonly models: readonly PracticeModel[];
  /** The interval of the ticks: a burst ends before the next one. */
  readonly everyMs: number;
};

export function createHistorian(options: HistorianOptions): Historian {
  const { series, region, seed, script, models, everyMs } = options;
  const target = practiceTargetOf(series, models);
  const bench: Bench = { series, region, target, isCold: series.probe.connection === 'cold' };
  const planner = plannerFor({ target, timetable: script.timetable, originAt: 0, seed });
  const writeGood = goodWriter(bench);
  const write = (at: number, plan: ReplyPlan, ours: Partial<Wire>): Sample =>
    (Object.keys(ours).length === 0 ? writeGood?.(at, plan) : null) ??
    judged(bench, at, 'scheduled', plan, { ...wireOf(plan.key, bench.isCold), ...ours });

  /** What the prober does beside the schedule when a tick has failed. */
  const confirm = (failed: Sample, samples: Sample[]): void => {
    if (!wantsConfirmation(failed)) return;
    const { probes, spacingMs } = series.probe.confirmation;
    const endedAt = failed.scheduledAt + Math.ceil((failed.lagUs + (failed.phases.endUs ?? 0)) / 1000);
    const heldUntil = endedAt + Math.min(failed.evidence?.retryAfterMs ?? 0, LONGEST_HOLD_MS);
    for (let i = 1; i <= probes; i += 1) {
      const at = endedAt + i * spacingMs;
      if (at >= failed.scheduledAt + everyMs) return;
      if (at < heldUntil) continue;
      const plan = planner(at);
      samples.push(judged(bench, at, 'confirmation', plan, wireOf(plan.key, bench.isCold)));
    }
  };
  const tick = (at: number, plan: ReplyPlan, ours: Partial<Wire>, samples: Sample[]): void => {
    const sample = write(at, plan, ours);
    samples.push(sample);
    confirm(sample, samples);
  };

  return (at, samples, notRun) => {
    const plan = planner(at);
    const trouble = script.ownTrouble(target.tier, at, plan.key);
    switch (trouble.kind) {
      case 'off':
        return;
      case 'not-run':
        notRun.push({
          probe: series.probe.id,
          target: series.target.id,
          region,
          scheduledAt: at,
          reason: trouble.reason,
        });
        return;
      case 'none':
        tick(at, plan, NO_CHANGES, samples);
        return;
      case 'late':
        tick(at, plan, { lagUs: trouble.lagUs }, samples);
        return;
      case 'blocked':
        tick(at, plan, { loopDelayUs: trouble.loopDelayUs }, samples);
        return;
      case 'no-network': {
        const wire = wireOf(plan.key, bench.isCold);
        samples.push(judge(bench, at, 'scheduled', hearNothing('no-network', wire), wire.lagUs));
        return;
      }
      case 'stale-socket': {
        if (bench.isCold) {
          tick(at, plan, NO_CHANGES, samples);
          return;
        }
        const wire = wireOf(plan.key, false);
        samples.push(judge(bench, at, 'scheduled', hearNothing('stale-socket', wire), wire.lagUs));
        const again = judged(bench, at, 'reprobe', plan, wireOf(plan.key, true));
        samples.push(again);
        confirm(again, samples);
        return;
      }
    }
  };
}

const NO_CHANGES: Partial<Wire> = {};

/** A burst waits no longer than this for a `Retry-After`. */
const LONGEST_HOLD_MS = 300_000;

function practiceTargetOf({ target, probe }: SeriesPlan, models: readonly PracticeModel[]): PracticeTarget {
  const isPro = target.requestModel.startsWith(PRO_PREFIX);
  const id = isPro ? target.requestModel.slice(PRO_PREFIX.length) : target.requestModel;
  const known = [...models, ...PRACTICE_MODELS].find((model) => model.id === id);
  const model = probe.operation === 'models' ? LISTING : (known ?? inventModel(id));
  return { tier: isPro ? 'pro' : 'standard', model };
}

/** The sample of an attempt that goes as planned, by way of what would have been sent, heard and judged. */
function judged(bench: Bench, at: number, purpose: Purpose, plan: ReplyPlan, wire: Wire): Sample {
  const { probe, target } = bench.series;
  const attempt = attemptOf(bench, at, purpose);
  const { script, telling } = replyOf(bench, attempt, plan);
  const { operation, deadlines } = probe;
  const { requestModel } = target;
  const observation = hear({ operation, script, telling, requestModel, wire, deadlines });
  return judge(bench, at, purpose, observation, wire.lagUs);
}

function judge(bench: Bench, at: number, purpose: Purpose, observation: Observation, lagUs: number): Sample {
  const { probe, price, slow } = bench.series;
  const attempt = attemptOf(bench, at, purpose);
  const contains = expectedText(probe.prompt, attemptIdentity(attempt));
  const judgement = classify(observation, probe, { ...NO_EXPECTATION, contains, lagUs });
  return toSample(attempt, observation, judgement, lagUs, price, slow);
}

function attemptOf({ series, region }: Bench, at: number, purpose: Purpose): Attempt {
  const gateway: Gateway = {
    id: series.target.gateway,
    baseUrl: 'http://127.0.0.1/v1',
    kind: 'generic',
    headers: {},
    control: null,
    practice: true,
  };
  return {
    gateway,
    secret: null,
    target: series.target,
    probe: series.probe,
    region,
    scheduledAt: at,
    purpose,
    freshConnection: purpose === 'reprobe',
  };
}

const UNLIMITED = quotaOf(null);

function replyOf({ series, target }: Bench, attempt: Attempt, plan: ReplyPlan): Reply {
  const { operation, prompt } = series.probe;
  const at = attempt.scheduledAt;
  const id = `${(plan.key >>> 0).toString(36)}${at.toString(36)}`;
  const headers = { ...namingHeaders(id), ...limitHeaders(UNLIMITED(at)) };
  if (operation === 'models') return replyToListing([series.target.model], plan, headers);
  const rendered = prompt === null ? null : renderPrompt(prompt, attemptIdentity(attempt));
  const question = {
    model: series.target.requestModel,
    texts: rendered?.messages.map((message) => message.content) ?? [],
    stream: operation !== 'chat-json',
    includeUsage: true,
    limit: rendered?.maxTokens ?? Number.MAX_SAFE_INTEGER,
    dimensions: MOST_DIMENSIONS,
    encoding: 'float' as const,
  };
  const asked = operation === 'chat-json' ? 'chat' : operation;
  return replyTo({ operation: asked, question, target, plan, id, at }, headers);
}
