import { DEFAULT_ALERT_POLICY } from '../../src/domain/alert/alert-policy.ts';
import { createAlertEvaluator, NO_LIVE_FACTS } from '../../src/pipeline/alerting/evaluate-alerts.ts';
import type { Store } from '../../src/store/store.ts';
import { SCENE_AT } from './scenes.ts';

const MINUTE = 60_000;

const ROUTE = {
  id: 'on-call',
  severities: [],
  scopes: [],
  to: [{ channel: 'email', address: 'on-call@example.net' }],
  escalateTo: [],
} as const;

/**
 * Lets the alerts go through the last quarter of an hour of a recorded scene as they would have, and gives the id of the
 * incident they opened: the outage, where there is one.
 */
export async function openSceneIncident(store: Store): Promise<string> {
  let now = 0;
  const evaluator = createAlertEvaluator({
    // What is recorded later is not known yet.
    store: {
      ...store,
      readAttempts: (fromAt, toAt) => store.readAttempts(fromAt, Math.min(toAt, now)),
    },
    policy: { ...DEFAULT_ALERT_POLICY, routes: [ROUTE] },
    objectivesOf: () => [],
    isPractice: () => false,
    startedAt: SCENE_AT - 15 * MINUTE,
    readLive: async () => NO_LIVE_FACTS,
    readOwn: async (at) => ({
      proberAliveAt: at,
      spendReachedOn: null,
      diskFreePpm: 500_000,
      isDatabaseGone: false,
      proberDeaths: [],
      unreadable: [],
    }),
  });
  for (let at = SCENE_AT - 15 * MINUTE; at <= SCENE_AT; at += 10_000) {
    now = at;
    await evaluator.evaluate(at);
  }
  const incidents = await store.readIncidents({ closedSinceAt: 0 });
  const found = incidents.find(({ kind }) => kind === 'target_down') ?? incidents[0];
  if (found === undefined) throw new Error('the scene opened no incident');
  return found.id;
}
