import type { Problem } from '../domain/problem.ts';
import { withoutSecrets } from './secret.ts';
import { formatPath, type Path, type Place } from './yaml-source.ts';

/** Collects problems with their places, so that every mistake is told at once. */
export type ProblemList = {
  readonly error: (path: Path, message: string, of?: 'value' | 'key') => void;
  readonly warning: (path: Path, message: string, of?: 'value' | 'key') => void;
  /** Takes over a problem that already knows its place. */
  readonly add: (problem: Problem) => void;
  /** Whether an error was found at this path or above it: what follows from it need not be told again. */
  readonly isSpoilt: (path: Path) => boolean;
  /** Whether an error was found at this path or under it: what seems to be missing may only be misspelt. */
  readonly isDoubtful: (path: Path) => boolean;
  /** All problems by file, line and column. */
  readonly all: () => readonly Problem[];
};

export function createProblemList(placeOf: (path: Path, of?: 'value' | 'key') => Place): ProblemList {
  const problems: Problem[] = [];
  const spoilt = new Set<string>();
  const keyOf = (path: Path): string => JSON.stringify(path);
  const isSpoilt = (path: Path): boolean =>
    path.some((_, index) => spoilt.has(keyOf(path.slice(0, index + 1)))) || spoilt.has('[]');

  const note = (severity: Problem['severity'], path: Path, message: string, of?: 'value' | 'key'): void => {
    const { file, line, column } = placeOf(path, of);
    problems.push({ severity, file, line, column, path: formatPath(path), message: withoutSecrets(message) });
  };

  return {
    error: (path, message, of) => {
      if (isSpoilt(path)) return;
      spoilt.add(keyOf(path));
      note('error', path, message, of);
    },
    warning: (path, message, of) => note('warning', path, message, of),
    add: (problem) => void problems.push({ ...problem, message: withoutSecrets(problem.message) }),
    isSpoilt,
    isDoubtful: (path) => {
      const start = keyOf(path).slice(0, -1);
      return [...spoilt].some((key) => key === `${start}]` || key.startsWith(`${start},`));
    },
    all: () => [...problems].sort(byPlace),
  };
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
