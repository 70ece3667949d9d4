import { type Html, raw } from './html.ts';

/** The path of a target's page. Each segment is encoded; slashes of the model stay, since the route takes the rest. */
export function targetPath(id: string): Html {
  return raw(`/targets/${encodedId(id)}`);
}

export function badgePath(id: string): Html {
  return raw(`/badge/${encodedId(id)}.svg`);
}

/**
 * An id as path segments. What `encodeURIComponent` leaves alone is harmless in a quoted attribute except the
 * apostrophe.
 */
function encodedId(id: string): string {
  return id
    .toWellFormed()
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll("'", '%27'))
    .join('/');
}
