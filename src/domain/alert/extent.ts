/** Where an incident is: one target, some of a tier or gateway, or the whole of it. */
export type Extent = {
  readonly level: 'cell' | 'tier' | 'gateway' | 'group';
  /** The cell, `gateway/tier`, the gateway, or the group's own name. */
  readonly name: string;
  readonly whole: boolean;
  readonly cells: number;
  /** Cells of that level under watch. */
  readonly of: number;
};

/** The smallest place that holds all given cells, and whether it is all of it. */
export function extentOf(cells: readonly string[], siblings: readonly string[]): Extent {
  const [first, ...others] = cells;
  if (first === undefined) return { level: 'group', name: '', whole: false, cells: 0, of: siblings.length };
  if (others.length === 0 && siblings.length !== 1) {
    return { level: 'cell', name: first, whole: false, cells: 1, of: siblings.length };
  }
  if (others.length === 0) return { level: 'cell', name: first, whole: true, cells: 1, of: 1 };
  for (const level of ['tier', 'gateway'] as const) {
    const prefix = prefixOf(first, level);
    if (prefix === null || !cells.every((one) => one.startsWith(prefix))) continue;
    const of = siblings.filter((one) => one.startsWith(prefix)).length;
    return { level, name: prefix.slice(0, -1), whole: cells.length >= of, cells: cells.length, of };
  }
  return {
    level: 'group',
    name: '',
    whole: cells.length >= siblings.length,
    cells: cells.length,
    of: siblings.length,
  };
}

function prefixOf(cell: string, level: 'tier' | 'gateway'): string | null {
  const parts = cell.split('/');
  if (parts.length < 3) return null;
  return `${parts.slice(0, level === 'tier' ? 2 : 1).join('/')}/`;
}
