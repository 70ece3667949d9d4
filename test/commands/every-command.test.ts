import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { COMMANDS } from '../../src/commands/every-command.ts';

const WORLD = { now: () => 0, env: {}, out: () => {}, err: () => {} };

test('a command answers to the name it is looked up by, and to no other', async () => {
  for (const [name, load] of COMMANDS) {
    const program = new Command();
    (await load())(program, WORLD);
    const answering = program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
    assert.deepEqual(answering, [name]);
  }
});
