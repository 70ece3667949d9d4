import type { Counting, NotRunReason, Outcome } from '../domain/outcome.ts';
import type { Evidence, NotRun, Purpose, Sample, SampleIdentity } from '../domain/sample.ts';
import type { Schedule } from '../domain/schedule.ts';
import type { Target } from '../domain/target.ts';

/** A series as the deployment declares it now. */
export type SeriesDeclaration = {
  readonly probe: string;
  readonly target: Target;
  readonly region: string;
  readonly schedule: Schedule;
};

/** A stretch of time in which a series was due by one schedule. */
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

/** A sample as it is read back: as recorded, without its evidence. */
export type StoredSample = Omit<Sample, 'evidence'> & { readonly hasEvidence: boolean };

export type SampleQuery = {
  readonly target?: string;
  readonly probe?: string;
  readonly purposes?: readonly Purpose[];
  readonly outcomes?: readonly Outcome[];
  /** Inclusive, epoch ms. */
  readonly fromAt: number;
  /** Exclusive, epoch ms. */
  readonly toAt: number;
  readonly order?: 'oldest-first' | 'newest-first';
  readonly limit?: number;
};

/** What one series did in a window, straight from rows. Counts are of `scheduled` and `reprobe` attempts. */
export type SeriesWindow = {
  readonly probe: string;
  readonly target: string;
  readonly region: string;
  readonly samples: number;
  readonly valid: number;
  /** Of the valid ones, by each outcome's default counting. */
  readonly counts: Readonly<Record<Counting, number>>;
  readonly byOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly byDoubt: Readonly<Record<string, number>>;
  readonly notRun: Readonly<Partial<Record<NotRunReason, number>>>;
  /** TTFT and total of valid, good attempts in ascending order, whole µs. */
  readonly ttftUs: readonly number[];
  readonly totalUs: readonly number[];
  readonly costNanos: number;
  readonly lastSample: StoredSample | null;
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
export type Store = {
  /**
   * Makes the declared series the current ones from `at` on: new ones begin, changed schedules start a new span,
   * missing ones end. A target known by a former id is renamed and keeps its rows. Nothing is ever deleted.
   */
  readonly declareSeries: (series: readonly SeriesDeclaration[], at: number) => Promise<void>;
  /** All targets ever declared; `current` ones are in the configuration in force. */
  readonly readTargets: () => Promise<readonly (Target & { readonly current: boolean })[]>;
  /** Every span that overlaps `[fromAt, toAt)`. */
  readonly readSchedules: (fromAt: number, toAt: number) => Promise<readonly ScheduleSpan[]>;

  /** Stores attempts and ticks that did not run. Idempotent by identity: the first one stays. */
  readonly record: (batch: {
    readonly samples: readonly Sample[];
    readonly notRun: readonly NotRun[];
  }) => Promise<RecordResult>;
  readonly readSamples: (query: SampleQuery) => Promise<readonly StoredSample[]>;
  readonly readNotRun: (query: {
    readonly target?: string;
    readonly fromAt: number;
    readonly toAt: number;
    readonly limit?: number;
  }) => Promise<readonly NotRun[]>;
  readonly readEvidence: (identity: SampleIdentity) => Promise<Evidence | null>;
  /** One entry per current series, also where nothing was recorded. */
  readonly summarise: (fromAt: number, toAt: number) => Promise<readonly SeriesWindow[]>;

  /** Small named facts that must outlive a restart, e.g. when the prober was last alive. */
  readonly readFact: (name: string) => Promise<string | null>;
  readonly writeFact: (name: string, value: string, at: number) => Promise<void>;

  readonly close: () => Promise<void>;
};
