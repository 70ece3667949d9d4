import type { Evidence } from '../../domain/measure/sample.ts';
import type { Failure, Report } from '../../domain/report/report.ts';
import type { Store } from '../../store/store.ts';

/** A failed request with what was kept of its answer. */
export type FailureEvidence = { readonly failure: Failure; readonly evidence: Evidence | null };

/** What was kept of the failed requests a report lists, oldest first. `null` where nothing was, or it is pruned. */
export async function evidenceOf(
  store: Pick<Store, 'readEvidence'>,
  report: Report,
): Promise<readonly FailureEvidence[]> {
  const found: FailureEvidence[] = [];
  for (const { failures } of report.statements) {
    for (const failure of failures) {
      const { target, probe, region, at } = failure;
      const identity = { target, probe, region, scheduledAt: Date.parse(at) };
      const evidence =
        (await store.readEvidence({ ...identity, purpose: 'scheduled' })) ??
        (await store.readEvidence({ ...identity, purpose: 'reprobe' }));
      found.push({ failure, evidence });
    }
  }
  return found.sort((a, b) => (a.failure.at < b.failure.at ? -1 : a.failure.at > b.failure.at ? 1 : 0));
}
