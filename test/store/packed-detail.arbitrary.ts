import fc from 'fast-check';
import { PHASE_NAMES, type Phases, type Usage } from '../../src/domain/measure/observation.ts';
import type { Detail } from '../../src/store/sqlite/packed-detail.ts';

/** `deepEqual` minds prototypes, and the rows we read back are plain objects. */
export const plain = <Shape>(
  shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> },
): fc.Arbitrary<Shape> => fc.record<Shape>(shape, { noNullPrototype: true });

const micros = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }),
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.constant(0),
);
export const arbitraryMicros = fc.option(micros);
const phases: fc.Arbitrary<Phases> = plain(
  Object.fromEntries(PHASE_NAMES.map((name) => [name, arbitraryMicros])) as Record<
    keyof Phases,
    fc.Arbitrary<number | null>
  >,
);
const tokens = fc.option(fc.nat(200_000));
const usage: fc.Arbitrary<Usage | null> = fc.option(
  plain({
    promptTokens: tokens,
    completionTokens: tokens,
    reasoningTokens: tokens,
    cachedTokens: tokens,
  }),
);
export const arbitraryDetail: fc.Arbitrary<Detail> = plain({
  status: fc.option(fc.oneof(fc.constant(200), fc.integer({ min: 0, max: 999 }))),
  phases,
  longestStallUs: arbitraryMicros,
  chunks: fc.nat(10_000),
  tokenChunks: fc.nat(10_000),
  usage,
  reused: fc.boolean(),
  retries: fc.option(fc.nat(10)),
  loopDelayUs: micros,
  clockStepMs: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 42), max: 2 ** 42 })),
});
