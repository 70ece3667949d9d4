import type { Clock } from '../clock.ts';
import type { DeliverReport } from './deliver.ts';
import type { EvaluationReport } from './evaluate-alerts.ts';

export type AlertingParts = {
  readonly clock: Clock;
  readonly evaluate: (now: number) => Promise<EvaluationReport>;
  readonly deliver: () => Promise<DeliverReport>;
  /** Told of what went wrong; both go on with the next round. */
  readonly onFault: (what: 'evaluate' | 'deliver', error: unknown) => void;
  /** Told when a round changed anything. */
  readonly onDecided: (report: EvaluationReport) => void;
};

export type Alerting = {
  /** Resolves when the rounds under way are over. */
  readonly stop: () => Promise<void>;
};

const EVALUATE_EVERY_MS = 10_000;
const DELIVER_EVERY_MS = 5_000;

/** Evaluates and delivers in turns, each at its own pace: a slow mail server delays no decision. */
export function startAlerting({ clock, evaluate, deliver, onFault, onDecided }: AlertingParts): Alerting {
  const evaluating = repeat(clock, EVALUATE_EVERY_MS, async () => {
    try {
      const report = await evaluate(clock.now());
      if (report.transitions > 0) onDecided(report);
    } catch (error) {
      onFault('evaluate', error);
    }
  });
  const delivering = repeat(clock, DELIVER_EVERY_MS, async () => {
    try {
      await deliver();
    } catch (error) {
      onFault('deliver', error);
    }
  });
  return {
    async stop() {
      await Promise.all([evaluating(), delivering()]);
    },
  };
}

/** Runs a task over and over, never twice at once; the result stops it and waits for the one under way. */
function repeat(clock: Clock, everyMs: number, task: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let underWay = Promise.resolve();
  let cancel = (): void => {};
  const plan = (ms: number): void => {
    cancel = clock.after(ms, () => {
      underWay = task().then(() => {
        if (!stopped) plan(everyMs);
      });
    });
  };
  plan(0);
  return async () => {
    stopped = true;
    cancel();
    await underWay;
  };
}
