import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContractText } from '../../src/config/load-contract.ts';

const OURS = `id: hand
version: "3"
currency: EUR
provenance: { url: https://example.net/sla, documentDate: "2026-01-01", retrieved: "2026-02-01", status: verified }
scope: { dimensions: [project, model], feeBase: token_unit }
window: { kind: billing_cycle, timezone: Europe/Berlin, anchorDay: 15 }
eligible: { stream: true, status: 200, outputTokensOver: 75, promptTokensAtMost: 128000 }
classify:
  - { when: { tag: backoff_violation }, as: excluded }
  - { when: { code: overloaded }, as: bad }
availability:
  method: timeslices
  slice: 60s
  sliceBadWhen: { errorRateGt: "0.05" }
  minRunSlices: 5
  emptySlice: good
  minRequestsPerSlice: 2
  denominator: non_excluded_slices
  target: { value: "99.9", comparator: ">" }
latency:
  - metric: tokens_per_s
    tpsBasis: after_first_token
    form: window_attainment
    slice: 300s
    stat: p50
    op: ">"
    value: 50
    emptySlice: exclude
    target: "99"
  - { metric: e2e_ms, form: whole_window_percentile, p: 99, op: "<=", value: 800, minSamples: 300 }
maintenance: { mode: count_as_good, notice: 48h }
credits:
  shape: ladder
  ladder: [{ below: "99.9", percent: 10 }]
  capPercent: 50
  minCredit: { amount: 1, strict: true }
  moneyRounding: { mode: floor, places: 2 }
  requiresConsecutiveWindows: 2
claim:
  deadlines: [{ type: notify, offset: 5, unit: business_days, anchor: incident_start, snap: none }]
  requiredEvidence: [request logs]
  forfeitsIfMissing: true
chronic:
  - { when: { consecutive: 2 }, right: terminate }
  - { when: { k: 2, m: 3 }, right: refund }
  - { when: { singleWindowBelow: "90" }, right: terminate }
authority: customer_logs
`;

const PRINTED = `contract:
  id: hand
  version: "3"
  currency: EUR
  provenance: { url: https://example.net/sla, doc_date: "2026-01-01", retrieved: "2026-02-01", status: verified }
scope: { dimensions: [project, model], fee_base: token_unit }
window: { kind: billing_cycle, timezone: Europe/Berlin, anchor_day: 15 }
eligible: stream and status==200 and output_tokens>75, prompt_tokens<=128000
classify:
  - { when: { backoff_violation: true }, as: excluded }
  - { when: { error_code: overloaded }, as: bad }
availability:
  method: timeslices
  slice: 60s
  slice_bad_when: { error_rate_gt: "0.05" }
  min_run_slices: 5
  empty_slice: good
  min_requests_per_slice: 2
  denominator: non_excluded_slices
target: { value: "99.9", comparator: ">" }
latency:
  - metric: tokens_per_s
    tps_basis: after_first_token
    form:
      window_attainment: { slice: 300s, stat: p50, op: ">", value: 50, empty_slice: exclude, target: "99" }
  - metric: e2e_ms
    whole_window_percentile: { p: 99, op: "<=", value_ms: 800, method: nearest_rank, min_samples: 300 }
rounding: { decimals: null, mode: none }
maintenance: { mode: count_as_good, notice: 48h, max_per_window: null }
credits:
  shape: ladder
  ladder: [{ below: "99.9", percent: 10 }]
  cap_percent: 50
  min_credit: { amount: 1.00, strict: true }
  money_rounding: { mode: floor, places: 2 }
  overlap: max
  requires_consecutive_windows: 2
claim:
  deadlines: [{ type: notify, offset: 5, unit: business_days, anchor: incident_start, snap: none }]
  required_evidence: [request logs]
  forfeits_if_missing: true
chronic:
  - { when: consecutive>=2, right: terminate }
  - { when: { k_of_m: [2, 3] }, right: refund }
  - { single_window_below: "90", right: terminate }
authority: customer_logs
`;

test('a contract written as agreements print their terms is the contract in our own spelling', () => {
  const [ours, printed] = [OURS, PRINTED].map((text) => readContractText(text, 'c.yaml'));
  assert.deepEqual(printed?.problems, []);
  assert.deepEqual(ours?.problems, []);
  assert.deepEqual(printed?.contracts, ours?.contracts);
});

test('a template takes terms in either spelling', () => {
  const text = (cap: string): string =>
    `contracts: { ours: { template: pro-channel, credits: { ${cap}: 30 } } }\n`;
  const [camel, snake] = ['capPercent', 'cap_percent'].map((cap) => readContractText(text(cap), 'c.yaml'));
  assert.deepEqual(snake, camel);
  assert.equal(camel?.contracts.get('ours')?.[0]?.credits.capPercent, '30');
});
