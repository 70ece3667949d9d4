import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAssets } from '../../src/web/assets.ts';

const PARTS = join(import.meta.dirname, '../../dashboards/style');

test('every part of the style is served, once, and what fits a page to paper after all else', () => {
  const { names, files } = loadAssets();
  const served = files.get(names.style)?.bytes.toString() ?? '';
  const parts = readdirSync(PARTS).map((name) => readFileSync(join(PARTS, name), 'utf8'));
  for (const part of parts) assert.equal(served.split(part).length, 2, part.slice(0, 60));
  assert.equal(served.length, parts.join('').length);
  assert.ok(served.endsWith(readFileSync(join(PARTS, 'print.css'), 'utf8')));
});
