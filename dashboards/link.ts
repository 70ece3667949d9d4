import { type Html, raw } from './html.ts';

/** The path of a target's page. Each segment is encoded; slashes of the model stay, since the route takes the rest. */
export function targetPath(id: string): Html {
  return raw(`/targets/${encodedId(id)}`);
}

export function badgePath(id: string): Html {
  return raw(`/badge/${encodedId(id)}.svg`);
}

/**
 * An id as a path. Its slashes stay, for the reader's eye, unless one of its segments is a dot or two: a browser
 * would resolve those away, also if they are encoded, so then the whole id becomes one segment. What
 * `encodeURIComponent` leaves alone is harmless in a quoted attribute except the apostrophe.
 * https://url.spec.whatwg.org/#double-dot-path-segment
 */
function encodedId(id: string): string {
  const segments = id.toWellFormed().split('/');
  const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27');
  if (segments.some((segment) => segment === '.' || segment === '..')) return encode(segments.join('/'));
  return segments.map(encode).join('/');
}
