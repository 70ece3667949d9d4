import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel says a process has used so far; every thread of it counts, and every child. Linux only. */
export type ProcessFigures = {
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Of the process without its children. */
  readonly peakRssMb: number;
  /** Of its children alone, those that run just now. */
  readonly childrenRssMb: number;
  readonly childrenCpuMs: number;
  readonly writtenBytes: number;
};

/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
export const TICK_MS = 10;

export function processFigures(pid: number): ProcessFigures {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  // The second field is the name in parentheses and may hold anything; the ones after it are plain.
  const stat = read('stat').split(') ').pop()?.split(' ') ?? [];
  const status = read('status');
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  const children = childrenOf(pid).flatMap((child) => ifAlive(() => [processFigures(child)]));
  const childrenRssMb = children.reduce((sum, { rssMb }) => sum + rssMb, 0);
  const childrenCpuMs = children.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return {
    // User and system time, of itself and of children that have ended.
    cpuMs: [11, 12, 13, 14].reduce((sum, field) => sum + Number(stat[field]) * TICK_MS, 0) + childrenCpuMs,
    rssMb: kilobytes('VmRSS') / 1024 + childrenRssMb,
    peakRssMb: kilobytes('VmHWM') / 1024,
    childrenRssMb,
    childrenCpuMs,
    writtenBytes:
      Number(/^write_bytes: (\d+)/m.exec(read('io'))?.[1] ?? 0) +
      children.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0),
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    ifAlive(() =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    ),
  );
}

/** A thread or a child may end while one looks. */
function ifAlive<Found>(look: () => readonly Found[]): readonly Found[] {
  try {
    return look();
  } catch {
    return [];
  }
}

/** CPU time everything on this machine has used so far, ms: who else was at work while we measured? */
export function machineCpuMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).map(Number) ?? [];
  return (
    [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS
  );
}
