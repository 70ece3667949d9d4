import type { Observation } from './observation.ts';
import type { Gateway, Probe } from './probe.ts';
import type { Purpose, SampleIdentity } from './sample.ts';
import type { Target } from './target.ts';

/** One request about to be made: what the pipeline asks of the prober. */
export type Attempt = {
  readonly gateway: Gateway;
  /** The tier's API key; `null` sends no authorization. */
  readonly secret: string | null;
  readonly target: Target;
  readonly probe: Probe;
  readonly region: string;
  readonly scheduledAt: number;
  readonly purpose: Purpose;
  /** Use a new connection even where the probe is warm. */
  readonly freshConnection: boolean;
};

/** Makes exactly one request. Resolves for everything the wire can do; rejects only for a bug of ours. */
export type ProbeFn = (attempt: Attempt) => Promise<Observation>;

/** What a prompt's nonce and operands are derived from; it can be told again from any stored sample. */
export function identityText(identity: SampleIdentity): string {
  return `${identity.probe}\n${identity.target}\n${identity.region}\n${identity.scheduledAt}\n${identity.purpose}`;
}

/** The same of an attempt that is about to be made. */
export function attemptIdentity(attempt: Attempt): string {
  const { probe, target, region, scheduledAt, purpose } = attempt;
  return identityText({ probe: probe.id, target: target.id, region, scheduledAt, purpose });
}
