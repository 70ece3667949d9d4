import type { Observation, Phases } from '../../domain/measure/observation.ts';
import type { Doubt, Validity } from '../../domain/measure/outcome.ts';
import type { Sample } from '../../domain/measure/sample.ts';
import type { Cancel, Clock } from '../clock.ts';
import { createOwnNetwork } from './own-network.ts';
import type { ClockStep } from './steady-clock.ts';

/** When an attempt was on the wire, monotonic µs. */
export type AttemptWindow = { readonly fromUs: number; readonly toUs: number };

/**
 * Looks for our own fault in what would otherwise be theirs: a network of ours that was down, a machine that
 * slept. What the prober can see inside one attempt (a blocked thread, a step of the clock) it reports itself.
 */
export type SelfDoubt = {
  /**
   * The sample, changed if the fault was ours. A failure on the wire waits a few seconds for the witness's answer;
   * everything else resolves at once.
   */
  readonly examine: (
    sample: Sample,
    observation: Observation,
    host: string,
    window: AttemptWindow,
  ) => Sample | Promise<Sample>;
  readonly noteStep: (step: ClockStep) => void;
  readonly start: () => void;
  readonly stop: () => void;
  readonly witnessSilent: () => boolean;
};

export type SelfDoubtParts = {
  readonly clock: Clock;
  /** Does anything answer at this URL? Must resolve within `WITNESS_PATIENCE_MS`, false if nothing did. */
  readonly witness: (url: string) => Promise<boolean>;
  /** The neutral URLs of the plan in force. */
  readonly controls: () => readonly string[];
  /** The distinct hosts of the gateways that are probed. */
  readonly hosts: () => ReadonlySet<string>;
};

export const WITNESS_PATIENCE_MS = 3000;
/** Often enough that an interruption longer than this cannot pass between two questions. */
const WITNESS_EVERY_MS = 5000;
/** Without a witness: how long a failure waits for others to fail, or to prove that we are connected. */
const COMPARE_MS = 3000;
/** An answer that was never silent for longer than this has proved that the network was there. */
const LIVELY_US = 1_000_000;
const STEPS_KEPT = 16;

export function createSelfDoubt({ clock, witness, controls, hosts }: SelfDoubtParts): SelfDoubt {
  const none: ReadonlySet<string> = new Set();
  const network = createOwnNetwork(clock.monotonicUs(), () => (controls().length > 0 ? none : hosts()));
  let steps: readonly ClockStep[] = [];
  let asking: { readonly sinceUs: number; readonly answer: Promise<void> } | null = null;
  let silent = false;
  let timer: Cancel | null = null;

  /** Asks every witness at once; one that answers is enough. Questions of the same second are one question. */
  const ask = (): Promise<void> => {
    const now = clock.monotonicUs();
    if (asking !== null && now - asking.sinceUs < LIVELY_US) return asking.answer;
    const answer = Promise.all(controls().map((url) => witness(url).catch(() => false))).then((answers) => {
      silent = !answers.includes(true);
      if (silent) network.silent(now, clock.monotonicUs());
      else network.answered(clock.monotonicUs());
    });
    asking = { sinceUs: now, answer };
    return answer;
  };

  /** A sign of life. One that ends an outage is put to the witness at once: is it back too? */
  const heard = (host: string, atUs: number, beganUs: number): void => {
    if (network.alive(host, atUs, beganUs) && controls().length > 0) void ask();
  };

  const watch = (): void => {
    timer = clock.after(WITNESS_EVERY_MS, () => {
      if (controls().length > 0) void ask();
      watch();
    });
  };

  const sleptThrough = (window: AttemptWindow): Doubt | null => {
    const step = steps.find((one) => one.sinceUs < window.toUs && one.seenUs > window.fromUs);
    if (step === undefined) return null;
    return step.byMs > 0 ? 'suspended' : 'clock_step';
  };

  const blameOwnNetwork = (sample: Sample): Sample => ({
    ...sample,
    outcome: 'client.network',
    validity: { kind: 'suspect', reason: 'own_network' },
  });

  return {
    examine: (sample, observation, host, window) => {
      const doubt = sleptThrough(window);
      const doubted = doubt === null ? sample : { ...sample, validity: suspect(sample.validity, doubt) };
      if (sample.outcome.startsWith('client.') && sample.outcome !== 'client.network') return doubted;
      if (!failedOnTheWire(observation)) {
        const isQuiet =
          longestSilenceUs(observation) > LIVELY_US && network.wasDown(window.fromUs, window.toUs);
        if (observation.status !== null) heard(host, window.toUs, window.fromUs);
        return isQuiet ? { ...doubted, validity: suspect(sample.validity, 'own_network') } : doubted;
      }
      const lastByteUs = lastSignUs(observation.phases);
      if (lastByteUs !== null) heard(host, window.fromUs + lastByteUs, window.fromUs);
      const verdict = (): Sample =>
        network.wasDown(window.fromUs, window.toUs) ? blameOwnNetwork(doubted) : doubted;
      if (controls().length > 0) return ask().then(verdict);
      if (hosts().size < 2) return doubted;
      network.failed(host, window.toUs);
      return new Promise((resolve) => {
        clock.after(COMPARE_MS, () => resolve(verdict()));
      });
    },
    noteStep: (step) => {
      steps = [...steps.slice(1 - STEPS_KEPT), step];
    },
    start: () => {
      if (controls().length > 0) void ask();
      watch();
    },
    stop: () => {
      timer?.();
      timer = null;
    },
    witnessSilent: () => silent,
  };
}

/** A doubt about ourselves outweighs what the answer disclosed; of two doubts the first one stays. */
function suspect(validity: Validity, reason: Doubt): Validity {
  return validity.kind === 'suspect' ? validity : { kind: 'suspect', reason };
}

/** Failed in a way that a broken network of ours can produce: an error or a deadline, and not an answer. */
function failedOnTheWire({ ending }: Observation): boolean {
  return ending.kind === 'error' || ending.kind === 'deadline';
}

/** The last instant at which something had come from the other side, µs since `t0`. */
function lastSignUs(phases: Phases): number | null {
  let last: number | null = null;
  for (const at of [
    phases.tcpUs,
    phases.connectedUs,
    phases.headersUs,
    phases.firstByteUs,
    phases.firstEventUs,
    phases.lastTokenUs,
    phases.usageUs,
    phases.doneUs,
  ]) {
    if (at !== null && (last === null || at > last)) last = at;
  }
  return last;
}

/** The longest stretch of the exchange in which nothing that we time arrived, µs; an upper bound. */
function longestSilenceUs({ phases, longestStallUs }: Observation): number {
  return Math.max(
    phases.headersUs ?? 0,
    (phases.firstByteUs ?? 0) - (phases.headersUs ?? 0),
    longestStallUs ?? 0,
  );
}
