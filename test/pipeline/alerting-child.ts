import { appendFileSync, writeSync } from 'node:fs';
import { messageIdOf } from '../../src/domain/alert/letter.ts';
import { createEmlFolder } from '../../src/notify/eml-folder.ts';
import { deliverDue } from '../../src/pipeline/alerting/deliver.ts';
import { createAlertEvaluator, NO_LIVE_FACTS } from '../../src/pipeline/alerting/evaluate-alerts.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { declaration, failure, sample } from '../store/builders.ts';
import { MINUTE, START } from '../support/alert-builders.ts';
import { STAGE_POLICY, THREE_NINES } from '../support/alert-stage.ts';

/*
 * A process that evaluates and delivers in virtual time, and kills itself (SIGKILL: nothing runs afterwards) at the nth
 * call into the store or the mail folder: before it, or after it. It says where that is.
 *
 * node alerting-child.ts FILE MAIL LOG STEP (before|after)      STEP 0: never
 */
function die(point: string): never {
  writeSync(1, point);
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

export type Places = { readonly file: string; readonly mail: string; readonly log: string };
export type Death = {
  readonly step: number;
  readonly when: 'before' | 'after';
  /** Never returns; is told where in the scenario it happens. */
  readonly die: (point: string) => never;
};

const CELLS = ['a', 'b', 'c'];
/** Minutes in which each target is down: alarm, recovery, a relapse, and one that joins. */
const DOWN: Readonly<Record<string, readonly (readonly [from: number, to: number])[]>> = {
  a: [
    [2, 8],
    [14, 18],
  ],
  b: [
    [3, 8],
    [30, 34],
  ],
  c: [],
};
const MINUTES = 75;

/** Long quiet stretches are walked through in larger steps. */
function isEventful(minute: number): boolean {
  return minute < 20 || (minute >= 30 && minute < 36);
}

/** Plays the scenario from where it stands to its end; resolves to the number of calls that could have been the last. */
export async function play({ file, mail, log }: Places, death: Death | null): Promise<number> {
  let step = 0;
  let place = '';
  let callsThere = 0;
  async function dangerous<T>(what: string, work: () => Promise<T>): Promise<T> {
    step += 1;
    callsThere += 1;
    const point = `${death?.when} ${what}, call ${callsThere} of ${place}`;
    const isLast = step === death?.step;
    if (isLast && death?.when === 'before') death.die(point);
    const result = await work();
    if (isLast && death?.when === 'after') death.die(point);
    return result;
  }

  const opened = openSqliteStore(file);
  if (opened.kind !== 'opened') throw new Error(opened.message);
  const { store: real } = opened;
  const store: Store = {
    ...real,
    saveDecision: (decision) => dangerous('saveDecision', () => real.saveDecision(decision)),
    leaseDeliveries: (query) => dangerous('leaseDeliveries', () => real.leaseDeliveries(query)),
    settleDelivery: (delivery, settlement) =>
      dangerous('settleDelivery', () => real.settleDelivery(delivery, settlement)),
    readIncidents: (query) => dangerous('readIncidents', () => real.readIncidents(query)),
  };
  await store.declareSeries(
    CELLS.map((model) => declaration(model)),
    START - MINUTE,
  );
  const isDone = (await store.readFact('crash.recorded')) !== null;
  if (!isDone) {
    const samples = CELLS.flatMap((model) =>
      Array.from({ length: MINUTES }, (_, minute) => {
        const scheduledAt = START + minute * MINUTE;
        const down = DOWN[model]?.some(([from, to]) => from <= minute && minute < to) ?? false;
        const fields = { target: `acme/pro/${model}`, scheduledAt };
        if (!down) return [sample(fields)];
        return [
          failure(fields),
          ...[10, 20, 30].map((seconds) =>
            failure({ ...fields, purpose: 'confirmation', scheduledAt: scheduledAt + seconds * 1000 }),
          ),
        ];
      }).flat(),
    );
    await store.record({ samples, notRun: [] });
    await store.writeFact('crash.recorded', 'yes', START);
  }

  // A restart goes on where the clock on the wall is: a little after the last minute that was begun.
  const from = Number((await store.readFact('crash.minute')) ?? '0');
  let now = START + from * MINUTE;
  // What the evaluator must not see yet has not happened yet.
  const past: Store = {
    ...store,
    readAttempts: (fromAt, toAt) => store.readAttempts(fromAt, Math.min(toAt, now)),
  };
  const evaluator = createAlertEvaluator({
    store: past,
    policy: STAGE_POLICY,
    objectivesOf: () => [THREE_NINES],
    isPractice: () => false,
    startedAt: now,
    readLive: async () => NO_LIVE_FACTS,
    readOwn: async (at) => ({
      proberAliveAt: at,
      spendReachedOn: null,
      diskFreePpm: null,
      isDatabaseGone: false,
      proberDeaths: [],
      unreadable: [],
    }),
  });
  const post = createEmlFolder(mail, 'probity@watch.example');
  for (let minute = from; minute < MINUTES; minute += isEventful(minute) ? 1 : 5) {
    now = START + minute * MINUTE + 45_000;
    place = `minute ${minute}`;
    callsThere = 0;
    await real.writeFact('crash.minute', String(minute), now);
    await evaluator.evaluate(now);
    await deliverDue({
      store,
      policy: STAGE_POLICY.delivery,
      now: () => now,
      random: () => 0.5,
      onFault: (error) => {
        throw error;
      },
      send: ({ message, recipient }) =>
        dangerous('send', async () => {
          if (recipient.channel !== 'email') throw new Error('mail only');
          const messageId = messageIdOf(message.key, 'watch.example');
          appendFileSync(log, `${messageId} ${recipient.address} ${message.key} ${message.topic}\n`);
          return await post({
            to: recipient.address,
            subject: message.subject,
            text: message.headline,
            html: null,
            attachments: [],
            at: message.at,
            messageId,
            inReplyTo: null,
            headers: {},
          });
        }),
    });
  }
  await real.close();
  return step;
}

if (import.meta.main) {
  const [file = '', mail = '', log = '', stepText = '0', when = 'before'] = process.argv.slice(2);
  const fatalStep = Number(stepText);
  await play({ file, mail, log }, { step: fatalStep, when: when === 'after' ? 'after' : 'before', die });
}
