import { p99Of, shareOf, uptimeOf } from '../live/live-report.ts';
import { HEALTHS, type Health } from './health.ts';
import { compareByUrgency, type StatusView, type TargetView } from './status-view.ts';

export const SORTS = {
  name: 'Name',
  urgency: 'Trouble first',
  budget: 'Budget left, least first',
  uptime: 'Uptime, lowest first',
  ttft: 'TTFT p99, slowest first',
  total: 'Total p99, slowest first',
} as const;
export type Sort = keyof typeof SORTS;

/** Which part of the matrix the reader asked for. The empty query shows everything by name. */
export type StatusQuery = {
  /** Lower case; every word must occur in gateway, model or tier. */
  readonly words: readonly string[];
  readonly tier: string | null;
  readonly health: Health | null;
  readonly sort: Sort;
};

export const EVERYTHING: StatusQuery = { words: [], tier: null, health: null, sort: 'name' };

/** Whether a query shows everything by name. */
export function isWhole({ words, tier, health, sort }: StatusQuery): boolean {
  return words.length === 0 && tier === null && health === null && sort === EVERYTHING.sort;
}

/** A row of the matrix: one model at one gateway, with its target per tier, `null` where the tier lacks it. */
export type Row = {
  readonly gateway: string;
  readonly model: string;
  readonly cells: readonly (TargetView | null)[];
};

export type Matrix = { readonly tiers: readonly string[]; readonly rows: readonly Row[] };

export function isHealth(text: string): text is Health {
  return Object.hasOwn(HEALTHS, text);
}

export function isSort(text: string): text is Sort {
  return Object.hasOwn(SORTS, text);
}

/**
 * Lays the matching targets out as rows and columns. A row stays if any of its targets matches, and shows its other
 * tiers too, because the comparison is the point; a tier filter leaves one column.
 */
export function layMatrix(view: StatusView, query: StatusQuery): Matrix {
  const tiers = view.tiers.filter((tier) => query.tier === null || tier === query.tier);
  const groups = Map.groupBy(
    view.targets.filter((target) => tiers.includes(target.tier)),
    (target) => `${target.gateway}\n${target.model}`,
  );
  const rows: Row[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || !group.some((target) => matches(target, query))) continue;
    const cells = tiers.map((tier) => group.find((target) => target.tier === tier) ?? null);
    rows.push({ gateway: first.gateway, model: first.model, cells });
  }
  return { tiers, rows: rows.sort(ROW_ORDERS[query.sort]) };
}

function matches(target: TargetView, query: StatusQuery): boolean {
  if (query.health !== null && target.health !== query.health) return false;
  const text = `${target.gateway} ${target.model} ${target.tier}`.toLowerCase();
  return query.words.every((word) => text.includes(word));
}

type RowOrder = (a: Row, b: Row) => number;

/** Made once: `localeCompare` with options makes one for each comparison, which was a twentieth of the core thread. */
const NUMBERED = new Intl.Collator('en', { numeric: true });

function byName(a: Row, b: Row): number {
  const model = NUMBERED.compare(a.model, b.model);
  return model !== 0 ? model : a.gateway.localeCompare(b.gateway, 'en');
}

/** Rows without a value come last, whichever way the values run. */
function byValue(
  of: (cell: TargetView) => number | null,
  worst: (values: number[]) => number,
  sign: 1 | -1,
): RowOrder {
  const value = (row: Row): number | null => {
    const values = row.cells.flatMap((cell) => (cell === null ? [] : (of(cell) ?? [])));
    return values.length === 0 ? null : worst(values);
  };
  return (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? byName(a, b) : x === null ? 1 : -1;
    return x === y ? byName(a, b) : sign * (x - y);
  };
}

/** Of the last thirty days where they are counted, else of the last hour. */
function uptimeShown({ series: [lead], live }: TargetView): number | null {
  const window = live === null ? null : (uptimeOf(live)?.windows['30d'] ?? null);
  const share = window === null ? null : shareOf(window);
  if (share !== null) return share.part / share.whole;
  return lead === undefined || lead.good + lead.bad === 0 ? null : lead.good / (lead.good + lead.bad);
}

function monthP99(live: TargetView['live'], metric: 'ttft_ms' | 'e2e_ms'): number | null {
  return live === null ? null : (p99Of(live, metric)?.windows['30d'].latency ?? null);
}

const ROW_ORDERS: Readonly<Record<Sort, RowOrder>> = {
  name: byName,
  urgency: (a, b) => {
    const worst = (row: Row): TargetView | undefined =>
      row.cells.filter((cell) => cell !== null).sort(compareByUrgency)[0];
    const [x, y] = [worst(a), worst(b)];
    return x === undefined || y === undefined ? byName(a, b) : compareByUrgency(x, y);
  },
  budget: byValue(
    ({ live }) => (live === null ? null : (uptimeOf(live)?.budget?.leftPpm ?? null)),
    (values) => Math.min(...values),
    1,
  ),
  uptime: byValue(uptimeShown, (values) => Math.min(...values), 1),
  ttft: byValue(
    ({ series: [lead], live }) => monthP99(live, 'ttft_ms') ?? lead?.ttft?.p99Us ?? null,
    (values) => Math.max(...values),
    -1,
  ),
  total: byValue(
    ({ series: [lead], live }) => monthP99(live, 'e2e_ms') ?? lead?.total?.p99Us ?? null,
    (values) => Math.max(...values),
    -1,
  ),
};
