import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planFigures } from '../../src/domain/measure/plan-figures.ts';
import {
  allowedFailures,
  provabilityOf,
  samplesForPercentile,
} from '../../src/domain/statistics/provability.ts';
import { formatDuration, parseDuration } from '../../src/domain/time/duration.ts';
import { type CronReader, peakPerMinute, ticksPerDay } from '../../src/domain/time/request-rate.ts';
import type { Schedule } from '../../src/domain/time/schedule.ts';
import { cronGrid } from '../../src/pipeline/probing/cron-grid.ts';
import { planOf } from '../support/plans.ts';

const cron: CronReader = cronGrid;
const every = (everyMs: number, phaseMs: number): Schedule => ({ kind: 'every', everyMs, phaseMs });

/** Smallest n for a claim at 95 % without one sample over the limit. */
const SAMPLES = [
  [95, 59],
  [99, 299],
  [99.9, 2995],
  [99.95, 5990],
  [99.99, 29956],
] as const;

for (const [percentile, samples] of SAMPLES) {
  test(`a p${percentile} verdict needs ${samples} samples, and one less does not do`, () => {
    assert.equal(samplesForPercentile(percentile), samples);
    assert.ok((percentile / 100) ** samples <= 0.05);
    assert.ok((percentile / 100) ** (samples - 1) > 0.05);
  });
}

test('a month at one probe per minute allows what its percentage says, exactly', () => {
  assert.equal(allowedFailures('99.9', 1440), 43);
  assert.equal(allowedFailures('99.95', 1440), 21);
  assert.equal(allowedFailures('99.5', 1440), 216);
  assert.equal(allowedFailures('99.9', 1000), 30, 'binary fractions would say 29');
  assert.equal(allowedFailures('100', 1440), 0);
  assert.equal(allowedFailures('100.1', 1440), null);
});

test('one probe per minute needs five hours for a p99 verdict', () => {
  const provable = provabilityOf(
    { contract: 'pro', uptimePercent: '99.9', percentiles: [99], sliceMs: 60_000 },
    1440,
  );
  assert.deepEqual(provable.percentiles, [{ percentile: 99, samples: 299, timeMs: 299 * 60_000 }]);
  assert.equal(provable.slicesPerProbe, null);
});

test('a cadence slower than the slices of the contract leaves slices without data', () => {
  const of = (perDay: number): number | null =>
    provabilityOf({ contract: 'pro', uptimePercent: null, percentiles: [], sliceMs: 60_000 }, perDay)
      .slicesPerProbe;
  assert.equal(of(1440), null);
  assert.equal(of(288), 5);
});

test('the peak of a minute is counted, not averaged', () => {
  assert.equal(peakPerMinute([every(60_000, 0), every(60_000, 30_000)], cron), 2);
  assert.equal(peakPerMinute([every(120_000, 0), every(120_000, 59_999)], cron), 2);
  assert.equal(peakPerMinute([every(120_000, 0), every(120_000, 60_000)], cron), 1, 'half-open windows');
  assert.equal(peakPerMinute([every(7_000, 3)], cron), 9);
  assert.equal(peakPerMinute([], cron), 0);
});

test('no minute of a plan holds more ticks than its peak, wherever it begins', () => {
  const schedule = fc
    .record({ everyMs: fc.integer({ min: 1, max: 40 }), phase: fc.nat() })
    .map(({ everyMs, phase }) => every(everyMs * 5_000, phase % (everyMs * 5_000)));
  fc.assert(
    fc.property(fc.array(schedule, { maxLength: 8 }), fc.nat(1_000_000), (schedules, from) => {
      const ticks = schedules.reduce((sum, one) => {
        if (one.kind !== 'every') return sum;
        const before = (at: number): number => Math.ceil((at - one.phaseMs) / one.everyMs);
        return sum + before(from + 60_000) - before(from);
      }, 0);
      assert.ok(ticks <= peakPerMinute(schedules, cron), `${ticks}`);
    }),
  );
});

test('a cron pattern is counted by its instants', () => {
  const thirty: Schedule = { kind: 'cron', cron: '*/30 * * * * *', timezone: 'UTC', phaseMs: 7_000 };
  const monthly: Schedule = { kind: 'cron', cron: '0 9 1 * *', timezone: 'UTC', phaseMs: 0 };
  assert.equal(ticksPerDay(thirty, cron), 2880);
  assert.equal(peakPerMinute([thirty], cron), 2);
  assert.equal(Math.round(ticksPerDay(monthly, cron) * 364), 12);
});

test('184 models over a quota of 50 are told the sensible interval that fits, and it does', () => {
  const keys = { standard: { requestsPerMinute: 50 }, pro: { requestsPerMinute: 1000 } };
  const figures = planFigures(planOf({ models: 184, everyMs: 60_000, tiers: keys }), {
    cron,
    promisedBy: () => null,
  });
  const [standard, pro] = figures.keys;
  assert.equal(standard?.peakPerMinute, 184);
  assert.deepEqual(standard?.remedy, { kind: 'probe', probe: standard?.remedy?.probe, everyMs: 240_000 });
  assert.equal(pro?.remedy, null);
});

test('a plan that fills its quota exactly fits, and one request less does not', () => {
  const remedy = (requestsPerMinute: number): string | undefined =>
    planFigures(planOf({ models: 10, everyMs: 60_000, tiers: { a: { requestsPerMinute } } }), {
      cron,
      promisedBy: () => null,
    }).keys[0]?.remedy?.kind;
  assert.equal(remedy(10), undefined);
  assert.equal(remedy(9), 'probe');
});

test('a duration is written as it is read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
  );
});

test('durations go from large to small units, each once', () => {
  assert.equal(parseDuration('1h30m'), 5_400_000);
  for (const wrong of ['', '5', '1.5h', '30m1h', '1s1s', '-1s', '1 s', 's'])
    assert.equal(parseDuration(wrong), null, wrong);
});
