import { count, instant, list, maybe, object, oneOf, type Schema, text } from './openapi-schemas.ts';

const RESULTS = ['met', 'breached', 'undecided', 'insufficient evidence'] as const;
const percent: Schema = { type: 'string', description: 'In percent, six decimals.', example: '99.951234' };
const exact: Schema = { type: 'string', description: 'The same as an exact fraction.' };
const number: Schema = { type: 'number' };

const line = {
  contract: text,
  title: text,
  version: text,
  period: { type: 'string', description: 'As people name it.', example: '2026-10' },
  from: instant,
  to: instant,
  timezone: text,
  state: oneOf(['final', 'draft']),
  practice: { type: 'boolean' },
  frozenAt: instant,
  result: oneOf(RESULTS),
  byResult: object(Object.fromEntries(RESULTS.map((result) => [result, count]))),
  correction: maybe({
    ...object({ kind: oneOf(['withdrawn', 'corrected']), at: instant, reason: text }),
    description:
      'What somebody said of it afterwards. A withdrawn report does not hold; it stays as it was frozen.',
  }),
} satisfies Readonly<Record<string, Schema>>;

/** Reports without money: what is owed is behind the owner's token, on the page and in the signed files. */
export const REPORT_SCHEMAS: Readonly<Record<string, Schema>> = {
  Reports: object({ reports: list(object(line)) }),
  Report: object({
    ...line,
    statements: list(
      object({
        scope: text,
        result: oneOf(RESULTS),
        insufficient: maybe(list(text)),
        uptimePercent: maybe(percent),
        rawUptimePercent: maybe(percent),
        coverage: object({ expected: count, measured: count, percent: maybe(percent) }),
        requests: object({ total: count, good: count, bad: count, excluded: count }),
        objectives: list(
          object({
            id: text,
            kind: text,
            metric: text,
            percent: maybe(percent),
            ms: maybe(number),
            tokensPerSecond: maybe(number),
            exact: maybe(exact),
            comparator: text,
            target: text,
            result: oneOf(['met', 'breached', 'undecided']),
            verdict: oneOf(['proven met', 'proven breached', 'not proven']),
            n: count,
            k: count,
            p: maybe(number),
          }),
        ),
        exclusions: list(object({ reason: text, requests: count, minutes: number })),
        incidents: list(object({ from: instant, to: instant, minutes: number, failures: count })),
      }),
    ),
    chain: list(object({ region: text, segment: count, until: text, head: text })),
  }),
};
