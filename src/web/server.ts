import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import type { LiveReport } from '../domain/live/live-report.ts';
import type { CountTicks } from '../domain/view/build-series-view.ts';
import type { ViewSettings } from '../domain/view/build-status-view.ts';
import { uncontracted } from '../domain/view/history.ts';
import type { Store } from '../store/store.ts';
import { assetsRoute, iconRoute } from './assets.route.ts';
import { loadAssets } from './assets.ts';
import { createBoard } from './board.ts';
import { compareApiRoute, compareRoute } from './compare.route.ts';
import { createComparisons } from './comparisons.ts';
import { createBoundedServer } from './connections.ts';
import type { CountingOf, WebContext, WebLog } from './context.ts';
import { embedRoute } from './embed.route.ts';
import { answerErrors, notFound, onlyRead } from './errors.ts';
import { badgeRoute, feedRoute } from './feed.route.ts';
import { healthRoute, readyRoute } from './health.route.ts';
import { createHistoryReader } from './history-reader.ts';
import {
  acknowledgeRouter,
  incidentApiRoute,
  incidentRoute,
  incidentsApiRoute,
  incidentsRoute,
} from './incident.route.ts';
import { createIncidentLines } from './incident-lines.ts';
import { methodRoute } from './method.route.ts';
import { metricsRoute } from './metrics.route.ts';
import { createMetrics, type MetricNames, type Recorded } from './metrics.ts';
import { objectivesRoute } from './objectives.route.ts';
import { openApiRoute } from './openapi.route.ts';
import { ownerOnly } from './owner.ts';
import { createRecentWindow } from './recent-window.ts';
import {
  createReportShelf,
  type ReportsOptions,
  reportApiRoute,
  reportFileRoute,
  reportRoute,
  reportsApiRoute,
  reportsRoute,
  wellKnownRoute,
} from './reports.route.ts';
import { samplesRoute } from './samples.route.ts';
import { allowFraming, securityHeaders } from './security.ts';
import { statusRoute } from './status.route.ts';
import { statusApiRoute } from './status-api.route.ts';
import { streamRoute } from './stream.route.ts';
import { targetApiRoute, targetRoute } from './target.route.ts';
import { targetsApiRoute } from './targets-api.route.ts';
import { createWaitingLine, inTurn } from './waiting-line.ts';

export type WebOptions = {
  readonly store: Store;
  /** Wall clock, epoch ms. */
  readonly clock: () => number;
  readonly settings: ViewSettings;
  readonly log: WebLog;
  /** The address at which readers reach the pages, without a trailing slash. The feed needs it for absolute links. */
  readonly origin?: string | null;
  /** Signs the links in mails; without it, such links are refused. */
  readonly linkKey?: Uint8Array;
  /** The files of frozen reports and who signs them; without it there are only the public pages. */
  readonly reports?: ReportsOptions;
  /** Counts the ticks of a schedule; without it only `every` schedules have a coverage. */
  readonly countTicks?: CountTicks;
  /** The latest live figures, if the program evaluates. */
  readonly live?: () => LiveReport | null;
  /** By which terms the requests of a target are counted; without it by no contract's. */
  readonly countingOf?: CountingOf;
  /** How much of a simulated past is written, parts per million; `null` = there is none to write. */
  readonly preparingPpm?: () => number | null;
  /** Why nothing can be stored just now, or would not outlast us, in one line; `null` = it can, and would. */
  readonly storeTrouble?: () => string | null;
  /** What a probe asks for, for the metrics. */
  readonly operationOf?: MetricNames['operationOf'];
  /** What a token of a target costs, in a unit common to all; `null` = unknown. */
  readonly priceOf?: (target: string) => number | null;
};

export type Listening = {
  /** With the port really taken, also if 0 was asked for. */
  readonly url: string;
  readonly port: number;
  /** Stops taking requests, ends the open ones, and resolves when the port is free. */
  readonly close: () => Promise<void>;
};

export type Web = {
  readonly app: Express;
  /** To be called when the store has something new. */
  readonly changed: () => void;
  /** To be called when the store has something new that is old: minutes that had settled are read again. */
  readonly rewritten: () => void;
  /** To be told the earliest tick of every batch that was stored: from then on only what is told is read again. */
  readonly touched: (at: number) => void;
  /** To be called with what was just stored: counts it for the metrics. */
  readonly recorded: (recorded: Recorded) => void;
  /** Rejects with the system's error if the address cannot be had, e.g. `EADDRINUSE`. */
  readonly listen: (bind: string, port: number) => Promise<Listening>;
};

/** The pages and the API over a store. GET never writes. */
export function createServer(options: WebOptions): Web {
  const { store, clock, settings, log } = options;
  const recent = createRecentWindow(options);
  const board = createBoard(clock, recent.read);
  const history = createHistoryReader(store);
  const line = createWaitingLine();
  const context: WebContext = {
    store,
    clock,
    settings,
    board,
    line,
    history,
    incidentLines: createIncidentLines(store),
    countingOf: options.countingOf ?? uncontracted,
    assets: loadAssets(),
    log,
    origin: options.origin ?? null,
    linkKey: options.linkKey ?? null,
  };
  const comparisons = createComparisons(store, options.priceOf ?? (() => null), context.countingOf, (err) =>
    log.error({ err, path: '/compare' }, 'the tiers could not be compared'),
  );
  const metrics = createMetrics({ operationOf: options.operationOf ?? (() => null) });
  const owner = ownerOnly(context);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(securityHeaders());
  const routes: readonly (readonly [path: string, ...handlers: RequestHandler[]])[] = [
    ['/', statusRoute(context)],
    ['/api/v1/status', statusApiRoute(context)],
    ['/api/v1/targets', targetsApiRoute(context)],
    ['/api/v1/samples', samplesRoute(context)],
    [
      '/api/v1/objectives',
      objectivesRoute(context, options.live ?? (() => null), options.preparingPpm ?? (() => null)),
    ],
    ['/api/v1/openapi.json', openApiRoute(context)],
    ['/api/v1/stream', streamRoute(context)],
    ['/targets/*id', targetRoute(context)],
    ['/api/v1/targets/*id', targetApiRoute(context)],
    ['/incidents', inTurn(line, 'page', incidentsRoute(context))],
    ['/api/v1/incidents', inTurn(line, 'machine', incidentsApiRoute(context))],
    ['/incidents/:id', inTurn(line, 'page', incidentRoute(context, 'public'))],
    ['/owner/incidents/:id', owner, inTurn(line, 'page', incidentRoute(context, 'owner'))],
    ['/api/v1/incidents/:id', inTurn(line, 'machine', incidentApiRoute(context))],
    ['/compare', compareRoute(context, comparisons)],
    ['/api/v1/compare', compareApiRoute(context, comparisons)],
    ...reportRoutes(context, owner, options.reports),
    ['/method', methodRoute(context)],
    ['/feed.xml', feedRoute(context)],
    ['/badge/*id', badgeRoute(context)],
    ['/embed', allowFraming(), embedRoute(context)],
    ['/healthz', healthRoute()],
    ['/readyz', readyRoute(context, options.storeTrouble ?? (() => null))],
    ['/metrics', metricsRoute(context, metrics)],
    ['/favicon.svg', iconRoute(context)],
    ['/assets/*file', assetsRoute(context)],
  ];
  app.use('/incidents/:id/acknowledge', acknowledgeRouter(context));
  for (const [path, ...handlers] of routes)
    app
      .route(path)
      .get(...handlers)
      .all(answerOnlyReads);
  app.use(notFound);
  app.use(answerErrors(context));
  return {
    app,
    changed: board.changed,
    rewritten: () => {
      recent.forget();
      history.forget();
      comparisons.forget();
      board.changed();
    },
    touched: (at) => {
      recent.touched(at);
      comparisons.touched(at);
    },
    recorded: metrics.count,
    listen: (bind, port) => listen(app, bind, port),
  };
}

type Routes = readonly (readonly [path: string, ...handlers: RequestHandler[]])[];

/** Compliance is for everybody; money and files are the owner's. */
function reportRoutes(
  context: WebContext,
  owner: RequestHandler,
  reports: ReportsOptions | undefined,
): Routes {
  const shelf = createReportShelf(context);
  const { line } = context;
  const open: Routes = [
    ['/reports', inTurn(line, 'page', reportsRoute(context, shelf, 'public'))],
    ['/api/v1/reports', inTurn(line, 'machine', reportsApiRoute(context, shelf))],
    ['/api/v1/reports/:period/:contract', inTurn(line, 'machine', reportApiRoute(context, shelf))],
    ['/reports/:period/:contract', inTurn(line, 'page', reportRoute(context, shelf, 'public', null))],
  ];
  if (reports === undefined) return open;
  return [
    ...open,
    ['/owner', owner, (_request, response) => response.redirect('/owner/reports')],
    ['/owner/reports', owner, inTurn(line, 'page', reportsRoute(context, shelf, 'owner'))],
    [
      '/owner/reports/:period/:contract',
      owner,
      inTurn(line, 'page', reportRoute(context, shelf, 'owner', reports)),
    ],
    ['/owner/reports/:period/:contract/:file', owner, reportFileRoute(reports)],
    ['/.well-known/probity.json', wellKnownRoute(context, reports)],
  ];
}

/** A GET that no handler took goes on to "not found"; any other method is refused. */
const answerOnlyReads: RequestHandler = (request, response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') next();
  else onlyRead(request, response, next);
};

function listen(app: Express, bind: string, port: number): Promise<Listening> {
  const server = createBoundedServer(app);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bind, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve({
        url: `http://${host}:${address.port}`,
        port: address.port,
        close: () => closeServer(server),
      });
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
