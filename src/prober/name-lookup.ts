import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Asked = Parameters<LookupFunction>;
type Callback = Asked[2];

/**
 * Questions for the same name share one answer while it is under way. The platform resolves only a few names at a time,
 * for the whole process: a name that nobody answers for, asked by every probe of its gateway, would otherwise keep all
 * other gateways and the witness waiting, and they would look as if they were down.
 */
export function shareLookups(ask: LookupFunction): LookupFunction {
  const underWay = new Map<string, Callback[]>();
  return (hostname, options, callback) => {
    const question = `${hostname}\n${JSON.stringify(options)}`;
    const waiting = underWay.get(question);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    const asking = [callback];
    underWay.set(question, asking);
    ask(hostname, options, (...answer) => {
      underWay.delete(question);
      for (const tell of asking) tell(...answer);
    });
  };
}

/** The system's resolver, shared by all probes and the witness. */
export const lookupName: LookupFunction = shareLookups(lookup as LookupFunction);
