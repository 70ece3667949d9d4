import { readFileSync } from 'node:fs';

/** What the kernel says a process has used so far; every thread of it counts. Linux only. */
export type ProcessFigures = {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
  readonly writtenBytes: number;
};

/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

export function processFigures(pid: number): ProcessFigures {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  // The second field is the name in parentheses and may hold anything; the ones after it are plain.
  const stat = read('stat').split(') ').pop()?.split(' ') ?? [];
  const status = read('status');
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return {
    cpuMs: (Number(stat[11]) + Number(stat[12])) * TICK_MS,
    rssMb: kilobytes('VmRSS') / 1024,
    peakRssMb: kilobytes('VmHWM') / 1024,
    writtenBytes: Number(/^write_bytes: (\d+)/m.exec(read('io'))?.[1] ?? 0),
  };
}

/** CPU time everything on this machine has used so far, ms: who else was at work while we measured? */
export function machineCpuMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).map(Number) ?? [];
  return (
    [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS
  );
}
