import type { Outcome } from '../measure/outcome.ts';

/** `page` wakes somebody; `ticket` waits for the morning; `report` goes to the people who read statements. */
export const SEVERITIES = ['page', 'ticket', 'report'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * Every condition that can become an incident. `about` says who is to blame: the gateway or ourselves. `recovery`
 * says whether its end is worth a message: a spend cap or a lost month ends by the calendar, and nobody waits for it.
 * `begins`: whether its first moment was seen, or it is only known when it was noticed, as of a window that filled slowly.
 */
export const ALERTS = {
  target_down: { severity: 'page', about: 'gateway', recovery: 'told', begins: 'seen', label: 'Down' },
  burn_fast: { severity: 'page', about: 'gateway', recovery: 'told', begins: 'seen', label: 'Failing often' },
  burn_slow: {
    severity: 'ticket',
    about: 'gateway',
    recovery: 'told',
    begins: 'noticed',
    label: 'Budget at risk',
  },
  latency_at_risk: {
    severity: 'ticket',
    about: 'gateway',
    recovery: 'told',
    begins: 'noticed',
    label: 'Slow',
  },
  breach_certain: {
    severity: 'page',
    about: 'gateway',
    recovery: 'silent',
    begins: 'noticed',
    label: 'Breach certain',
  },
  own_fault: { severity: 'ticket', about: 'ours', recovery: 'told', begins: 'seen', label: 'Our fault' },
  no_data: { severity: 'page', about: 'ours', recovery: 'told', begins: 'seen', label: 'No data' },
  coverage_low: {
    severity: 'page',
    about: 'ours',
    recovery: 'told',
    begins: 'noticed',
    label: 'Coverage low',
  },
  prober_silent: {
    severity: 'page',
    about: 'ours',
    recovery: 'told',
    begins: 'seen',
    label: 'Prober silent',
  },
  spend_reached: {
    severity: 'ticket',
    about: 'ours',
    recovery: 'silent',
    begins: 'noticed',
    label: 'Spend cap reached',
  },
  disk_nearly_full: {
    severity: 'page',
    about: 'ours',
    recovery: 'told',
    begins: 'noticed',
    label: 'Disk nearly full',
  },
  mail_undeliverable: {
    severity: 'ticket',
    about: 'ours',
    recovery: 'told',
    begins: 'noticed',
    label: 'Mail undeliverable',
  },
} as const satisfies Record<
  string,
  {
    severity: Severity;
    about: 'gateway' | 'ours';
    recovery: 'told' | 'silent';
    begins: 'seen' | 'noticed';
    label: string;
  }
>;

export type AlertKind = keyof typeof ALERTS;
export const ALERT_KINDS: readonly AlertKind[] = Object.keys(ALERTS) as AlertKind[];

/** The group of everything that concerns ourselves and no gateway. */
export const OURSELVES = 'probity';

/**
 * What a rule says about one cell at one instant. `bad`: the condition holds and is confirmed. `suspect`: it may hold,
 * the confirmation is still out. `good`: it positively does not hold. `undecided`: neither, so whatever was decided
 * before stays; silence never ends an incident. `gone`: the cell has left the configuration.
 */
export type Verdict = 'bad' | 'suspect' | 'good' | 'undecided' | 'gone';

/** A failed attempt, as it is shown to the other side. */
export type Failure = {
  /** The tick, epoch ms. */
  readonly at: number;
  readonly outcome: Outcome;
  readonly status: number | null;
  /** The gateway's or provider's own id of the request, if it gave one. */
  readonly requestId: string | null;
  readonly region: string;
};

/** What was counted, and how sure that makes us. `null` = does not apply, or not known. */
export type Measured = {
  readonly windowMs: number;
  /** Valid samples in the window. */
  readonly n: number;
  /** Bad ones among them. */
  readonly k: number;
  /** The share of bad samples the objective allows, in parts per million. */
  readonly allowedPpm: number | null;
  /** How many times faster than allowed the budget went over the window. */
  readonly burnRate: number | null;
  /** P(B >= k) if the objective were met exactly. */
  readonly pValue: number | null;
  /** Clopper-Pearson 95 % interval of the share of bad samples, parts per million. */
  readonly intervalPpm: readonly [low: number, high: number] | null;
};

/** Several targets that a contract judges as one, named as `gateway/tier`. */
export type JudgedTogether = { readonly scope: string; readonly targets: number };

/** What is left of an objective's budget in the running period. */
export type BudgetLeft = {
  readonly objective: string;
  /** Whose budget it is where a contract judges several targets as one; absent or `null`: the cell's own. */
  readonly of?: JudgedTogether | null;
  readonly leftSamples: number | null;
  readonly leftMs: number | null;
  /** Share of the budget that is left, in parts per million; below zero when it is overspent. */
  readonly leftPpm: number;
};

/** What the vendor owes or would owe, as the contract's engine worded it, e.g. `at least 10 %` and `USD 120.00`. */
export type Stake = {
  readonly contract: string;
  readonly creditPercent: string | null;
  readonly creditMoney: string | null;
  /** `false`: only if the period ends missed. */
  readonly isCertain: boolean;
};

/** Everything a message says about a cell. */
export type CellFacts = {
  /** One sentence, written for the reader: what was found. */
  readonly finding: string;
  readonly measured: Measured | null;
  readonly budget: BudgetLeft | null;
  readonly stake: Stake | null;
  /** Newest first. */
  readonly failures: readonly Failure[];
};

export const NO_FACTS: CellFacts = Object.freeze({
  finding: '',
  measured: null,
  budget: null,
  stake: null,
  failures: Object.freeze([]) as readonly Failure[],
});

/** A rule's answer for one cell at one instant. */
export type CellEvaluation = {
  readonly kind: AlertKind;
  /** Cells of one kind and group may become one incident: the gateway, a contract at a gateway, or ourselves. */
  readonly group: string;
  /** What is judged: a target id, a key id (`gateway/tier`), or a part of ourselves such as `mail`. */
  readonly cell: string;
  readonly verdict: Verdict;
  /** When the condition began, epoch ms; required for `bad`, ignored otherwise. */
  readonly since: number | null;
  /** The newest tick that spoke about this cell; `null` if none did. */
  readonly heardAt: number | null;
  readonly facts: CellFacts;
};

/** How severe an alert is. */
export function severityOf(kind: AlertKind): Severity {
  return ALERTS[kind].severity;
}
