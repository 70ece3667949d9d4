import assert from 'node:assert/strict';
import { readContractText } from '../../src/config/load-contract.ts';
import { admitMaintenance, type MaintenanceWindow } from '../../src/domain/contract/admitted-maintenance.ts';
import type { WindowResult } from '../../src/domain/contract/chronic.ts';
import type { Contract } from '../../src/domain/contract/contract.ts';
import { type Evaluation, evaluate } from '../../src/domain/contract/evaluation.ts';
import { accumulate, emptyTally, type Line, planTally, type Tally } from '../../src/domain/contract/tally.ts';
import { type Period, parsePeriod } from '../../src/domain/time/period.ts';

/** A contract from YAML; every problem fails the test. */
export function contractOf(yaml: string): Contract {
  const { contracts, problems } = readContractText(yaml, 'test.yaml');
  assert.deepEqual(
    problems.filter((problem) => problem.severity === 'error'),
    [],
  );
  const [versions] = contracts.values();
  const contract = versions?.[0];
  assert.ok(contract, 'the file holds a contract');
  return contract;
}

export function periodOf(contract: Contract, text: string): Period {
  const period = parsePeriod(text, contract.window);
  assert.ok('fromAt' in period, `${text} is a period of ${contract.id}`);
  return period;
}

const PLAIN: Omit<Line, 'at'> = {
  count: 1,
  doubt: null,
  status: null,
  outcome: null,
  code: null,
  tags: [],
  serviceTier: null,
  model: null,
  endpoint: null,
  region: null,
  stream: null,
  clientTimeoutMs: null,
  promptTokens: null,
  outputTokens: null,
  ttftUs: null,
  totalUs: null,
};

export function line(at: number, facts: Partial<Line>): Line {
  return { ...PLAIN, at, ...facts };
}

export type Setting = {
  readonly contract: Contract;
  readonly period: string;
  readonly lines: Iterable<Line>;
  readonly fee?: string;
  readonly maintenance?: readonly MaintenanceWindow[];
  readonly previous?: readonly WindowResult[];
};

export function tallyOf({ contract, period, lines, maintenance = [] }: Setting): Tally {
  const window = periodOf(contract, period);
  const admitted = admitMaintenance(contract, window, maintenance);
  const tally = emptyTally(planTally(window, [{ contract, maintenance: admitted.withMargins }]));
  for (const one of lines) accumulate(tally, one);
  return tally;
}

export function evaluationOf(setting: Setting): Evaluation {
  const { contract, period, fee, maintenance = [], previous = [] } = setting;
  const { flags } = admitMaintenance(contract, periodOf(contract, period), maintenance);
  return evaluate(tallyOf(setting), contract, {
    fee: fee === undefined ? null : { amount: fee, base: null },
    previous,
    maintenanceFlags: flags,
  });
}

export const MINUTE = 60_000;

/** One request in the middle of every slice of the span; `facts` decides each by its number. */
export function* everySlice(
  fromAt: number,
  slices: number,
  sliceMs: number,
  facts: (slice: number) => Partial<Line>,
): Generator<Line> {
  for (let slice = 0; slice < slices; slice += 1) {
    yield line(fromAt + slice * sliceMs + sliceMs / 2, facts(slice));
  }
}
