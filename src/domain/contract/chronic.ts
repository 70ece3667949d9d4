import type { ChronicTerms } from './contract.ts';
import { type Exact, exact, shortest } from './exact.ts';

/** What a window came to, for rights that look back over several. */
export type WindowResult = {
  readonly label: string;
  /** In percent, rounded as the contract says; `null`: unknown. */
  readonly percent: Exact | null;
  /** `null`: unknown. */
  readonly isBreached: boolean | null;
};

/** A right that repeated failure gives, and whether it has arisen by the end of the window. */
export type ChronicRight = {
  readonly right: ChronicTerms['right'];
  readonly when: string;
  /** `null`: a window that would decide it is unknown. */
  readonly raised: boolean | null;
  readonly windows: readonly {
    readonly label: string;
    readonly percent: string | null;
    readonly counts: boolean | null;
  }[];
};

function spanOf({ when }: ChronicTerms): number {
  switch (when.kind) {
    case 'consecutive':
      return when.windows;
    case 'k_of_m':
      return when.m;
    case 'single_window_below':
      return 1;
  }
}

/** How many windows before the current one the rights look back on. */
export function windowsLookedBack(chronic: readonly ChronicTerms[]): number {
  return Math.max(0, ...chronic.map((terms) => spanOf(terms) - 1));
}

function counts(terms: ChronicTerms, window: WindowResult): boolean | null {
  const below = terms.when.kind === 'single_window_below' ? terms.when.percent : terms.below;
  if (below === null) return window.isBreached;
  return window.percent === null ? null : window.percent.lt(exact(below));
}

/** Whether at least `k` of the answers are yes; `null` if the unknown ones could decide it. */
function atLeastK(answers: readonly (boolean | null)[], k: number): boolean | null {
  const yes = answers.filter((answer) => answer === true).length;
  const unknown = answers.filter((answer) => answer === null).length;
  if (yes >= k) return true;
  return yes + unknown >= k ? null : false;
}

function words({ when, below }: ChronicTerms): string {
  const missed = below === null ? 'missing the target' : `below ${below} %`;
  switch (when.kind) {
    case 'consecutive':
      return `${when.windows} consecutive windows ${missed}`;
    case 'k_of_m':
      return `${when.k} of ${when.m} windows ${missed}`;
    case 'single_window_below':
      return `one window below ${when.percent} %`;
  }
}

/** The state of each right. `windows`: the current window first, then the one before it, and so on. */
export function chronicRights(
  chronic: readonly ChronicTerms[],
  windows: readonly WindowResult[],
): ChronicRight[] {
  return chronic.map((terms) => {
    const { when } = terms;
    const span = spanOf(terms);
    const looked = Array.from(
      { length: span },
      (_, i): WindowResult => windows[i] ?? { label: 'unknown', percent: null, isBreached: null },
    );
    const answers = looked.map((window) => counts(terms, window));
    const needed = when.kind === 'k_of_m' ? when.k : span;
    return {
      right: terms.right,
      when: words(terms),
      raised: atLeastK(answers, needed),
      windows: looked.map((window, i) => ({
        label: window.label,
        percent: window.percent === null ? null : shortest(window.percent, 6),
        counts: answers[i] ?? null,
      })),
    };
  });
}
