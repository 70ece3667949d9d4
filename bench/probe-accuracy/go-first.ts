import { setPriority } from 'node:os';

/** Wakes this process before others on a busy machine, as the thread that probes asks for itself. */
export function goFirst(): void {
  try {
    setPriority(-10);
  } catch {
    // Only root may. Others measure what their machine gives.
  }
}
