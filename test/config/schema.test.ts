import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonSchema } from '../../src/config/schema.ts';

const PROBES = join(import.meta.dirname, '../../probes');

test('the committed schema is the one the program prints (probity schema > probes/schema.json, then npm run format)', () => {
  const committed: unknown = JSON.parse(readFileSync(join(PROBES, 'schema.json'), 'utf8'));
  assert.deepEqual(committed, jsonSchema());
});

test('every key of a deployment that is not obvious has a description for the editor', () => {
  const schema = jsonSchema() as { properties: Record<string, { description?: string }> };
  assert.equal(schema.properties.region?.description, 'Where we stand when we measure');
  const gateway = schema.properties.gateway as {
    anyOf: { properties?: Record<string, { description?: string }> }[];
  };
  const keys = Object.entries(gateway.anyOf[0]?.properties ?? {});
  assert.deepEqual(
    keys.filter(([, value]) => value.description === undefined),
    [],
  );
});

for (const deployment of ['practice', 'global-apis']) {
  test(`every file of ${deployment} tells the editor where the schema is`, () => {
    const folder = join(PROBES, deployment);
    const files = readdirSync(folder);
    assert.ok(files.length > 0);
    for (const file of files) {
      const [first] = readFileSync(join(folder, file), 'utf8').split('\n');
      assert.equal(first, '# yaml-language-server: $schema=../schema.json', file);
    }
  });
}
