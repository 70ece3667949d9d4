import { setImmediate as turn } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { destination, type Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { governingContracts } from '../config/contract-under-tier.ts';
import { type PlanInputs, planProbing } from '../config/plan.ts';
import { HORIZON_MS } from '../domain/contract/maintenance.ts';
import type { ProbingPlan } from '../domain/measure/probe.ts';
import { tokenPrices } from '../domain/measure/token-price.ts';
import { uncontracted } from '../domain/view/history.ts';
import { countExpected } from '../pipeline/probing/expected-ticks.ts';
import type { ProbingHealth } from '../pipeline/probing/probing-messages.ts';
import { startProbingThread, type ThreadNotice } from '../pipeline/probing/probing-thread.ts';
import { readResume, spendKeeper } from '../pipeline/probing/resume.ts';
import type { Store } from '../store/store.ts';
import { PROBER_SEEN_FACT } from '../web/recent-window.ts';
import { createServer, type Listening, type Web } from '../web/server.ts';
import { discoverModels } from './discover-models.ts';
import { databaseIn, openDataToProbe } from './open-data.ts';
import { calmLog } from './run/calm-log.ts';
import { keepDeclared } from './run/keep-declared.ts';
import { readLinkKey } from './run/link-key.ts';
import { type PracticeHistory, writePracticeHistory } from './run/practice-history.ts';
import { readDeployment } from './run/read-deployment.ts';
import { reportFolder } from './run/report-folder.ts';
import { spawnProber } from './run/spawn-prober.ts';
import { startAlerts } from './run/start-alerts.ts';
import { startClosing } from './run/start-closing.ts';
import { startCompiled } from './run/start-compiled.ts';
import { createAlertFacts, type LiveFigures, startLiveFigures } from './run/start-live.ts';
import { startPractice } from './run/start-practice.ts';
import { type StoreWatch, troubleOf, watchStore } from './run/store-watch.ts';
import { systemClock } from './run/system-clock.ts';
import { tellToStop } from './run/tell-to-stop.ts';
import { viewSettingsOf } from './run/view-settings.ts';
import { createWindDown } from './run/wind-down.ts';
import { signingKeyIn } from './signing-key-in.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly practiceHistory: boolean;
  readonly data: string;
  readonly port?: number;
  readonly bind?: string;
};

/** `probity run`: probes, stores, judges and shows, until it is told to stop. */
export function registerRun(program: Command, world: World): void {
  program
    .command('run')
    .description('probe a deployment and serve its status page, until interrupted')
    .argument('[folder]', 'the deployment: a folder of YAML', 'probes/practice')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .addOption(
      new Option('--port <n>', 'port of the status page; 0 = any free one').env('PORT').argParser(portNumber),
    )
    .option('--bind <address>', 'address of the status page')
    .option('--no-practice-history', 'start practice without its ninety simulated days')
    .addHelpText(
      'after',
      `
Examples:
  probity run                                  the practice deployment
  probity run probes/acme --data /var/lib/probity --port 9000`,
    )
    .action((folder: string, options: Options) => run(folder, options, world));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535.');
  }
  return port;
}

/** A model list that could not be had. */
const ASK_AGAIN_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
const SEEN_EVERY_MS = 5_000;

async function run(folder: string, options: Options, world: World): Promise<void> {
  await startCompiled(world.env);
  // A signal to stop that came while all this was loaded is heard before anything is opened.
  await turn();
  const log: Logger = calmLog(destination({ dest: 2, sync: true }), world.now);
  const told = tellToStop(world.env);
  const config = await readDeployment(folder, world);
  const data = openDataToProbe(options.data);
  const windDown = createWindDown();
  windDown.under(data.close);
  try {
    const { store } = data;
    const storeWatch = await watchStore({
      path: databaseIn(options.data),
      now: world.now,
      onChange: (state) => {
        const trouble = troubleOf(state);
        if (trouble === null) log.warn({}, 'what is measured is stored again');
        else log.error({ message: trouble }, 'the store is in trouble');
      },
    });
    const seen = await store.readFact(PROBER_SEEN_FACT);
    const contractOf = governingContracts(config);
    let live: LiveFigures | null = null;
    let history: PracticeHistory | null = null;
    /** While a past is being written, and until the live figures hold it, neither page nor alert may rest on them. */
    let isPastMissing = false;
    let prices: ReadonlyMap<string, number> = new Map();
    const web = createServer({
      live: () => live?.latest() ?? null,
      countingOf: (target) => live?.countingOf(target) ?? uncontracted(),
      priceOf: (target) => prices.get(target) ?? null,
      preparingPpm: () => history?.donePpm() ?? (isPastMissing ? 1_000_000 : null),
      storeTrouble: () => troubleOf(storeWatch.state()),
      store,
      clock: world.now,
      settings: viewSettingsOf(config, contractOf),
      countTicks: countExpected,
      operationOf: (id) => config.probes.find(({ probe }) => probe.id === id)?.probe.operation ?? null,
      origin: config.status.url,
      linkKey: readLinkKey(options.data),
      reports: {
        folderOf: (period, contract) => reportFolder(options.data, period, contract),
        publicKey: signingKeyIn(options.data).publicKey,
      },
      log: { error: (about, message) => log.error(about, message) },
    });
    const listening = await listen(
      web,
      options.bind ?? config.status.bind,
      options.port ?? config.status.port,
    );
    windDown.under(listening.close);
    world.out(
      `Probity watches ${config.folder}\n  status page  ${listening.url}\n  data         ${options.data}\n`,
    );

    const { practice, stop: stopPractice } = await startPractice(config);
    windDown.under(stopPractice);
    const historyWritten = Promise.withResolvers<void>();
    const alertFacts = createAlertFacts(contractOf);
    const alerts = config.alerts.enabled
      ? startAlerts({
          config,
          store,
          data: options.data,
          origin: config.status.url ?? listening.url,
          clock: systemClock,
          log,
          changed: web.changed,
          after: historyWritten.promise,
          readLive: async () => alertFacts(isPastMissing ? null : (live?.latest() ?? null)),
          isDatabaseGone: () => storeWatch.state().kind === 'gone',
        })
      : null;
    if (alerts !== null) {
      windDown.atWork(alerts.stop);
      world.out(`  mail         ${alerts.mailGoesTo}\n`);
    }
    const onHealth = alerts?.onHealth ?? (() => undefined);
    const onProberDied = alerts?.onProberDied ?? (() => undefined);
    const probing = await startProbing(config, { practice }, store, web, world, log, {
      storeWatch,
      onHealth,
      onProberDied,
      onRecorded: (at) => {
        live?.recorded(at);
        alerts?.recorded(at);
        web.touched(at);
      },
      onPlan: (plan) => {
        prices = tokenPrices(plan);
      },
      beforeFirst: async (plan) => {
        if (!options.practiceHistory) return { done: Promise.resolve() };
        history = await writePracticeHistory(config, plan, store, options.data, world.now(), web.rewritten);
        windDown.atWork(history.stop);
        isPastMissing = history.donePpm() !== null;
        const done = history.finished.catch((err: unknown) => {
          log.error({ err }, 'practice history could not be written; the next start tries again');
        });
        return { done };
      },
      signal: told.signal,
    });
    windDown.atWork(probing.stop);
    probing.historyWritten.then(historyWritten.resolve, historyWritten.resolve);
    const declaring = await keepDeclared(config, store, log, web.changed);
    windDown.atWork(declaring.stop);
    live = await startLiveFigures({
      config,
      store,
      log,
      changed: web.changed,
      countAfter: probing.historyWritten,
      onWhole: () => {
        isPastMissing = false;
      },
    });
    windDown.atWork(live.stop);
    const closing = startClosing({
      config,
      data: options.data,
      log,
      changed: web.changed,
      after: probing.historyWritten,
      lastSeenAt: seen === null ? null : Number(seen),
      isDatabaseGone: () => storeWatch.state().kind === 'gone',
    });
    windDown.atWork(closing.stop);
    await told.toStop;
  } finally {
    await windDown.run();
  }
}

type ProbingHooks = {
  readonly storeWatch: StoreWatch;
  readonly onHealth: (health: ProbingHealth) => void;
  readonly onProberDied: () => void;
  /** Told the earliest tick of every batch that was recorded. */
  readonly onRecorded: (at: number) => void;
  /** Told every plan that comes into force. */
  readonly onPlan: (plan: ProbingPlan) => void;
  /** Runs before the series of the first plan are declared; `done` is what goes on behind it. */
  readonly beforeFirst: (plan: ProbingPlan) => Promise<{ readonly done: Promise<void> }>;
  readonly signal: AbortSignal;
};

/** Plans, declares what is due, and keeps the probing thread alive. */
async function startProbing(
  config: Config,
  inputs: PlanInputs,
  store: Store,
  web: Web,
  world: World,
  log: Logger,
  hooks: ProbingHooks,
): Promise<{ readonly stop: () => Promise<unknown>; readonly historyWritten: Promise<void> }> {
  const { onHealth, signal, storeWatch } = hooks;
  let listsMissing = 0;
  const makePlan = async (): Promise<ProbingPlan> => {
    const { models, failed } = await discoverModels(config, inputs, store, world, signal);
    listsMissing = failed.size;
    for (const [key, reason] of failed) log.warn({ key, reason }, 'the list of models could not be had');
    return planProbing(config, { ...inputs, discovered: models, now: world.now() });
  };
  const declare = async (plan: ProbingPlan, at: number): Promise<void> => {
    const series = plan.series.map(({ target, probe, schedule }) => ({
      probe: probe.id,
      target,
      region: plan.region,
      schedule,
    }));
    await store.declareSeries(series, at);
    hooks.onPlan(plan);
    // A target may have a new name.
    web.rewritten();
  };

  let plan = await makePlan();
  let plannedAt = world.now();
  const { done: historyWritten } = await hooks.beforeFirst(plan);
  const fromAt = world.now();
  await declare(plan, fromAt);
  log.info({ series: plan.series.length, gateways: plan.gateways.length }, 'probing');

  let seenAt = 0;
  const keepSpend = spendKeeper(store);
  const thread = startProbingThread(
    {
      clock: systemClock,
      spawn: spawnProber,
      record: async (batch) => {
        const result = await store.record(batch, world.now());
        storeWatch.stored();
        web.recorded(batch);
        hooks.onRecorded(earliestTick(batch));
        return result;
      },
      resume: (current) => readResume(store, current, world.now()),
      onRecorded: web.changed,
      onNotice: (notice) => {
        if (notice.kind === 'record-failed') storeWatch.failed(notice.message);
        tell(log, notice);
        if (notice.kind === 'thread-died') hooks.onProberDied();
      },
      onHealth: (health) => {
        const at = world.now();
        onHealth(health);
        keepSpend(health).catch((err: unknown) => log.error({ err }, "the day's spend could not be written"));
        if (Math.abs(at - seenAt) < SEEN_EVERY_MS) return;
        seenAt = at;
        storeWatch.look().catch((err: unknown) => log.error({ err }, 'the database could not be looked at'));
        store.writeFact(PROBER_SEEN_FACT, String(at), at).catch((err: unknown) => {
          log.error({ err }, 'the sign of life could not be written');
        });
      },
    },
    plan,
    fromAt,
  );

  // A gateway adds models whenever it likes; a list that could not be had is asked for again sooner. Pauses are planned
  // ahead, and not for ever.
  const pauses = config.maintenance.some(({ probing }) => probing === 'pause');
  const refresh = async (): Promise<void> => {
    const next = await makePlan();
    const at = world.now();
    const isAlike = JSON.stringify(next.series) === JSON.stringify(plan.series);
    const isOld = pauses && at - plannedAt > HORIZON_MS / 2;
    if (signal.aborted || (isAlike && !isOld)) return;
    plan = next;
    plannedAt = at;
    if (!isAlike) await declare(plan, at);
    thread.replan(plan, at);
  };
  let refreshing: NodeJS.Timeout | undefined;
  const refreshLater = (): void => {
    refreshing = setTimeout(
      () => {
        refresh()
          .catch((err: unknown) => log.error({ err }, 'the plan could not be refreshed'))
          .finally(() => {
            if (!signal.aborted) refreshLater();
          });
      },
      listsMissing > 0 ? ASK_AGAIN_MS : DAY_MS,
    );
  };
  if (pauses || config.models.some(({ kind }) => kind === 'discover')) refreshLater();

  return {
    historyWritten,
    stop: async () => {
      clearTimeout(refreshing);
      const undelivered = await thread.stop();
      if (undelivered > 0) log.warn({ undelivered }, 'rows were lost at the stop');
    },
  };
}

function earliestTick({ samples, notRun }: Parameters<Store['record']>[0]): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { scheduledAt } of samples) earliest = Math.min(earliest, scheduledAt);
  for (const { scheduledAt } of notRun) earliest = Math.min(earliest, scheduledAt);
  return earliest;
}

const GRAVE: ReadonlySet<ThreadNotice['kind']> = new Set([
  'fault',
  'thread-died',
  'record-failed',
  'row-refused',
  'untold',
]);

function tell(log: Logger, notice: ThreadNotice): void {
  const { kind, ...about } = notice;
  log[GRAVE.has(kind) ? 'error' : 'warn'](about, kind);
}

async function listen(web: Web, bind: string, port: number): Promise<Listening> {
  try {
    return await web.listen(bind, port);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} on ${bind} is in use; choose another with --port or PORT`,
      EACCES: `port ${port} on ${bind} may not be opened by this user; choose another with --port or PORT`,
      EADDRNOTAVAIL: `${bind} is not an address of this machine; choose another with --bind`,
    };
    const message = why[code] ?? (/^E(AI|NOTFOUND)/.test(code) ? why.EADDRNOTAVAIL : undefined);
    if (message === undefined) throw cause;
    throw new OperatorError(message, { cause });
  }
}
