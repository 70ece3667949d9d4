import type { LatencyQuestion } from './latency-question.ts';
import type { SeriesTally } from './tally.ts';
import { placeAtRank } from './value-counts.ts';

/** A time among the answered requests: whole µs, and how many are below it, and at or below it. */
export type RankedTime = { readonly value: number; readonly below: number; readonly upTo: number };

/**
 * The time at a rank of the answered requests under a ceiling, ascending, 1-based; `null` outside of them. Times that are kept
 * rounded up, because there are too many different ones, are set right by what is counted exactly beside them: how many keep
 * the ceiling, how many are not over it, and the two times next to it. So no time stands on the wrong side, and what is
 * interpolated between two of them comes out on its own side too.
 */
export function timeAtRank(
  { values, over, greatestUnder, leastOver }: SeriesTally,
  { bound, under: threshold }: Pick<LatencyQuestion, 'bound' | 'under'>,
  passed: number,
  rank: number,
): RankedTime | null {
  const place = values === null ? null : placeAtRank(values, rank);
  if (values === null || place === null || values.resolution === 1) return place;
  const { value, below, upTo } = place;
  const notOver = values.total - over;
  if (rank > notOver) {
    const isFirst = rank === notOver + 1;
    return {
      value: isFirst ? leastOver : Math.max(value, leastOver),
      below: Math.max(below, notOver),
      upTo: isFirst ? rank : upTo,
    };
  }
  // Not over the ceiling and yet not passing: as long as a ceiling that must stay above.
  if (rank > passed)
    return { value: threshold, below: Math.max(below, passed), upTo: Math.min(upTo, notOver) };
  const greatest = passed === notOver ? greatestUnder : bound;
  return { value: Math.min(value, greatest), below, upTo: Math.min(upTo, passed) };
}
