import { lookupName } from './name-lookup.ts';

// Imported, the first would bring the whole client behind `fetch` with it: megabytes that nobody here uses.
const { get: httpGet } = process.getBuiltinModule('node:http');
const { get: httpsGet } = process.getBuiltinModule('node:https');

/**
 * Does anything answer at this URL? Any response will do, of any status: the question is whether our own network
 * leads anywhere. Each question opens its own connection and resolves the name anew, as those are what may be down.
 * Resolves within `patienceMs`, never rejects.
 */
export function askWitness(url: string, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const get = new URL(url).protocol === 'https:' ? httpsGet : httpGet;
      const options = { agent: false, signal: AbortSignal.timeout(patienceMs), lookup: lookupName };
      const request = get(url, options, (response) => {
        response.destroy();
        resolve(true);
      });
      request.on('error', () => resolve(false));
    } catch {
      resolve(false);
    }
  });
}
