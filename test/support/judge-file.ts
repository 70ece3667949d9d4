import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Evaluation } from '../../src/domain/contract/evaluation.ts';
import { commandLine, type Said } from './command-line.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'probity-vectors-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));
let files = 0;

export function fileOf(content: string, extension: string): string {
  files += 1;
  const path = join(FOLDER, `${files}.${extension}`);
  writeFileSync(path, content);
  return path;
}

export type Asked = {
  /** YAML. */
  readonly contract: string;
  readonly period: string;
  /** Objects become lines of NDJSON; a text is a file of the given format as it is. */
  readonly lines: readonly Readonly<Record<string, unknown>>[] | string;
  readonly format?: 'ndjson' | 'csv';
  readonly args?: readonly string[];
};

/** Runs `evaluate` with these arguments, in this process. */
export function evaluateHere(args: readonly string[]): Promise<Said> {
  return commandLine(['evaluate', ...args], { now: () => Date.UTC(2026, 10, 21) });
}

/** Returns what the command prints with `--json`; rejects with its complaint. */
export async function judged({
  contract,
  period,
  lines,
  format = 'ndjson',
  args = [],
}: Asked): Promise<Evaluation> {
  const content =
    typeof lines === 'string' ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const own = ['--contract', fileOf(contract, 'yaml'), '--period', period, '--json'];
  const { code, out, err } = await evaluateHere([fileOf(content, format), ...own, ...args]);
  if (code === 2) throw new Error(err.trimEnd());
  return JSON.parse(out) as Evaluation;
}

/** Lines `everyMs` apart from `from` on; `facts` says what each is. */
export function series(
  from: string,
  count: number,
  everyMs: number,
  facts: (index: number) => Readonly<Record<string, unknown>>,
): Record<string, unknown>[] {
  const start = Date.parse(from);
  return Array.from({ length: count }, (_, i) => ({
    at: new Date(start + i * everyMs).toISOString(),
    ...facts(i),
  }));
}
