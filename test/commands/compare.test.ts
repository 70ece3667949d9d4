import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { registerCompare } from '../../src/commands/compare.ts';
import { openDataToProbe } from '../../src/commands/open-data.ts';
import type { Outcome } from '../../src/domain/measure/outcome.ts';
import { type Target, targetId } from '../../src/domain/measure/target.ts';
import { declaration, MINUTE, MONDAY, sample } from '../store/builders.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'probity-compare-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

function tierTarget(tier: string): Target {
  return {
    id: targetId('acme', tier, 'chat-small'),
    gateway: 'acme',
    tier,
    model: 'chat-small',
    requestModel: 'chat-small',
    formerIds: [],
  };
}

const TICKS = 1440;

/** A day of both tiers: pro answers in half the time and never fails, standard fails every hundredth request. */
async function fill(): Promise<void> {
  const { store, close } = openDataToProbe(FOLDER);
  const targets = ['pro', 'standard'].map(tierTarget);
  await store.declareSeries(
    targets.map((one) => declaration('chat-small', { target: one })),
    MONDAY,
  );
  const samples = targets.flatMap((one) =>
    Array.from({ length: TICKS }, (_, i) => {
      const fails = one.tier === 'standard' && i % 100 === 99;
      const outcome: Outcome = fails ? 'gateway.5xx' : i === 7 ? 'config.auth' : 'ok';
      const spread = ((i * 7919) % 1000) * 100;
      return sample({
        target: one.id,
        scheduledAt: MONDAY + i * MINUTE,
        outcome,
        ttftUs: outcome === 'ok' ? (one.tier === 'pro' ? 200_000 : 400_000) + spread : null,
      });
    }),
  );
  await store.record({ samples, notRun: [] });
  await close();
}

async function run(...args: readonly string[]): Promise<string> {
  let out = '';
  const program = new Command().exitOverride();
  registerCompare(program, {
    now: () => MONDAY + TICKS * MINUTE,
    env: {},
    out: (text) => {
      out += text;
    },
    err: () => {},
  });
  await program.parseAsync(['compare', ...args, '--data', FOLDER], { from: 'user' });
  return out;
}

test('a tier that is faster and fails less is found to be, with figures and price', async () => {
  await fill();
  const { pairs } = JSON.parse(
    await run('pro', 'standard', '--window', '1d', '--prices', '0.50,0.25', '--json'),
  );
  assert.equal(pairs.length, 1);
  const [pro, standard] = pairs[0].comparison.tiers;
  assert.deepEqual([pro.n, pro.failures], [TICKS - 1, 0], 'a refused key is no failure of the tier');
  assert.deepEqual([standard.n, standard.failures, standard.p99], [TICKS - 1, 14, 499.9]);
  assert.equal(pairs[0].comparison.difference.better, 'first');
  assert.equal(pairs[0].comparison.failures.better, 'first');
  const text = await run('pro', 'standard', '--window', '1d', '--prices', '0.50,0.25');
  assert.match(text, /^chat-small at acme, chat-stream$/m);
  assert.match(text, /pro is faster in the tail than standard/);
  assert.match(text, /pro costs 2 times as much and is measurably better\.$/m);
  assert.match(text, /uptime 99\.027 % \(14 of 1439 failed\)/);
});

test('the same seed prints the same figures', async () => {
  assert.equal(await run('pro', 'standard', '--seed', '4'), await run('pro', 'standard', '--seed', '4'));
});

test('a tier nobody measured, one tier twice, and options that are none are told', async () => {
  await assert.rejects(
    run('gold', 'standard'),
    /no model was measured at both gold and standard; tiers measured: pro, standard/,
  );
  await assert.rejects(run('pro', 'pro'), /expected two different tiers/);
  await assert.rejects(run('pro', 'standard', '--window', 'long'), /--window: expected a duration/);
  await assert.rejects(run('pro', 'standard', '--prices', '1'), /--prices: expected two numbers/);
  await assert.rejects(run('pro', 'standard', '--metric', 'speed'), /--metric: expected ttft or total/);
  await assert.rejects(run('pro', 'standard', '--threshold', '-1'), /--threshold: expected a number above 0/);
});
