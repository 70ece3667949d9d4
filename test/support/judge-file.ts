import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Command } from 'commander';
import { registerEvaluate } from '../../src/commands/evaluate.ts';
import { OperatorError } from '../../src/commands/world.ts';
import type { Evaluation } from '../../src/domain/contract/evaluation.ts';

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

export type Said = { readonly code: number; readonly out: string; readonly err: string };

/** Runs `evaluate` with these arguments in this process: one at a time, since a process has one exit code. */
export async function evaluateHere(args: readonly string[]): Promise<Said> {
  let out = '';
  let err = '';
  const program = new Command().exitOverride();
  registerEvaluate(program, {
    now: () => Date.UTC(2026, 10, 21),
    env: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  const before = process.exitCode;
  try {
    await program.parseAsync(['evaluate', ...args], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out, err };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { code: error.exitCode, out, err: `${err}${error.message}\n` };
  } finally {
    process.exitCode = before;
  }
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
  if (code === 2) throw new Error(err);
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
