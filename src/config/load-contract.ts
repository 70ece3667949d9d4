import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Contract } from '../domain/contract/contract.ts';
import type { Problem } from '../domain/problem.ts';
import { templateFile } from './contract-template.ts';
import { parseContractFile } from './parse-contract.ts';
import { createProblemList } from './problem-list.ts';
import { readYaml } from './yaml-source.ts';

export type LoadedContracts = {
  readonly file: string;
  /** By id; the versions of each in order of their start. Only complete if no problem is an error. */
  readonly contracts: ReadonlyMap<string, readonly Contract[]>;
  readonly problems: readonly Problem[];
};

/** Reads a contract file's text. `file` is only for the problems' sake. */
export function readContractText(text: string, file: string): LoadedContracts {
  const source = readYaml(file, text);
  if (source.problems.length > 0) return { file, contracts: new Map(), problems: source.problems };
  const { contracts, problems } = parseContractFile(source.value);
  const placed = createProblemList(source.placeOf);
  for (const problem of problems) placed[problem.severity](problem.path, problem.message, problem.of);
  return { file, contracts, problems: placed.all() };
}

/** The file a name stands for: a path, or the id of a shipped template such as `pro-channel`. */
export function contractFile(name: string): string | null {
  if (existsSync(name) && statSync(name).isFile()) return name;
  return templateFile(name);
}

/** Loads a contract by path or template id; `null` if there is no such file. */
export function loadContracts(name: string): LoadedContracts | null {
  const file = contractFile(name);
  return file === null ? null : readContractText(readFileSync(file, 'utf8'), file);
}
