import type { Evidence } from '../../domain/measure/sample.ts';
import type { Failure, Report } from '../../domain/report/report.ts';
import type { Store } from '../../store/store.ts';

/** A failed request with what was kept of its answer. */
export type FailureEvidence = { readonly failure: Failure; readonly evidence: Evidence | null };

/**
 * What was kept of the failed requests a report lists, oldest first, each read when it is asked for. `null` where nothing was,
 * or it is pruned.
 */
export async function* evidenceOf(
  store: Pick<Store, 'readEvidence'>,
  report: Report,
): AsyncGenerator<FailureEvidence> {
  const failures = report.statements.flatMap((statement) => statement.failures);
  failures.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  for (const failure of failures) {
    const { target, probe, region, at } = failure;
    const identity = { target, probe, region, scheduledAt: Date.parse(at) };
    const evidence =
      (await store.readEvidence({ ...identity, purpose: 'scheduled' })) ??
      (await store.readEvidence({ ...identity, purpose: 'reprobe' }));
    yield { failure, evidence };
  }
}
