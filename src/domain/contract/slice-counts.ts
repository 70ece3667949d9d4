import type { Counting } from '../measure/outcome.ts';
import type { Interval } from '../time/interval.ts';
import { counted } from '../wording.ts';
import type { Contract } from './contract.ts';
import { countRaw } from './counting.ts';
import { forEachSlice, type PlannedContract, type Tally } from './tally.ts';

/** What one contract counted, slice by slice. Index 0 is the first slice of the lead-in margin. */
export type SliceCounts = {
  readonly sliceMs: number;
  /** Slices of the period itself. */
  readonly slices: number;
  /** Slices before and after the period. */
  readonly margin: number;
  readonly good: Float64Array;
  readonly bad: Float64Array;
  readonly excluded: Float64Array;
};

/** Totals over the period, weighted by `count`. */
export type Counts = {
  readonly total: number;
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  readonly byReason: {
    readonly bad: Readonly<Record<string, number>>;
    readonly excluded: Readonly<Record<string, number>>;
    /** Good ones only where they are not plain answers. */
    readonly good: Readonly<Record<string, number>>;
  };
  /** By the default of each outcome, without any contract. */
  readonly raw: Readonly<Record<Counting, number>>;
};

/** Position of a contract in the tally's plan. Throws if the tally was not planned for it. */
export function plannedIndex(tally: Tally, contract: Contract): number {
  const index = tally.plan.contracts.findIndex((one) => one.contract === contract);
  if (index < 0) throw new Error(`the tally was not planned for contract ${contract.id}`);
  return index;
}

/** Index of the slice of width `sliceMs` a base slice belongs to; before the period negative, after it beyond `slices`. */
function coarse(base: number, baseSlices: number, factor: number, slices: number): number {
  if (base < baseSlices) return Math.floor(base / factor);
  return slices + Math.floor((base - baseSlices) / factor);
}

/** The counts of a contract in slices of its own width. */
export function sliceCounts(tally: Tally, index: number, sliceMs: number): SliceCounts {
  const { plan } = tally;
  const factor = sliceMs / plan.sliceMs;
  const slices = Math.ceil((plan.period.toAt - plan.period.fromAt) / sliceMs);
  const margin = Math.ceil(plan.margin / factor);
  const size = slices + 2 * margin;
  const counts: SliceCounts = {
    sliceMs,
    slices,
    margin,
    good: new Float64Array(size),
    bad: new Float64Array(size),
    excluded: new Float64Array(size),
  };
  for (const kind of tally.kinds.values()) {
    const counting = kind.verdicts[index]?.counting;
    if (counting === undefined) continue;
    const into = counts[counting];
    forEachSlice(plan, kind, (base, count) => {
      const at = margin + coarse(base, plan.slices, factor, slices);
      into[at] = (into[at] ?? 0) + count;
    });
  }
  return counts;
}

function sorted(counts: Map<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

/** Totals of a contract over the period, with the reasons. */
export function totalCounts(tally: Tally, index: number): Counts {
  const totals = { good: 0, bad: 0, excluded: 0 };
  const raw = { good: 0, bad: 0, excluded: 0 };
  const reasons = { good: new Map<string, number>(), bad: new Map(), excluded: new Map() };
  for (const kind of tally.kinds.values()) {
    const verdict = kind.verdicts[index];
    if (verdict === undefined || kind.inPeriod === 0) continue;
    totals[verdict.counting] += kind.inPeriod;
    raw[countRaw(kind.facts)] += kind.inPeriod;
    const plain = verdict.counting === 'good' && countRaw(kind.facts) === 'good';
    if (plain) continue;
    const byReason = reasons[verdict.counting];
    byReason.set(verdict.reason, (byReason.get(verdict.reason) ?? 0) + kind.inPeriod);
  }
  return {
    total: totals.good + totals.bad + totals.excluded,
    ...totals,
    byReason: {
      bad: sorted(reasons.bad),
      excluded: sorted(reasons.excluded),
      good: sorted(reasons.good),
    },
    raw,
  };
}

/** What must be said about the kinds of request that occurred in the period, with how many they were. */
export function countingFlags(tally: Tally, index: number): string[] {
  const lines = new Map<string, number>();
  for (const kind of tally.kinds.values()) {
    if (kind.inPeriod === 0) continue;
    for (const flag of kind.verdicts[index]?.flags ?? []) {
      lines.set(flag, (lines.get(flag) ?? 0) + kind.inPeriod);
    }
  }
  return [...lines]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([flag, count]) => `${flag} (${counted(count, 'request')})`);
}

/** A number for each slice of the period: 1 where it lies wholly in the contract's maintenance. */
export function slicesInMaintenance(
  { maintenance }: PlannedContract,
  { fromAt, toAt }: Interval,
  sliceMs: number,
): Uint8Array {
  const marks = new Uint8Array(Math.ceil((toAt - fromAt) / sliceMs));
  for (const one of maintenance) {
    const first = Math.max(0, Math.ceil((one.fromAt - fromAt) / sliceMs));
    // The end of the period may cut its last slice short.
    const end = one.toAt >= toAt ? marks.length : Math.floor((one.toAt - fromAt) / sliceMs);
    if (end > first) marks.fill(1, first, end);
  }
  return marks;
}
