import { readFileSync } from 'node:fs';
import type { WindowResult } from '../../domain/contract/chronic.ts';
import type { Contract } from '../../domain/contract/contract.ts';
import { asPreviousWindow, type Evaluation } from '../../domain/contract/evaluation.ts';
import { instantText, type Period } from '../../domain/time/period.ts';
import { OperatorError } from '../world.ts';

type Earlier = Pick<Evaluation, 'contract' | 'period' | 'uptime' | 'objectives'>;

function isEarlier(value: unknown): value is Earlier {
  const one = value as Partial<Earlier> | null;
  return (
    typeof one?.contract === 'string' &&
    typeof one.period?.from === 'string' &&
    typeof one.period.label === 'string' &&
    typeof one.uptime === 'object' &&
    Array.isArray(one.objectives) &&
    one.objectives.every((objective) => typeof objective?.result === 'string')
  );
}

function readEarlier(file: string): Earlier {
  const parsed = ((): unknown => {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new OperatorError(`--previous: cannot read ${file}: ${why}`, { cause: error });
    }
  })();
  if (isEarlier(parsed)) return parsed;
  throw new OperatorError(`--previous: expected what \`probity evaluate --json\` printed, found ${file}`);
}

/**
 * Results of earlier windows from files, by the instant the window starts. Each must be of the same contract and of one of
 * the windows that are looked back on.
 */
export function previousResults(
  files: readonly string[],
  contract: Contract,
  lookedBack: readonly Period[],
): ReadonlyMap<number, WindowResult> {
  const results = new Map<number, WindowResult>();
  for (const file of files) {
    const earlier = readEarlier(file);
    if (earlier.contract !== contract.id) {
      throw new OperatorError(
        `--previous: ${file} is about the contract ${earlier.contract}; expected ${contract.id}`,
      );
    }
    const window = lookedBack.find((one) => instantText(one.fromAt) === earlier.period.from);
    if (window === undefined) {
      const wanted = lookedBack.map(({ label }) => label).join(', ');
      throw new OperatorError(
        `--previous: ${file} is about ${earlier.period.label}; ${wanted === '' ? 'this contract looks back on no window' : `expected ${wanted}`}`,
      );
    }
    if (results.has(window.fromAt)) {
      throw new OperatorError(`--previous: two files are about ${window.label}; give one of them`);
    }
    results.set(window.fromAt, asPreviousWindow(earlier));
  }
  return results;
}
