import type { Counting, Doubt, NotRunReason, Outcome } from '../domain/measure/outcome.ts';
import type { Evidence, NotRun, Purpose, Sample, SampleIdentity } from '../domain/measure/sample.ts';
import type { Target } from '../domain/measure/target.ts';
import type { Schedule } from '../domain/time/schedule.ts';
import type { AlertingStore } from './alerting-store.ts';
import type { BucketStore, StoredAttempt } from './bucket-store.ts';
import type { ChainStore } from './chain-store.ts';
import type { ReportStore } from './report-store.ts';

export type * from './alerting-store.ts';
export type * from './bucket-store.ts';
export type * from './chain-store.ts';
export type * from './report-store.ts';

/** A series as the deployment declares it now. */
export type SeriesDeclaration = {
  readonly probe: string;
  readonly target: Target;
  readonly region: string;
  readonly schedule: Schedule;
};

/**
 * A stretch of time in which a series was due by one schedule. `target` is the target's id today; the schedule is
 * verbatim, so the ticks of a span under a former id are still those that were due then.
 */
export type ScheduleSpan = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly schedule: Schedule;
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive; `null` while in force. */
  readonly toAt: number | null;
};

/** A sample as it is read back: as recorded, under the id its target has today, without its evidence. */
export type StoredSample = Omit<Sample, 'evidence'> & { readonly hasEvidence: boolean };

export type SampleQuery = {
  /** Today's id or a former one; a target never declared has no samples. */
  readonly target?: string;
  readonly probe?: string;
  readonly purposes?: readonly Purpose[];
  readonly outcomes?: readonly Outcome[];
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive, epoch ms. */
  readonly toAt: number;
  /** By tick; by default the oldest come first. */
  readonly order?: 'oldest-first' | 'newest-first';
  readonly limit?: number;
};

/**
 * What one series did in a window, straight from rows. One attempt decides each tick: the `scheduled` one or, where
 * that was spoilt by a stale connection of ours (`client.stale_socket`), the `reprobe` that took its place.
 */
export type SeriesWindow = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  /** Rows of every purpose: as long as there are as many, nothing was added. */
  readonly attempts: number;
  /** Ticks with a deciding attempt. */
  readonly samples: number;
  /** Of those, the ones that may be counted for availability: all but the `suspect` ones. */
  readonly valid: number;
  /** The valid ones by each outcome's default counting: they add up to `valid`. */
  readonly counts: Readonly<Record<Counting, number>>;
  /** All deciding attempts, `suspect` ones included. */
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  /** The `suspect` and `excluded` ones by reason. */
  readonly byDoubt: Readonly<Partial<Record<Doubt, number>>>;
  /** Ticks without a sample, by reason. Ticks that nobody accounted for are not here: see `readSchedules`. */
  readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
  /** TTFT and total of good attempts that may be counted for latency, in ascending order, whole µs. */
  readonly ttftUs: readonly number[];
  readonly totalUs: readonly number[];
  /** What the attempts of every purpose cost together, as far as it is known. */
  readonly costNanos: number;
  /** The latest deciding attempt. */
  readonly lastSample: StoredAttempt | null;
};

export type RecordResult = {
  /** Rows that were new. */
  readonly recorded: number;
  /** Rows that were there already, by identity; they were left as they are. */
  readonly repeated: number;
};

/**
 * Everything Probity remembers. One method is one transaction; a method that resolves has committed. All methods
 * are asynchronous so that another engine, thread or machine can stand behind them.
 */
export type Store = AlertingStore &
  BucketStore &
  ChainStore &
  ReportStore & {
    /**
     * Makes the declared series the current ones from `at` on: new ones begin, changed schedules start a new span,
     * missing ones end. A target known by a former id goes on under its new one and keeps its rows, also if the former
     * id is only named later. Nothing is ever deleted, and the past is not rewritten: if the clock has gone back to
     * before a span began, the change takes effect where that span begins.
     *
     * Throws if a former id is declared as a target too or by two targets, or if a series is declared twice.
     */
    readonly declareSeries: (series: readonly SeriesDeclaration[], at: number) => Promise<void>;
    /**
     * All targets ever declared, by id, former ids apart; `current` ones are in the configuration in force.
     * `formerIds` are all ids ever declared as such.
     */
    readonly readTargets: () => Promise<readonly (Target & { readonly current: boolean })[]>;
    /** Every span that overlaps `[fromAt, toAt)`, whole: its ends are not cut to the range. Oldest first. */
    readonly readSchedules: (fromAt: number, toAt: number) => Promise<readonly ScheduleSpan[]>;

    /**
     * Stores attempts and ticks that did not run. Idempotent by identity: the first one stays, with its evidence.
     * A series that was declared and has ended may still deliver. A row that can never be stored, such as
     * one of a series never declared, rejects the whole batch with an error from which `refusedRowOf` tells it.
     *
     * `now`, epoch ms, spares writing: an hour that goes on at `now` is marked as dirty by its first batch alone. Leave it
     * out if hours may be counted before they end.
     */
    readonly record: (
      batch: { readonly samples: readonly Sample[]; readonly notRun: readonly NotRun[] },
      now?: number,
    ) => Promise<RecordResult>;
    readonly readSamples: (query: SampleQuery) => Promise<readonly StoredSample[]>;
    /**
     * Ticks of `[fromAt, toAt)` that did not run, oldest first. A tick is never both: where its scheduled sample
     * arrived after all, the note that it did not run is not read.
     */
    readonly readNotRun: (query: {
      readonly target?: string;
      readonly fromAt: number;
      readonly toAt: number;
      readonly limit?: number;
    }) => Promise<readonly NotRun[]>;
    /** `null` if nothing was kept, or the sample is unknown. */
    readonly readEvidence: (identity: SampleIdentity) => Promise<Evidence | null>;
    /** What every current series did in `[fromAt, toAt)`, also where nothing was recorded, by target and probe. */
    readonly summarise: (fromAt: number, toAt: number) => Promise<readonly SeriesWindow[]>;

    /** What the attempts of the hour of UTC that begins at `hourAt` cost, whatever their purpose, by today's id; 10^-9. */
    readonly readHourCosts: (hourAt: number) => Promise<ReadonlyMap<string, number>>;

    /**
     * One bounded piece of housekeeping: moves samples of ticks before `beforeAt` to denser storage. Nothing that is
     * read changes, and samples that arrive late are still welcome, also in between: then the piece is left for the
     * next call. Resolves to whether there was something to do; call it again until there is not, leaving time for
     * others in between. Whoever else writes waits for the moving only, not for the packing.
     */
    readonly compact: (beforeAt: number) => Promise<boolean>;

    /** Small named facts that must outlive a restart, e.g. when the prober was last alive. */
    readonly readFact: (name: string) => Promise<string | null>;
    readonly writeFact: (name: string, value: string, at: number) => Promise<void>;

    readonly close: () => Promise<void>;
  };
