import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { registerProbe } from '../../src/commands/probe.ts';
import { OperatorError, type World } from '../../src/commands/world.ts';

const PRACTICE = join(import.meta.dirname, '../../probes/practice');

async function run(...args: string[]): Promise<string> {
  const written: string[] = [];
  const world: World = {
    now: Date.now,
    env: { COLUMNS: '80' },
    out: (text) => void written.push(text),
    err: () => {},
  };
  const program = new Command().exitOverride();
  registerProbe(program, world);
  await program.parseAsync(['probe', ...args], { from: 'user' });
  process.exitCode = 0;
  return written.join('');
}

test('one probe of one target is drawn, found by the end of its name', async () => {
  const drawn = await run('pro/Qwen/Qwen3-32B', PRACTICE);
  assert.match(drawn, /^practice\/pro\/Qwen\/Qwen3-32B/m);
  assert.match(drawn, /x-client-request-id +probity-[0-9a-f]{32}/);
});

test('as JSON it is the sample and everything observed', async () => {
  const { sample, observation } = JSON.parse(await run('pro/Qwen/Qwen3-32B', PRACTICE, '--cold', '--json'));
  assert.equal(sample.target, 'practice/pro/Qwen/Qwen3-32B');
  assert.equal(sample.status, observation.status);
  assert.equal(observation.connection.reused, false);
});

const WRONG: Readonly<Record<string, readonly [args: string[], message: RegExp]>> = {
  'a name that fits several targets lists them': [
    ['Qwen3'],
    /more than one target fits "Qwen3":\n {2}practice\//,
  ],
  'a name that fits none lists what there is': [['nothing'], /no target fits "nothing":\n {2}practice\//],
  'a probe the target does not have is refused with those it has': [
    ['pro/Qwen/Qwen3-32B', '--probe', 'nope'],
    /has no probe "nope"; it has chat-stream/,
  ],
};

for (const [sentence, [args, message]] of Object.entries(WRONG)) {
  test(sentence, async () => {
    const [wanted = '', ...rest] = args;
    await assert.rejects(run(wanted, PRACTICE, ...rest), (error: unknown) => {
      assert.ok(error instanceof OperatorError);
      assert.match(error.message, message);
      return true;
    });
  });
}
