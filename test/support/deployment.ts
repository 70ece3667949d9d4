import { NO_PHASES } from '../../src/domain/measure/observation.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import type { NotRun, Sample } from '../../src/domain/measure/sample.ts';
import { type Target, targetId } from '../../src/domain/measure/target.ts';
import { firstTickAt, phaseOf } from '../../src/domain/time/schedule.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { SeriesDeclaration, Store } from '../../src/store/store.ts';
import { EVIDENCE, sample, target as targetOf } from '../store/builders.ts';
import { draws } from './draws.ts';

/** What a tick of the simulated deployment comes to. */
export type Fate =
  | { readonly kind: 'answered'; readonly slower: number }
  | {
      readonly kind: 'failed';
      readonly outcome: Outcome;
      readonly status: number | null;
      readonly message: string;
    }
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'skipped' }
  /** Nobody accounts for it. */
  | { readonly kind: 'lost' };

export const ANSWERED: Fate = { kind: 'answered', slower: 1 };

export type Deployment = {
  readonly gateway: string;
  readonly tiers: readonly string[];
  readonly models: readonly string[];
  readonly everyMs: number;
  readonly fate: (target: Target, at: number) => Fate;
  /** Which tier offers which model; by default all do. */
  readonly offers?: (tier: string, model: string) => boolean;
};

/** A standard normal value by the Box–Muller transform. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function targetsOf(deployment: Deployment): Target[] {
  return deployment.models.flatMap((model) =>
    deployment.tiers
      .filter((tier) => deployment.offers?.(tier, model) ?? true)
      .map((tier) =>
        targetOf(model, { id: targetId(deployment.gateway, tier, model), gateway: deployment.gateway, tier }),
      ),
  );
}

/** A store in memory that has recorded `[fromAt, toAt)` of a deployment. */
export async function recordDeployment(deployment: Deployment, fromAt: number, toAt: number): Promise<Store> {
  const opened = openSqliteStore(':memory:');
  if (opened.kind === 'refused') throw new Error(opened.message);
  const { store } = opened;
  const declarations = targetsOf(deployment).map((target): SeriesDeclaration => {
    const { everyMs } = deployment;
    const phaseMs = phaseOf('chat-stream', target.id, 'eu-west', everyMs);
    return { probe: 'chat-stream', target, region: 'eu-west', schedule: { kind: 'every', everyMs, phaseMs } };
  });
  await store.declareSeries(declarations, fromAt);
  const random = draws(20_261_003);
  for (const declaration of declarations) {
    await store.record(simulate(declaration, deployment, random, fromAt, toAt));
  }
  return store;
}

function simulate(
  { target, schedule, probe, region }: SeriesDeclaration,
  deployment: Deployment,
  random: () => number,
  fromAt: number,
  toAt: number,
): { samples: Sample[]; notRun: NotRun[] } {
  const samples: Sample[] = [];
  const notRun: NotRun[] = [];
  const phaseMs = schedule.phaseMs;
  const { everyMs } = deployment;
  const typicalMs = (target.tier === 'pro' ? 150 : 230) + random() * 120;
  for (let at = firstTickAt(everyMs, phaseMs, fromAt); at < toAt; at += everyMs) {
    const fate = deployment.fate(target, at);
    const identity = { probe, target: target.id, region, scheduledAt: at };
    switch (fate.kind) {
      case 'answered':
      case 'doubtful': {
        const slower = fate.kind === 'answered' ? fate.slower : 1;
        const ttftUs = Math.round(typicalMs * 1000 * slower * Math.exp(0.22 * normal(random)));
        const totalUs = ttftUs + Math.round((180 + 160 * random()) * 1000 * slower);
        samples.push(
          sample({
            ...identity,
            ttftUs,
            totalUs,
            phases: phasesTo(ttftUs, totalUs),
            costNanos: 12_250,
            ...doubt(fate),
          }),
        );
        break;
      }
      case 'failed': {
        const { outcome, status, message } = fate;
        samples.push(failed(identity, outcome, status, message));
        break;
      }
      case 'skipped':
        notRun.push({ probe, target: target.id, region, scheduledAt: at, reason: 'skipped: quota' });
        break;
      case 'lost':
        break;
    }
  }
  return { samples, notRun };
}

function doubt(fate: Fate): Partial<Sample> {
  return fate.kind === 'doubtful' ? { validity: { kind: 'suspect', reason: 'event_loop_delay' } } : {};
}

function phasesTo(ttftUs: number, totalUs: number): Sample['phases'] {
  return {
    ...NO_PHASES,
    sentUs: 240,
    headersUs: Math.round(ttftUs * 0.82),
    firstByteUs: Math.round(ttftUs * 0.82) + 30,
    firstEventUs: Math.round(ttftUs * 0.83),
    roleUs: Math.round(ttftUs * 0.83),
    firstContentUs: ttftUs,
    lastTokenUs: totalUs - 400,
    finishUs: totalUs - 400,
    usageUs: totalUs - 90,
    doneUs: totalUs,
    endUs: totalUs + 110,
  };
}

function failed(
  identity: Pick<Sample, 'probe' | 'target' | 'region' | 'scheduledAt'>,
  outcome: Outcome,
  status: number | null,
  message: string,
): Sample {
  const requestId = `req_${identity.scheduledAt.toString(36)}`;
  return sample({
    ...identity,
    outcome,
    status,
    phases: { ...NO_PHASES, sentUs: 230, headersUs: 11_200, firstByteUs: 11_240, endUs: 11_900 },
    ttftUs: null,
    totalUs: null,
    longestStallUs: null,
    chunks: 0,
    tokenChunks: 0,
    usage: null,
    costNanos: null,
    evidence: {
      ...EVIDENCE,
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      requestIds: { 'x-request-id': requestId },
      head: JSON.stringify({ error: { message } }),
      errorBody: { message, type: 'server_error', code: null, limitSource: null },
    },
  });
}
