import { styleText } from 'node:util';
import type { Command } from 'commander';
import { NO_PAINT, type Paint, type Tint, waterfall } from '../../dashboards/waterfall.ts';
import type { Config } from '../config/config.ts';
import { discoveriesOf, type PlanInputs, planProbing } from '../config/plan.ts';
import { type Attempt, attemptIdentity } from '../domain/measure/attempt.ts';
import { classify } from '../domain/measure/classify.ts';
import { toSample } from '../domain/measure/judge.ts';
import { OUTCOMES } from '../domain/measure/outcome.ts';
import { expectedText, type ProbingPlan, type SeriesPlan } from '../domain/measure/probe.ts';
import { createProber } from '../prober/prober.ts';
import { discoverModels } from './discover-models.ts';
import { loadDeployment } from './load-deployment.ts';
import { startPractice } from './run/start-practice.ts';
import { OperatorError, type World } from './world.ts';

type Options = { readonly probe?: string; readonly cold?: boolean; readonly json?: boolean };

/** `probity probe`: one probe of one target, now, and where its time went. Nothing is stored. */
export function registerProbe(program: Command, world: World): void {
  program
    .command('probe')
    .description('send one probe and draw where its time went; nothing is stored')
    .argument('<target>', 'gateway/tier/model, or any part of it that fits only one target')
    .argument('[folder]', 'the deployment: a folder of YAML files', 'probes/practice')
    .option('--probe <id>', 'which of the probes of this target; the first one unless given')
    .option('--cold', 'on a connection that is closed afterwards')
    .option('--json', 'print JSON: the sample and everything that was observed')
    .addHelpText(
      'after',
      `
Ends with 0 if the outcome counts as good, with 1 if it does not, and with 2 if nothing could be sent.

Example:
  probity probe pro/deepseek-ai/DeepSeek-V4-Flash probes/practice`,
    )
    .action((wanted: string, folder: string, options: Options) => probeOnce(wanted, folder, options, world));
}

async function probeOnce(wanted: string, folder: string, options: Options, world: World): Promise<void> {
  const config = loadDeployment(folder, world);
  const { practice, stop } = await startPractice(config);
  const prober = createProber({ wallClock: world.now });
  try {
    const plan = await planFor(wanted, config, { practice }, world);
    const series = pick(plan, wanted, options.probe);
    await prober.warmUp();
    const attempt = attemptOf(plan, series, options.cold === true, world.now());
    const observation = await prober.probe(attempt);
    const judged = classify(observation, attempt.probe, {
      contains: expectedText(attempt.probe.prompt, attemptIdentity(attempt)),
      serviceTier: attempt.target.serviceTier ?? null,
      witness: 'unknown',
      lagUs: 0,
      answerSeenBefore: false,
    });
    const sample = toSample(attempt, observation, judged, 0, series.price);
    if (options.json === true) world.out(`${JSON.stringify({ sample, observation }, null, 2)}\n`);
    else world.out(`\n${waterfall(sample, observation, drawing(world)).join('\n')}\n\n`);
    if (OUTCOMES[judged.outcome].counts !== 'good') process.exitCode = 1;
  } finally {
    await prober.close();
    await stop();
  }
}

/** Asks the gateway for its models only if the target is not among the named ones. */
async function planFor(
  wanted: string,
  config: Config,
  inputs: PlanInputs,
  world: World,
): Promise<ProbingPlan> {
  const plan = planProbing(config, inputs);
  if (fitting(plan, wanted).length > 0 || discoveriesOf(config).length === 0) return plan;
  const nothingKept = { readFact: async () => null, writeFact: async () => {} };
  const { models, failed } = await discoverModels(config, inputs, nothingKept, world);
  for (const [key, reason] of failed) world.err(`${key}: its models could not be listed: ${reason}\n`);
  return planProbing(config, { ...inputs, discovered: models });
}

/** The series of the one target that fits: by its whole id, else by its end, else by any part. */
function fitting(plan: ProbingPlan, wanted: string): readonly SeriesPlan[] {
  const lower = wanted.toLowerCase();
  const fits: readonly ((id: string) => boolean)[] = [
    (id) => id === wanted,
    (id) => id.toLowerCase().endsWith(`/${lower}`),
    (id) => id.toLowerCase().includes(lower),
  ];
  for (const fit of fits) {
    const found = plan.series.filter(({ target }) => fit(target.id));
    if (found.length > 0) return found;
  }
  return [];
}

const LISTED = 20;

function pick(plan: ProbingPlan, wanted: string, probeId: string | undefined): SeriesPlan {
  const found = fitting(plan, wanted);
  const targets = [...new Set(found.map(({ target }) => target.id))];
  if (targets.length !== 1) {
    const known = targets.length > 0 ? targets : [...new Set(plan.series.map(({ target }) => target.id))];
    const rest = known.length > LISTED ? [`… and ${known.length - LISTED} more`] : [];
    const list = [...known.slice(0, LISTED), ...rest].map((id) => `\n  ${id}`).join('');
    throw new OperatorError(
      `${targets.length === 0 ? 'no target fits' : 'more than one target fits'} "${wanted}":${list}`,
    );
  }
  const chosen = probeId === undefined ? found[0] : found.find(({ probe }) => probe.id === probeId);
  if (chosen !== undefined) return chosen;
  const ids = found.map(({ probe }) => probe.id).join(', ');
  throw new OperatorError(`${targets[0]} has no probe "${probeId}"; it has ${ids}`);
}

function attemptOf(plan: ProbingPlan, series: SeriesPlan, cold: boolean, scheduledAt: number): Attempt {
  const { target, probe } = series;
  const gateway = plan.gateways.find(({ id }) => id === target.gateway);
  if (gateway === undefined) throw new Error(`the plan has no gateway ${target.gateway}`);
  return {
    gateway,
    secret: plan.keys.find(({ id }) => id === `${target.gateway}/${target.tier}`)?.secret ?? null,
    target,
    probe: cold ? { ...probe, connection: 'cold' } : probe,
    region: plan.region,
    scheduledAt,
    purpose: 'canary',
    freshConnection: false,
  };
}

const STYLES: Readonly<Record<Tint, Parameters<typeof styleText>[0]>> = {
  good: 'green',
  bad: 'red',
  doubtful: 'yellow',
  faint: 'dim',
  strong: 'bold',
};

const WIDEST = 120;

/** Colour only where somebody looks: `styleText` asks the terminal and honours NO_COLOR. */
function drawing(world: World): { width: number; paint: Paint } {
  const columns = Number(world.env.COLUMNS ?? process.stdout.columns ?? 80);
  const width = Math.min(WIDEST, Number.isFinite(columns) && columns > 0 ? columns : 80);
  const paint: Paint = (tint, text) => styleText(STYLES[tint], text);
  return { width, paint: process.stdout.isTTY === true ? paint : NO_PAINT };
}
