import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialVerdict, effectiveN, lagOneCorrelation } from '../../src/domain/contract/statement.ts';
import {
  addValueCounts,
  countValue,
  emptyValueCounts,
  placeAtRank,
} from '../../src/domain/contract/value-counts.ts';
import {
  atLeast,
  atMost,
  clopperPearson,
  fewestToProveMet,
  greatestProvingMet,
  leastProvingBreach,
  wilson,
} from '../../src/domain/statistics/binomial.ts';
import { normalQuantile } from '../../src/domain/statistics/normal-quantile.ts';
import { nearestRank, rankInterval } from '../../src/domain/statistics/quantile.ts';

const TOLERANCE = 1e-8;

function near(actual: number, expected: number, tolerance = TOLERANCE): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

/** Printed golden figures are rounded: they hold to half of their last digit. */
function nearPrinted(actual: number, printed: string): void {
  const decimals = printed.split('.')[1]?.length ?? 0;
  near(actual, Number(printed), 0.5 * 10 ** -decimals + 1e-12);
}

const FEWEST = {
  '0.01 at 95 %': [0.01, 0.05, [299, 473, 628, 773, 913, 1049, 1182, 1312, 1441, 1568, 1693]],
  '0.01 at 99 %': [0.01, 0.01, [459, 662, 838, 1001, 1157, 1307, 1453, 1596, 1736, 1874, 2010]],
  '0.05 at 95 %': [0.05, 0.05, [59, 93, 124, 153, 181]],
  '0.001 at 95 %': [0.001, 0.05, [2995, 4742, 6294]],
} as const;

for (const [name, [p, alpha, counts]] of Object.entries(FEWEST)) {
  test(`fewest samples that prove a bad share under ${name}, by exceedances`, () => {
    assert.deepEqual(
      counts.map((_, k) => fewestToProveMet(k, p, alpha)),
      counts,
    );
  });
}

test('failures-free samples needed for each promise', () => {
  const shares = [0.01, 0.005, 0.001, 0.0005, 0.0001];
  assert.deepEqual(
    shares.map((p) => fewestToProveMet(0, p, 0.05)),
    [299, 598, 2995, 5990, 29_956],
  );
});

type Thresholds = readonly [
  n: number,
  breach: readonly [number, number, number],
  pBreach: readonly [string, string, string],
  met: number | null,
  pMet: string | null,
];

const P99: readonly Thresholds[] = [
  [60, [3, 4, 5], ['.022420', '.003123', '.000346'], null, null],
  [120, [4, 5, 7], ['.032985', '.007383', '.000222'], null, null],
  [300, [7, 9, 11], ['.032751', '.003603', '.000265'], 0, '.049041'],
  [360, [8, 10, 12], ['.030066', '.003820', '.000338'], 0, '.026833'],
  [1000, [16, 19, 22], ['.047871', '.006905', '.000652'], 4, '.028686'],
  [1440, [22, 25, 28], ['.036498', '.006737', '.000900'], 7, '.024796'],
  [10_080, [118, 126, 134], ['.049997', '.008256', '.000862'], 84, '.048296'],
  [43_200, [467, 482, 498], ['.048986', '.009184', '.000966'], 397, '.046189'],
  [43_829, [474, 488, 505], ['.046833', '.009949', '.000930'], 403, '.046011'],
];

for (const [n, breach, pBreach, met, pMet] of P99) {
  test(`p99 of ${n} samples: breach proven from ${breach[0]} exceedances, met up to ${met ?? 'never'}`, () => {
    for (const [i, alpha] of [0.05, 0.01, 0.001].entries()) {
      assert.equal(leastProvingBreach(n, 0.01, alpha), breach[i]);
      nearPrinted(atLeast(breach[i] ?? 0, n, 0.01), pBreach[i] ?? '');
    }
    assert.equal(greatestProvingMet(n, 0.01, 0.05), met);
    if (met !== null && pMet !== null) nearPrinted(atMost(met, n, 0.01), pMet);
    const least = breach[0];
    assert.equal(binomialVerdict(n, least, 0.01).verdict, 'proven breached');
    assert.notEqual(binomialVerdict(n, least - 1, 0.01).verdict, 'proven breached');
  });
}

const TAILS: readonly (readonly [n: number, k: number, atLeastK: number | null, atMostK: number | null])[] = [
  [1440, 20, 0.09294378, 0.94059432],
  [1440, 22, 0.03649847, 0.97842593],
  [43_200, 450, 0.19808105, 0.81492685],
  [60, 2, 0.12123327, null],
  [60, 3, 0.02242016, null],
];

for (const [n, k, high, low] of TAILS) {
  test(`tails of Bin(${n}, 0.01) at ${k}`, () => {
    if (high !== null) near(atLeast(k, n, 0.01), high);
    if (low !== null) near(atMost(k, n, 0.01), low);
  });
}

test('between 433 and 466 of 43,200 the arithmetic says breach and the statistics do not prove it', () => {
  for (const k of [433, 466]) assert.equal(binomialVerdict(43_200, k, 0.01).verdict, 'not proven');
  assert.equal(binomialVerdict(43_200, 467, 0.01).verdict, 'proven breached');
});

const UPTIME: readonly (readonly [
  n: number,
  target: number,
  breach: number,
  pBreach: string | null,
  met: number | null,
])[] = [
  [43_200, 0.999, 55, '.0468', 32],
  [43_200, 0.9995, 31, '.0332', 13],
  [43_200, 0.995, 241, '.049245', 191],
  [8640, 0.999, 15, '.0309', 3],
  [8640, 0.99, 103, '.0438', 70],
  [1440, 0.99, 22, '.0365', 7],
  [1440, 0.999, 5, '.0158', null],
];

for (const [n, target, breach, pBreach, met] of UPTIME) {
  test(`${n} probes against ${target}: confident breach from ${breach}, confident met up to ${met ?? 'never'}`, () => {
    const allowed = 1 - target;
    assert.equal(leastProvingBreach(n, allowed, 0.05), breach);
    assert.equal(greatestProvingMet(n, allowed, 0.05), met);
    if (pBreach !== null) nearPrinted(atLeast(breach, n, allowed), pBreach);
  });
}

type Ranks = readonly [
  p: number,
  n: number,
  rank: number,
  lower: number,
  upper: number | null,
  coverage: string,
];

const RANKS: readonly Ranks[] = [
  [0.99, 60, 60, 58, null, '.97758'],
  [0.99, 100, 99, 97, null, '.98163'],
  [0.99, 200, 198, 195, null, '.98398'],
  [0.99, 299, 297, 292, null, '.98874'],
  [0.99, 300, 297, 293, null, '.98853'],
  [0.99, 368, 365, 360, 368, '.96242'],
  [0.99, 369, 366, 361, 369, '.96246'],
  [0.99, 1000, 990, 983, 997, '.97609'],
  [0.99, 1440, 1426, 1418, 1433, '.95363'],
  [0.99, 4320, 4277, 4264, 4290, '.95382'],
  [0.99, 10_080, 9980, 9959, 9999, '.95471'],
  [0.99, 43_200, 42_768, 42_727, 42_809, '.95262'],
  [0.5, 60, 30, 22, 39, '.97266'],
  [0.5, 300, 150, 133, 168, '.95687'],
  [0.5, 1440, 720, 683, 758, '.95193'],
  [0.95, 60, 57, 53, null, '.99021'],
  [0.95, 300, 285, 277, 293, '.96719'],
  [0.95, 1440, 1368, 1351, 1385, '.9604'],
];

for (const [p, n, rank, lower, upper, coverage] of RANKS) {
  test(`the ${p} quantile of ${n} values is rank ${rank}, between ${lower} and ${upper ?? 'no rank at all'}`, () => {
    assert.equal(nearestRank(String(p * 100), n), rank);
    const found = rankInterval(n, p);
    assert.deepEqual([found.lower, found.upper], [lower, upper]);
    nearPrinted(found.coverage, coverage);
  });
}

test('nearest rank is exact where binary floats are not', () => {
  assert.equal(nearestRank('7', 100), 7);
  assert.equal(nearestRank('99.9', 1000), 999);
  assert.equal(nearestRank('99', 1), 1);
});

const GOLDEN: readonly (readonly [
  n: number,
  p50: number,
  p95: number,
  p99: number,
  max: number,
  low: number,
  high: number | null,
])[] = [
  [300, 399, 1063, 1560, 2328, 1297, null],
  [1440, 400, 1071, 1613, 3061, 1456, 1860],
];

for (const [n, p50, p95, p99, max, low, high] of GOLDEN) {
  test(`percentiles and interval of the lognormal data set of ${n}`, () => {
    const values = emptyValueCounts();
    for (let i = 1; i <= n; i += 1) {
      countValue(values, Math.round(400 * Math.exp(0.6 * normalQuantile((i - 0.5) / n))), 1);
    }
    const { lower, upper } = rankInterval(n, 0.99);
    const ranks = [
      nearestRank('50', n),
      nearestRank('95', n),
      nearestRank('99', n),
      n,
      lower ?? 0,
      upper ?? 0,
    ];
    assert.deepEqual(
      ranks.map((rank) => placeAtRank(values, rank)?.value ?? null),
      [p50, p95, p99, max, low, high],
    );
  });
}

test('ranks that are asked between counting see all that was counted until then', () => {
  const values = emptyValueCounts();
  const at = (rank: number): number | null => placeAtRank(values, rank)?.value ?? null;
  for (const value of [30, 10, 20]) countValue(values, value, 2);
  assert.deepEqual([at(1), at(2), at(3), at(6), at(7)], [10, 10, 20, 30, null]);
  countValue(values, 15, 1);
  assert.deepEqual([at(2), at(3), at(4), at(7)], [10, 15, 20, 30]);
  // Made coarser by what is merged into them, though nothing is added.
  addValueCounts(values, { resolution: 1000, counts: new Map(), total: 0 });
  assert.deepEqual([at(1), at(7)], [1000, 1000]);
});

type Proportion = readonly [
  x: number,
  n: number,
  wilson: readonly [number, number],
  exact: readonly [number, number],
];

const PROPORTIONS: readonly Proportion[] = [
  [0, 10, [0, 0.2775328], [0, 0.30849711]],
  [9, 10, [0.59584997, 0.98212379], [0.55498388, 0.99747142]],
  [10, 10, [0.7224672, 1], [0.69150289, 1]],
  [59, 60, [0.9114487, 0.99705184], [0.91060095, 0.99957813]],
  [60, 60, [0.93982815, 1], [0.94037051, 1]],
  [299, 300, [0.98136331, 0.99941134], [0.98156875, 0.99991561]],
  [1439, 1440, [0.99607682, 0.9998774], [0.99613694, 0.99998242]],
  [1440, 1440, [0.99733942, 1], [0.99744156, 1]],
  [43_157, 43_200, [0.99865962, 0.9992609], [0.99865947, 0.99927955]],
  [43_200, 43_200, [0.99991109, 1], [0.99991461, 1]],
];

for (const [x, n, score, exact] of PROPORTIONS) {
  test(`95 % intervals of ${x}/${n}`, () => {
    const scored = wilson(x, n);
    near(scored.low, score[0]);
    near(scored.high, score[1]);
    const found = clopperPearson(x, n);
    near(found.low, exact[0]);
    near(found.high, exact[1]);
  });
}

const CORRELATION: Readonly<Record<string, readonly [rho: number, share: number]>> = {
  'ρ 0.1': [0.1, 0.818],
  'ρ 0.3': [0.3, 0.538],
  'ρ 0.5': [0.5, 0.333],
  'ρ 0.8': [0.8, 0.111],
};

for (const [name, [rho, share]] of Object.entries(CORRELATION)) {
  test(`${name} leaves ${share} of the samples`, () => near(effectiveN(1, rho), share, 0.0005));
}

test('alternating values correlate negatively, blocks positively, constants not at all', () => {
  assert.ok((lagOneCorrelation([0, 1, 0, 1, 0, 1, 0, 1]) ?? 0) < -0.8);
  assert.ok((lagOneCorrelation([0, 0, 0, 0, 1, 1, 1, 1]) ?? 0) > 0.5);
  assert.equal(lagOneCorrelation([1, 1, 1, 1]), null);
});

/** P(window fails) with m probes per window of which a share q is slow; p50 is the nearest rank. */
const ATTAINMENT: readonly (readonly [m: number, q: number, p: string])[] = [
  [1, 0.05, '.05'],
  [3, 0.05, '.00725'],
  [3, 0.1, '.028'],
  [3, 0.2, '.104'],
  [5, 0.05, '.001158'],
  [5, 0.1, '.00856'],
  [5, 0.2, '.05792'],
  [10, 0.05, '.000064'],
  [10, 0.1, '.001635'],
  [10, 0.2, '.032793'],
  [10, 0.5, '.623047'],
];

for (const [m, q, p] of ATTAINMENT) {
  test(`a window of ${m} probes with a slow share of ${q} fails with probability ${p}`, () => {
    nearPrinted(atLeast(nearestRank('50', m), m, q), p);
  });
}
