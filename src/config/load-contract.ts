import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Contract } from '../domain/contract.ts';
import type { Problem } from '../domain/problem.ts';
import type { Path, ValueProblem } from './contract-semantics.ts';
import { parseContractFile } from './parse-contract.ts';

export type LoadedContracts = {
  readonly file: string;
  readonly contracts: ReadonlyMap<string, readonly Contract[]>;
  readonly problems: readonly Problem[];
};

/** Where the contract templates of this installation live. */
export const TEMPLATES = join(import.meta.dirname, '..', '..', 'probes', 'contracts');

type Place = { readonly line: number; readonly column: number };

function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

/** The place of the value at `path`, or of its nearest ancestor where the value itself is missing. */
function placeOf(document: ReturnType<typeof parseDocument>, counter: LineCounter, path: Path): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset === undefined) continue;
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  }
  return { line: 1, column: 1 };
}

/** Reads a contract file's text. `file` is only for the problems' sake. */
export function readContracts(text: string, file: string): LoadedContracts {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error): Problem => {
      const { line, col } = counter.linePos(error.pos[0]);
      return { severity: 'error', file, line, column: col, path: '', message: firstLine(error.message) };
    });
    return { file, contracts: new Map(), problems };
  }
  const { contracts, problems } = parseContractFile(document.toJS());
  return {
    file,
    contracts,
    problems: problems.map((problem: ValueProblem) => ({
      severity: problem.severity,
      file,
      ...placeOf(document, counter, problem.path),
      path: pathText(problem.path),
      message: problem.message,
    })),
  };
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
}

/** The file a name stands for: a path, or the id of a shipped template such as `pro-channel`. */
export function contractFile(name: string): string | null {
  if (existsSync(name)) return name;
  const template = join(TEMPLATES, `${basename(name, '.yaml')}.yaml`);
  const isId = !name.includes('/') && !name.includes('\\');
  return isId && existsSync(template) ? template : null;
}

/** Loads a contract by path or template id; `null` if there is no such file. */
export function loadContracts(name: string): LoadedContracts | null {
  const file = contractFile(name);
  return file === null ? null : readContracts(readFileSync(file, 'utf8'), file);
}
