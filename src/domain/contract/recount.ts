import { recountAvailability } from './recount-availability.ts';
import { recountAttainment, recountPercentile } from './recount-latency.ts';
import type { ObjectiveCounts, Recount, RecountSetting } from './recounted.ts';

/** Adds an objective up from its counts alone. Written apart from the engine, so that each checks the other. */
export function recount(counts: ObjectiveCounts, setting: RecountSetting): Recount {
  switch (counts.kind) {
    case 'availability':
      return recountAvailability(counts, setting);
    case 'window_attainment':
      return recountAttainment(counts, setting);
    case 'whole_window_percentile':
      return recountPercentile(counts, setting);
  }
}
