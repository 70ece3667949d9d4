import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openData } from '../../src/commands/open-data.ts';
import { readLinkKey } from '../../src/commands/run/link-key.ts';
import { signingKeyIn } from '../../src/commands/signing-key-in.ts';
import { OperatorError } from '../../src/commands/world.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'probity-damaged-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof OperatorError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  assert.fail('it was not refused');
}

test('a mistyped data folder is refused and not made: "no incidents" would be believed', (t) => {
  const folder = join(temporaryFolder(t), 'dtaa');
  assert.match(
    refusal(() => openData(folder)),
    /^there is no Probity data in .*dtaa; name the folder/,
  );
  assert.equal(existsSync(folder), false);
});

for (const [file, open] of [
  ['link.key', readLinkKey],
  ['signing-key.pem', signingKeyIn],
] as const) {
  test(`a ${file} that a full disk or a bad copy left empty is told in one line that names it`, (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, file), '');
    assert.ok(refusal(() => open(folder)).startsWith(join(folder, file)));
  });

  test(`the first ${file} appears whole, and nothing is left beside it`, (t) => {
    const folder = temporaryFolder(t);
    assert.deepEqual(open(folder), open(folder));
    assert.deepEqual(readdirSync(folder), [file]);
  });
}
