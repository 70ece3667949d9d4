import express, { type Request, type RequestHandler, type Router } from 'express';
import { incidentPage } from '../../dashboards/incident.page.ts';
import { incidentsPage } from '../../dashboards/incidents.page.ts';
import type { Incident } from '../domain/alert/incident.ts';
import { acknowledge } from '../domain/alert/transition.ts';
import type { Audience } from '../domain/report/report-text.ts';
import {
  type IncidentPageView,
  type IncidentsPageView,
  incidentDetail,
  type MessageCopies,
} from '../domain/view/incident-view.ts';
import { oneLine } from '../domain/wording.ts';
import type { Delivery, Store } from '../store/store.ts';
import { type AcknowledgeLink, linkName, readLink } from './acknowledge-link.ts';
import { AppError } from './app-error.ts';
import type { WebContext } from './context.ts';
import { cachingFor } from './owner.ts';
import { prepare, sendPrepared } from './prepared.ts';
import { textOf } from './query.ts';

const SHOWN_MS = 90 * 86_400_000;
const MOST = 500;
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const TRIES = 5;

/** `GET /incidents` */
export function incidentsRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const view = await readIncidents(context);
    await sendPrepared(request, response, prepare(HTML, incidentsPage(view, context.assets.names)));
  };
}

/** `GET /api/v1/incidents` */
export function incidentsApiRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const { incidents, dead, waiting } = await readIncidents(context);
    await sendPrepared(request, response, prepare(JSON_TYPE, JSON.stringify({ incidents, dead, waiting })));
  };
}

/** `GET /incidents/<id>`, and the same with money behind the owner's token. */
export function incidentRoute(context: WebContext, audience: Audience): RequestHandler {
  return async (request, response) => {
    const view = await readIncident(context, await find(context.store, request), audience);
    const page = prepare(HTML, incidentPage(view, context.assets.names, null));
    await sendPrepared(request, response, page, cachingFor(audience));
  };
}

/** `GET /api/v1/incidents/<id>` */
export function incidentApiRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const { incident } = await readIncident(context, await find(context.store, request), 'public');
    await sendPrepared(request, response, prepare(JSON_TYPE, JSON.stringify(incident)));
  };
}

/** The one thing that can be written over HTTP, by whoever holds a link from a mail. */
export function acknowledgeRouter(context: WebContext): Router {
  // No browser compresses a form; whoever does wants to see what unpacking it does to us.
  const form = express.urlencoded({ extended: false, inflate: false, limit: 10_000, parameterLimit: 10 });
  const router = express.Router({ mergeParams: true });
  router.get('/', askRoute(context));
  router.post('/', form, acknowledgeRoute(context));
  router.all('/', (_request, response) => {
    response.set('Allow', 'GET, HEAD, POST');
    throw new AppError('method_not_allowed', 'only GET, HEAD and POST are allowed');
  });
  return router;
}

/**
 * `GET /incidents/<id>/acknowledge?token=`: asks before it does anything. Mail scanners follow links; they send no forms.
 */
function askRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const incident = await find(context.store, request);
    const token = textOf(request, 'token') ?? '';
    const link = checkLink(context, incident, token);
    const view = await readIncident(context, incident, 'public');
    const { who } = link;
    response.set('Cache-Control', 'no-store').type('html');
    response.send(incidentPage(view, context.assets.names, { who, token }));
  };
}

/** `POST /incidents/<id>/acknowledge`: what the form sends. The token is the permission, and it is spent. */
function acknowledgeRoute(context: WebContext): RequestHandler {
  return async (request, response) => {
    const form: unknown = request.body;
    const token = fieldOf(form, 'token');
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const incident = await find(context.store, request);
      const { who } = checkLink(context, incident, token);
      const at = context.clock();
      const taken = acknowledge(incident, {
        who,
        why: oneLine(fieldOf(form, 'why'), 300),
        at,
        untilAt: null,
      });
      const page = `/incidents/${incident.id}`;
      if (taken.kind === 'stay') return void response.redirect(303, page);
      const result = await context.store.saveDecision({
        incidents: [taken.incident],
        events: taken.events,
        messages: [],
        spendsLink: linkName(token),
        at,
      });
      if (result.kind === 'link spent') {
        throw new AppError('invalid', 'this link was used before; it works once');
      }
      if (result.kind === 'saved') return void response.redirect(303, page);
    }
    throw new AppError('unavailable', 'the incident kept changing; try the link again');
  };
}

function checkLink({ linkKey, clock }: WebContext, incident: Incident, token: string): AcknowledgeLink {
  const link = linkKey === null ? null : readLink(linkKey, token, clock());
  if (link === null || link.incident !== incident.id) {
    throw new AppError(
      'invalid',
      'this link is not valid, or not valid any more; "probity ack" works always',
    );
  }
  return link;
}

function fieldOf(form: unknown, name: string): string {
  if (typeof form !== 'object' || form === null || !(name in form)) return '';
  const value = (form as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}

async function find(store: Store, request: Request): Promise<Incident> {
  const incident = await store.readIncident(String(request.params.id));
  if (incident === null) throw new AppError('not_found', 'no incident has that id');
  return incident;
}

async function readIncidents({
  store,
  clock,
  settings,
  incidentLines,
}: WebContext): Promise<IncidentsPageView> {
  const now = clock();
  const incidents = await store.listIncidents({ closedSinceAt: now - SHOWN_MS, limit: MOST });
  const { counts } = await store.readOutbox();
  const { title: site, practice, locale, timezone } = settings;
  return {
    site,
    practice,
    locale,
    timezone,
    now,
    incidents: await incidentLines.read(incidents),
    dead: counts.dead,
    waiting: counts.pending + counts.leased,
  };
}

async function readIncident(
  { store, clock, settings }: WebContext,
  incident: Incident,
  audience: Audience,
): Promise<IncidentPageView> {
  const events = await store.readIncidentEvents(incident.id);
  const deliveries = await store.readDeliveries({ incident: incident.id });
  const { title: site, practice, locale, timezone } = settings;
  return {
    site,
    practice,
    locale,
    timezone,
    now: clock(),
    incident: incidentDetail(incident, events, copiesOf(deliveries), audience),
  };
}

function copiesOf(deliveries: readonly Delivery[]): MessageCopies[] {
  const byMessage = Map.groupBy(deliveries, ({ message }) => message.key);
  return [...byMessage.values()]
    .map((copies) => {
      const count = (...states: readonly Delivery['state'][]): number =>
        copies.filter(({ state }) => states.includes(state)).length;
      const { topic, at } = copies[0]?.message ?? { topic: 'test' as const, at: 0 };
      return { topic, at, sent: count('sent'), waiting: count('pending', 'leased'), dead: count('dead') };
    })
    .sort((a, b) => a.at - b.at);
}
