import { type Counting, OUTCOMES } from '../measure/outcome.ts';
import type { Contract } from './contract.ts';
import { effectiveOutcome, effectiveStatus, holds, type RequestFacts } from './line-predicate.ts';

/** How one contract counts requests of one kind. */
export type Verdict = {
  readonly counting: Counting;
  readonly reason: string;
  /** What must be said aloud because such requests occurred. */
  readonly flags: readonly string[];
};

/** How people know this kind of request: its status if it had one, else its outcome. */
function nameOf(facts: RequestFacts): string {
  if (facts.outcome !== null && facts.outcome !== 'ok') return facts.outcome;
  return facts.status === null ? (facts.outcome ?? 'unknown') : `status ${facts.status}`;
}

function withoutStatus(facts: RequestFacts): readonly string[] {
  const read = effectiveStatus(facts);
  return facts.status === null && read === 500
    ? ['ambiguity: lines with outcome …5xx carry no status; read as 500']
    : [];
}

/**
 * The verdict of a contract on a kind of request: doubtful → excluded; not eligible → excluded; else the first rule that matches; else the
 * contract's `otherwise`. A field the contract asks for and the line lacks never excludes: it raises a flag.
 */
export function countUnder(contract: Contract, facts: RequestFacts): Verdict {
  if (facts.doubt !== null) return { counting: 'excluded', reason: `suspect: ${facts.doubt}`, flags: [] };
  const eligible = holds(contract.eligible, facts);
  if (eligible.truth === 'no') {
    return { counting: 'excluded', reason: `not eligible: ${eligible.because.join(', ')}`, flags: [] };
  }
  const flags = eligible.because.map(
    (field) => `ambiguity: lines do not say ${field}, which the contract asks for; taken as eligible`,
  );
  for (const rule of contract.classify) {
    const found = holds(rule.when, facts);
    if (found.truth === 'unknown') {
      const fields = found.because.join(' and ');
      flags.push(
        `ambiguity: lines do not say ${fields}, which a rule "${rule.as}" asks for; it is not applied`,
      );
    }
    if (found.truth !== 'yes') continue;
    const ambiguous = rule.ambiguous === null ? [] : [`ambiguity: ${rule.ambiguous}`];
    const guessed = rule.when.status === undefined ? [] : withoutStatus(facts);
    return {
      counting: rule.as,
      reason: rule.reason ?? nameOf(facts),
      flags: [...flags, ...ambiguous, ...guessed],
    };
  }
  if (contract.otherwise !== 'by_outcome') {
    return { counting: contract.otherwise, reason: nameOf(facts), flags };
  }
  const outcome = effectiveOutcome(facts);
  const bare429 = facts.outcome === null && facts.status === 429;
  if (facts.status !== null && facts.status >= 400 && OUTCOMES[outcome].counts === 'good') {
    flags.push(`ambiguity: lines with status ${facts.status} say outcome ${outcome}; the outcome decides`);
  }
  return {
    counting: OUTCOMES[outcome].counts,
    reason: nameOf(facts),
    flags: bare429
      ? [...flags, 'ambiguity: lines with status 429 do not say whose limit was reached; excluded']
      : flags,
  };
}

/** The counting no contract has a say in: the default of each outcome, for the raw figure. */
export function countRaw(facts: RequestFacts): Counting {
  return facts.doubt === null ? OUTCOMES[effectiveOutcome(facts)].counts : 'excluded';
}
