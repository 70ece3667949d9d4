import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ALERT_KINDS } from '../../src/domain/alert/alert.ts';
import { writeStorybook } from '../support/storybook.ts';

test('the storybook holds every page and the mail of every kind of alert, and its links lead to what it holds', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probity-pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const out = join(folder, 'pages');
  const written = await writeStorybook(out, ['troubled']);
  for (const page of ['overview', 'compare', 'method', 'embed', 'incidents', 'nowhere']) {
    assert.ok(written.includes(`troubled/${page}.html`), page);
  }
  assert.ok(written.some((name) => name.startsWith('troubled/targets-')));
  assert.ok(written.some((name) => name.startsWith('troubled/incidents-')));
  for (const page of ['reports', 'owner', 'statement', 'reports-2027-02-pro', 'owner-reports-2027-02-pro']) {
    assert.ok(written.includes(`reports/${page}.html`), page);
  }
  for (const kind of ALERT_KINDS) {
    for (const told of ['opened', 'reminder', 'recovered'] as const) {
      for (const part of ['html', 'txt']) {
        const name = `mail/${kind.replaceAll('_', '-')}-${told}.${part}`;
        assert.ok(readFileSync(join(out, name), 'utf8').length > 100, name);
      }
    }
  }
  let links = 0;
  for (const name of written.filter((one) => one.endsWith('.html'))) {
    const page = readFileSync(join(out, name), 'utf8').replaceAll('&#x2F;', '/');
    for (const [, to = ''] of page.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (to.startsWith('#') || /^[a-z]+:/.test(to)) continue;
      assert.ok(existsSync(join(out, dirname(name), to.split(/[?#]/)[0] ?? '')), `${to} in ${name}`);
      links += 1;
    }
  }
  assert.ok(links > 100);
});
