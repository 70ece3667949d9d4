import assert from 'node:assert/strict';
import { Command } from 'commander';
import { COMMANDS } from '../../src/commands/every-command.ts';
import { OperatorError, type World } from '../../src/commands/world.ts';

/** What a command came to. */
export type Said = { readonly code: number; readonly out: string; readonly err: string };

/**
 * Runs one command line in this process, which costs a fraction of starting the program. One at a time: a process has
 * one exit code. Rejects with anything else, a wrong option included.
 *
 * @param words the command's name and its arguments
 */
export async function commandLine(words: readonly string[], world: Partial<World> = {}): Promise<Said> {
  let out = '';
  let err = '';
  const load = COMMANDS.get(words[0] ?? '');
  assert.ok(load, `there is no command ${words[0]}`);
  const program = new Command('probity').exitOverride();
  (await load())(program, {
    now: Date.now,
    env: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    ...world,
  });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(words, { from: 'user' });
    return { code: Number(process.exitCode), out, err };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { code: error.exitCode, out, err: `${err}${error.message}\n` };
  } finally {
    process.exitCode = before;
  }
}
