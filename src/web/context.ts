import type { Target } from '../domain/measure/target.ts';
import type { ViewSettings } from '../domain/view/build-status-view.ts';
import type { TargetCounting } from '../domain/view/history.ts';
import type { Store } from '../store/store.ts';
import type { LoadedAssets } from './assets.ts';
import type { Board } from './board.ts';
import type { HistoryReader } from './history-reader.ts';
import type { IncidentLines } from './incident-lines.ts';
import type { WaitingLine } from './waiting-line.ts';

/** What is told to the operator's log; never shown outside. */
export type WebLog = {
  readonly error: (about: { readonly err: unknown; readonly path: string }, message: string) => void;
};

/** How the requests of a target are counted, by the terms in force now. */
export type CountingOf = (target: Pick<Target, 'id' | 'gateway' | 'tier' | 'model'>) => TargetCounting;

/** What every route may use. */
export type WebContext = {
  readonly store: Store;
  /** Wall clock, epoch ms. */
  readonly clock: () => number;
  readonly settings: ViewSettings;
  readonly board: Board;
  /** Where whatever is dear to prepare takes its turn. */
  readonly line: WaitingLine;
  readonly history: HistoryReader;
  readonly incidentLines: IncidentLines;
  readonly countingOf: CountingOf;
  readonly assets: LoadedAssets;
  readonly log: WebLog;
  /** The address at which readers reach the pages, without a trailing slash; `null` = unknown. */
  readonly origin: string | null;
  /** Signs the links in mails; `null` = there are none. */
  readonly linkKey: Uint8Array | null;
};
