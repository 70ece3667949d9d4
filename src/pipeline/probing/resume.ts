import type { ProbingPlan, SpendCap } from '../../domain/measure/probe.ts';
import type { Schedule } from '../../domain/time/schedule.ts';
import type { Store } from '../../store/store.ts';
import { countExpected, tickAfter } from './expected-ticks.ts';
import type { ProbingHealth, Resume } from './probing-messages.ts';
import { highestCostNanos } from './spend.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Heartbeats, and with them the spend, are a second apart; the rest is for a heartbeat that was late. */
const UNSAID_MS = 2000;
/** Samples are added up in strides, so that a day of them is never in memory at once. */
const STRIDE_MS = 600_000;

/** The fact in which the day's spend is kept, with what was set aside: a sample that was lost may still be billed. */
const SPEND_FACT = 'probing.spend';

/**
 * What a thread that starts now must know so that quota and spend hold across the restart. Whatever was due in the
 * last minute, by the schedules then in force, is taken as sent, stored or not: an attempt that was lost with the old
 * thread was counted by the gateway all the same, and a plan that keeps its quota is not held up by it.
 */
export async function readResume(
  store: Pick<Store, 'readSamples' | 'readFact' | 'readSchedules'>,
  plan: ProbingPlan,
  now: number,
): Promise<Resume> {
  const sent = new Map<string, number[]>();
  const add = (keyId: string, at: number): void => {
    const instants = sent.get(keyId) ?? [];
    instants.push(at);
    sent.set(keyId, instants);
  };
  // A target that has left the plan may have used the key all the same.
  const keyOf = (target: string): string | undefined =>
    plan.keys.find(({ id }) => target.startsWith(`${id}/`))?.id;
  const beside = await store.readSamples({
    purposes: ['reprobe', 'confirmation', 'canary'],
    // A re-probe carries the tick of the attempt it replaces, which may have taken a while.
    fromAt: now - 3 * MINUTE_MS,
    toAt: now + MINUTE_MS,
  });
  for (const { target, scheduledAt, lagUs } of beside) {
    const keyId = keyOf(target);
    const at = Math.min(now, scheduledAt + lagUs / 1000);
    if (keyId !== undefined) add(keyId, Math.max(at, now - MINUTE_MS + 1));
  }
  for (const { target, schedule, ...span } of await store.readSchedules(now - MINUTE_MS, now + 1)) {
    const keyId = keyOf(target);
    if (keyId === undefined) continue;
    const fromAt = Math.max(now - MINUTE_MS + 1, span.fromAt);
    for (const at of ticksBetween(schedule, fromAt, Math.min(now + 1, span.toAt ?? now + 1))) add(keyId, at);
  }
  return {
    at: now,
    sentAt: Object.fromEntries([...sent].map(([key, instants]) => [key, instants.sort((a, b) => a - b)])),
    spentNanos:
      plan.spend === null ? {} : { [plan.spend.currency]: await readSpent(store, plan, plan.spend, now) },
  };
}

/** The ticks of a schedule in `[fromAt, toAt)`. */
function* ticksBetween(schedule: Schedule, fromAt: number, toAt: number): Generator<number> {
  let at = tickAfter(schedule, fromAt - 1);
  while (at !== null && at < toAt) {
    yield at;
    at = tickAfter(schedule, at);
  }
}

/** The day's spend as it was last said, and what may have been spent between that and the end of the old thread. */
async function readSpent(
  store: Pick<Store, 'readSamples' | 'readFact'>,
  plan: ProbingPlan,
  { currency }: SpendCap,
  now: number,
): Promise<number> {
  const dayAt = Math.floor(now / DAY_MS) * DAY_MS;
  const priced = plan.series.filter(({ price }) => price?.currency === currency);
  const said = parseSpend(await store.readFact(SPEND_FACT));
  if (said !== null && said.currency === currency && said.at >= dayAt) {
    const unsaid = priced.reduce(
      (sum, { schedule, probe, price }) =>
        sum + countExpected(schedule, said.at, said.at + UNSAID_MS) * highestCostNanos(probe.prompt, price),
      0,
    );
    return said.nanos + unsaid;
  }
  const targets = new Set(priced.map(({ target }) => target.id));
  let stored = 0;
  for (let fromAt = dayAt; fromAt <= now; fromAt += STRIDE_MS) {
    const samples = await store.readSamples({ fromAt, toAt: fromAt + STRIDE_MS });
    for (const { target, costNanos } of samples) stored += targets.has(target) ? (costNanos ?? 0) : 0;
  }
  return stored;
}

type SaidSpend = { readonly at: number; readonly currency: string; readonly nanos: number };

function parseSpend(text: string | null): SaidSpend | null {
  if (text === null) return null;
  const [at, currency, nanos] = text.split(' ');
  if (currency === undefined) return null;
  return { at: Number(at), currency, nanos: Number(nanos) };
}

/** Keeps the day's spend where a restart finds it. Call it with each heartbeat; it writes when there is more. */
export function spendKeeper(store: Pick<Store, 'writeFact'>): (health: ProbingHealth) => Promise<void> {
  let written = '';
  return async ({ at, spend: { cap, spentNanos, reservedNanos } }) => {
    if (cap === null) return;
    const said = `${Math.floor(at / DAY_MS)} ${cap.currency} ${spentNanos + reservedNanos}`;
    if (said === written) return;
    await store.writeFact(SPEND_FACT, `${at} ${cap.currency} ${spentNanos + reservedNanos}`, at);
    written = said;
  };
}
