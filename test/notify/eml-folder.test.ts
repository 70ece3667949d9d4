import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import PostalMime from 'postal-mime';
import { type Letter, letterOf } from '../../src/domain/alert/letter.ts';
import { notice } from '../../src/domain/alert/message.ts';
import { createEmlFolder } from '../../src/notify/eml-folder.ts';
import { START } from '../support/alert-builders.ts';

function letter(to: string): Letter {
  const message = notice({
    key: '20260302-abc:1',
    topic: 'test',
    severity: 'ticket',
    at: START,
    practice: true,
    subject: 'Grüße',
    headline: 'hello',
  });
  return letterOf(message, to, 'watch.example', { text: 'Grüße aus Köln\n', html: null });
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'probity-mail-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a letter becomes one file that a mail parser reads; the same letter again stays one file', async () => {
  await inFolder(async (folder) => {
    const mail = join(folder, 'mail');
    const send = createEmlFolder(mail, 'Probity <probity@watch.example>');
    assert.deepEqual(await send(letter('ada@oncall.example')), { kind: 'delivered' });
    assert.deepEqual(await send(letter('ada@oncall.example')), { kind: 'delivered' });
    assert.deepEqual(readdirSync(mail), ['2026-03-02-030000_20260302-abc.1_ada@oncall.example.eml']);
    assert.equal(statSync(mail).mode & 0o777, 0o700);
    const parsed = await PostalMime.parse(readFileSync(join(mail, readdirSync(mail)[0] ?? '')));
    assert.equal(parsed.subject, '[practice] Grüße');
    assert.equal(parsed.text?.trim(), 'Grüße aus Köln');
    assert.equal(parsed.messageId, '<20260302-abc.1@watch.example>');
    assert.equal(parsed.to?.[0]?.address, 'ada@oncall.example');
  });
});

test('an address cannot name a file elsewhere', async () => {
  await inFolder(async (folder) => {
    const mail = join(folder, 'mail');
    await createEmlFolder(mail, 'probity@watch.example')(letter('../../ada/x@oncall.example'));
    assert.deepEqual(readdirSync(folder), ['mail']);
    assert.equal(readdirSync(mail).length, 1);
  });
});

test('a folder that cannot be made is worth another try', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'mail'), 'a file in the way');
    const result = await createEmlFolder(
      join(folder, 'mail'),
      'probity@watch.example',
    )(letter('a@b.example'));
    assert.equal(result.kind, 'retry');
  });
});
