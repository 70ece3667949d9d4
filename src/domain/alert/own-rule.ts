import { clockUtc, counted, percent } from '../wording.ts';
import { type CellEvaluation, NO_FACTS, OURSELVES, type Verdict } from './alert.ts';
import type { AlertThresholds } from './alert-policy.ts';

/** What is known about ourselves. `null` = not measured. */
export type OwnEvidence = {
  readonly startedAt: number;
  /** When the probing thread last gave a sign of life. */
  readonly proberAliveAt: number | null;
  /** When the probing thread died lately, epoch ms, oldest first; each time it was started again. */
  readonly proberDeaths: readonly number[];
  /** The day whose spend cap was hit, `YYYY-MM-DD`. */
  readonly spendReachedOn: string | null;
  readonly diskFreePpm: number | null;
  /** The database was deleted or replaced under us; what we write ends with the process. */
  readonly isDatabaseGone: boolean;
  /** Stored samples that cannot be read any more, an hour of one series each. `noticedAt` `null`: since this start. */
  readonly unreadable: readonly {
    readonly probe: string;
    readonly target: string;
    readonly hourAt: number;
    readonly noticedAt: number | null;
  }[];
  /** Messages given up on, and the channel that failed. */
  readonly undeliverable: readonly { readonly channel: string; readonly count: number }[];
};

const DEATHS_COUNTED_MS = 3_600_000;
/** A prober that has lived so long again is well. */
const DEATH_TOLD_MS = 900_000;
/** What is lost stays lost: after this long without more of it, everybody concerned knows. */
const LOSS_TOLD_MS = 7 * 86_400_000;

/** Everything that can be wrong with ourselves. */
export function evaluateOurselves(
  evidence: OwnEvidence,
  thresholds: AlertThresholds,
  now: number,
): readonly CellEvaluation[] {
  const found: CellEvaluation[] = [];
  const say = (
    kind: CellEvaluation['kind'],
    cell: string,
    verdict: Verdict,
    since: number,
    finding: string,
  ): void => {
    found.push({
      kind,
      group: OURSELVES,
      cell,
      verdict,
      since: verdict === 'bad' ? since : null,
      heardAt: now,
      facts: { ...NO_FACTS, finding },
    });
  };
  const alive = Math.max(evidence.proberAliveAt ?? evidence.startedAt, evidence.startedAt);
  const silent = now - alive > thresholds.noData.proberSilentMs;
  const silence = silent
    ? `the prober gave no sign of life since ${clockUtc(alive)}; nothing is being measured`
    : 'the prober is at work';
  say(
    'prober_silent',
    'prober',
    silent ? 'bad' : evidence.proberAliveAt === null ? 'undecided' : 'good',
    alive,
    silence,
  );
  const deaths = evidence.proberDeaths.filter((at) => now - at < DEATHS_COUNTED_MS);
  const diedLately = deaths.some((at) => now - at < DEATH_TOLD_MS);
  say(
    'own_fault',
    'prober',
    diedLately ? 'bad' : 'good',
    deaths[0] ?? now,
    `the prober died and was started again, ${counted(deaths.length, 'time')} in the last hour; the ticks in between ` +
      'were not measured',
  );
  if (evidence.spendReachedOn !== null) {
    say(
      'spend_reached',
      `spend/${evidence.spendReachedOn}`,
      'bad',
      now,
      `the spend cap of ${evidence.spendReachedOn} is reached; probes are slowed or stopped until midnight UTC`,
    );
  }
  if (evidence.diskFreePpm !== null) {
    const full = evidence.diskFreePpm < thresholds.disk.freeFloorPpm;
    // Hysteresis: a disk is well again only with a fifth more than the floor.
    const well = evidence.diskFreePpm >= thresholds.disk.freeFloorPpm * 1.2;
    say(
      'disk_nearly_full',
      'disk',
      full ? 'bad' : well ? 'good' : 'undecided',
      now,
      `${percent(evidence.diskFreePpm)} of the data disk is free`,
    );
  }
  say(
    'own_fault',
    'data folder',
    evidence.isDatabaseGone ? 'bad' : 'good',
    now,
    evidence.isDatabaseGone
      ? 'the database was deleted or replaced while Probity runs; what is measured is lost when it stops'
      : 'the database is where it was opened',
  );
  const [lost] = evidence.unreadable;
  if (lost !== undefined) {
    const isNew = evidence.unreadable.some(
      ({ noticedAt }) => noticedAt === null || now - noticedAt < LOSS_TOLD_MS,
    );
    const more = evidence.unreadable.length - 1;
    const first = `${lost.probe} of ${lost.target} from ${new Date(lost.hourAt).toISOString().slice(0, 16)}Z`;
    say(
      'own_fault',
      'stored samples',
      isNew ? 'bad' : 'good',
      lost.hourAt,
      isNew
        ? `stored samples cannot be read: one hour of ${first}${more === 0 ? '' : ` and ${counted(more, 'hour')} more`}; they count as not measured, and a backup may still have them`
        : 'no stored samples became unreadable in the last seven days',
    );
  }
  for (const { channel, count } of evidence.undeliverable) {
    say(
      'mail_undeliverable',
      `channel/${channel}`,
      count > 0 ? 'bad' : 'good',
      now,
      count > 0 ? `${counted(count, 'message')} by ${channel} given up on` : `${channel} delivers`,
    );
  }
  return found;
}
