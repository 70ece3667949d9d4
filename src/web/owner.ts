import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { ownerPage } from '../../dashboards/owner.page.ts';
import type { Audience } from '../domain/report/report-text.ts';
import type { WebContext } from './context.ts';

/** Name of the fact that holds the SHA-256 of the owner's token, hex. The token has 192 random bits: no salt is needed. */
export const OWNER_TOKEN_FACT = 'owner.tokenHash';

/** Wrong tokens answered as such in a minute, from all readers together. */
const WRONG_PER_MINUTE = 20;

/**
 * Lets only the holder of the owner's token pass: as a bearer token, or as the password of HTTP basic authentication, which
 * every browser can ask for. RFC 7617. Before a token was made nobody is asked for one: 403, and the page says how to make it.
 * Beyond some wrong tokens a minute, further ones are told 429; the right one still passes, or anybody could shut the owner
 * out by guessing, and 192 random bits cannot be guessed at any speed.
 */
export function ownerOnly({
  store,
  settings,
  assets,
  clock,
}: Pick<WebContext, 'store' | 'settings' | 'assets' | 'clock'>): RequestHandler {
  let minute = 0;
  let wrong = 0;
  return async (request, response, next) => {
    const hash = await store.readFact(OWNER_TOKEN_FACT);
    const token = tokenOf(request);
    if (hash !== null && token !== null && isHashOf(token, hash)) {
      response.set('Cache-Control', 'private, no-store');
      next();
      return;
    }
    const hasToken = hash !== null;
    if (hasToken && token !== null) {
      const now = clock();
      if (Math.floor(now / 60_000) !== minute) wrong = 0;
      minute = Math.floor(now / 60_000);
      wrong += 1;
      if (wrong > WRONG_PER_MINUTE) {
        const seconds = Math.ceil(((minute + 1) * 60_000 - now) / 1_000);
        response.status(429).set({ 'Cache-Control': 'no-store', 'Retry-After': String(seconds) });
        response.type('text/plain').send('Too many wrong tokens in this minute; try again in the next.\n');
        return;
      }
    }
    response.status(hasToken ? 401 : 403).set('Cache-Control', 'no-store');
    if (hasToken) response.set('WWW-Authenticate', 'Basic realm="Probity, owner", charset="UTF-8"');
    if (request.accepts(['text', 'html']) === 'html') {
      const { title: site, practice, locale } = settings;
      response.type('html').send(ownerPage({ site, practice, locale, assets: assets.names, hasToken }));
      return;
    }
    response
      .type('text/plain')
      .send(
        hasToken
          ? 'Give the token as the password (any name), or as a bearer token.\n'
          : 'No token was made yet: probity token makes one.\n',
      );
  };
}

/** What is the owner's is kept nowhere on the way. */
export function cachingFor(audience: Audience): string {
  return audience === 'owner' ? 'private, no-store' : 'no-cache';
}

function tokenOf(request: Request): string | null {
  const header = request.get('authorization') ?? '';
  const bearer = /^Bearer +([A-Za-z0-9_-]{1,200})$/i.exec(header)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +([A-Za-z0-9+/=]{1,400})$/i.exec(header)?.[1];
  if (basic === undefined) return null;
  const pair = Buffer.from(basic, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

function isHashOf(token: string, hash: string): boolean {
  const own = createHash('sha256').update(token).digest();
  const wanted = Buffer.from(hash, 'hex');
  return own.length === wanted.length && timingSafeEqual(own, wanted);
}
