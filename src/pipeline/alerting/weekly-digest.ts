import { ALERTS } from '../../domain/alert/alert.ts';
import { type AlertPolicy, recipientsOf } from '../../domain/alert/alert-policy.ts';
import { notice } from '../../domain/alert/message.ts';
import { digestDueAt } from '../../domain/time/quiet-hours.ts';
import { counted, minuteUtc, percent } from '../../domain/wording.ts';
import type { Store } from '../../store/store.ts';

export type DigestStore = Pick<
  Store,
  'summarise' | 'readIncidents' | 'readOutbox' | 'readDeliveries' | 'saveDecision'
>;

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A digest that was slept through for longer than this is not made up for. */
const LATE_MS = DAY_MS;
const WORST = 10;

/**
 * Commits the weekly summary once it is due; resolves to whether it did. The week is the one before the moment it is due,
 * whenever it is made. It goes where tickets of the whole deployment go.
 */
export async function sendDigest(
  store: DigestStore,
  policy: AlertPolicy,
  practice: boolean,
  now: number,
): Promise<boolean> {
  if (policy.digest === null) return false;
  const dueAt = digestDueAt(policy.digest, now);
  const key = `digest:${new Date(dueAt).toISOString().slice(0, 10)}`;
  if (now - dueAt > LATE_MS || (await store.readDeliveries({ message: key, limit: 1 })).length > 0)
    return false;
  const recipients = recipientsOf(policy.routes, 'ticket', [], false);
  if (recipients.length === 0) return false;
  const week = await readWeek(store, dueAt);
  const message = notice({
    key,
    topic: 'weekly_digest',
    severity: 'ticket',
    at: dueAt,
    practice,
    subject: `Week to ${minuteUtc(dueAt).slice(0, 10)}: ${week.headline}`,
    headline: `${week.headline} in the seven days to ${minuteUtc(dueAt)}.`,
    facts: week.facts,
    path: '/',
  });
  const messages = [{ message, recipients }];
  await store.saveDecision({ incidents: [], events: [], messages, spendsLink: null, at: now });
  return true;
}

async function readWeek(
  store: DigestStore,
  dueAt: number,
): Promise<{ headline: string; facts: { label: string; text: string }[] }> {
  const fromAt = dueAt - WEEK_MS;
  const byTarget = new Map<string, { good: number; bad: number }>();
  // A day at a time: a week of a large deployment is millions of rows.
  for (let day = fromAt; day < dueAt; day += DAY_MS) {
    for (const { target, counts } of await store.summarise(day, day + DAY_MS)) {
      const sum = byTarget.get(target) ?? { good: 0, bad: 0 };
      byTarget.set(target, { good: sum.good + counts.good, bad: sum.bad + counts.bad });
    }
  }
  const incidents = (await store.readIncidents({ closedSinceAt: fromAt })).filter(
    ({ startedAt, messages }) => startedAt < dueAt && messages > 0,
  );
  const kinds = Map.groupBy(incidents, ({ kind }) => ALERTS[kind].label);
  const { counts } = await store.readOutbox();
  const probed = [...byTarget].filter(([, { good, bad }]) => good + bad > 0);
  const worst = probed
    .filter(([, { bad }]) => bad > 0)
    .sort(([, a], [, b]) => b.bad / (b.good + b.bad) - a.bad / (a.good + a.bad))
    .slice(0, WORST);
  const total = probed.reduce((sum, [, one]) => ({ good: sum.good + one.good, bad: sum.bad + one.bad }), {
    good: 0,
    bad: 0,
  });
  const open = incidents.filter(({ phase }) => phase !== 'closed').length;
  return {
    headline: `${counted(incidents.length, 'incident')}, ${total.bad} of ${total.good + total.bad} probes failed`,
    facts: [
      {
        label: 'Incidents',
        text: [...kinds].map(([label, list]) => `${label} ${list.length}`).join(', ') || 'none',
      },
      { label: 'Still open', text: String(open) },
      { label: 'Targets', text: `${byTarget.size}, of which ${byTarget.size - probed.length} without data` },
      {
        label: 'Undelivered',
        text: `${counts.dead} given up, ${counts.pending + counts.leased} on their way`,
      },
      ...worst.map(([target, { good, bad }]) => ({
        label: 'Failed',
        text: `${target}: ${bad} of n = ${good + bad} (${percent(Math.ceil((bad / (good + bad)) * 1_000_000))})`,
      })),
    ],
  };
}
