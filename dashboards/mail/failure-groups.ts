import type { MessageFailure } from '../../src/domain/alert/message.ts';

/** Failures of one cell that went alike, in the order they came: what happened is said once, its requests each. */
export type FailureGroup = {
  readonly cell: string;
  readonly what: string;
  readonly requests: readonly Pick<MessageFailure, 'at' | 'requestId'>[];
};

/** Groups keep the order of their first failure. */
export function groupFailures(failures: readonly MessageFailure[]): readonly FailureGroup[] {
  const groups = Map.groupBy(failures, ({ cell, what }) => `${cell}\n${what}`);
  return [...groups.values()].flatMap((requests) => {
    const [first] = requests;
    return first === undefined ? [] : [{ cell: first.cell, what: first.what, requests }];
  });
}
