import type { Spread } from '../src/domain/spread.ts';
import type { LatencyBucket } from '../src/domain/target-view.ts';
import { type Html, raw } from './html.ts';

/**
 * What the interactive chart draws, as columns, inside of a `script` element that does not run. The text cannot end
 * that element: every `<` is written as an escape. https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
 */
export function plotData(
  buckets: readonly LatencyBucket[],
  of: (bucket: LatencyBucket) => Spread | null,
  name: string,
  goalUs: number | null,
  timezone: string,
): Html {
  const spreads = buckets.map(of);
  const data = {
    name,
    timezone,
    goal: goalUs,
    from: buckets.map((bucket) => bucket.fromAt),
    to: buckets.map((bucket) => bucket.toAt),
    good: buckets.map((bucket) => bucket.good),
    bad: buckets.map((bucket) => bucket.bad),
    n: spreads.map((spread) => spread?.n ?? 0),
    p50: spreads.map((spread) => spread?.p50Us ?? null),
    p90: spreads.map((spread) => spread?.p90Us ?? null),
    p99: spreads.map((spread) => spread?.p99Us ?? null),
  };
  return raw(JSON.stringify(data).replaceAll('<', '\\u003c'));
}
