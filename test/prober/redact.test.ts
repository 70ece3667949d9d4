import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanHeaders, createCleaner, secretHeaderValues } from '../../src/prober/redact.ts';

const SECRET = 'my "odd" secret/with+signs';
const clean = createCleaner([SECRET]);

const GONE: Readonly<Record<string, string>> = {
  'the very secret': `key ${SECRET}!`,
  'the secret as JSON writes it': JSON.stringify({ key: SECRET }),
  'the secret as a URL writes it': `?key=${encodeURIComponent(SECRET)}`,
  'an OpenAI key': 'Incorrect API key provided: sk-proj-abcdef0123456789ABCDEF',
  'a key of the ga_ kind': 'ga_abcdef0123456789ABCDEF',
  'a Google key': 'AIzaSyA-abcdef0123456789ABCDEF0123',
  'a GitHub token': 'ghp_abcdef0123456789ABCDEF0123',
  'a bearer header in the text': 'Authorization: Bearer abcdef0123456789ABCDEF',
  'a JSON web token': 'eyJhbGciOiJIUzI1.eyJzdWIiOiIx.abcdef0123456789ABCDEF',
};

for (const [what, text] of Object.entries(GONE)) {
  test(`${what} is redacted`, () => {
    const kept = clean(text, 1_000);
    assert.match(kept, /\[redacted\]/);
    assert.doesNotMatch(kept, /abcdef0123456789ABCDEF|odd|with.*signs/);
  });
}

test('ordinary text about keys is kept', () => {
  const text = 'Your API key is missing: see the risk-free task list, basic plan.';
  assert.equal(clean(text, 1_000), text);
});

test('a key that straddles the cut leaves no half behind', () => {
  const text = `${'x'.repeat(90)} sk-abcdef0123456789ABCDEF0123456789`;
  assert.doesNotMatch(clean(text, 100), /sk-a/);
});

test('a text full of a key, cut anywhere, keeps no half of it', () => {
  const key = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c';
  const { cut, margin, ...rest } = createCleaner([key]);
  assert.deepEqual(rest, {});
  for (let offset = 0; offset < key.length; offset += 1) {
    const piece = `${key}\n`.repeat(200).slice(offset, offset + 2048 + margin);
    for (const keep of ['first', 'last'] as const) {
      const kept = cut(piece, 2048, keep);
      for (let at = 0; at + 6 <= key.length; at += 1) assert.ok(!kept.includes(key.slice(at, at + 6)), kept);
    }
  }
  const long = createCleaner([key])(`${key} `.repeat(200), 2048);
  assert.doesNotMatch(long, /0f1e2d|2d3c/);
});

test('a key that is longer than what is kept leaves nothing of itself', () => {
  const key = 'Zq'.repeat(2000);
  assert.doesNotMatch(createCleaner([key])(`key ${key} refused`, 512), /Zq/);
});

test('ordinary text is not shortened by a cut', () => {
  assert.equal(clean.cut('a plain text', 100, 'first'), 'a plain text');
  assert.equal(clean.cut('a plain text', 4, 'last'), 'text');
});

test('a header whose name is the key does not keep it', () => {
  assert.deepEqual(cleanHeaders({ 'x-0f1e2d3c4b5a': '1' }, createCleaner(['0f1e2d3c4b5a'])), {
    'x-[redacted]': '1',
  });
});

test('no text, wherever the secret stands in it, keeps the secret or grows beyond its bound', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 0, max: 200 }), (before, behind, bound) => {
      const kept = clean(`${before}${SECRET}${behind}`, bound);
      assert.ok(!kept.includes(SECRET));
      assert.ok(kept.length <= bound);
    }),
  );
});

test('credentials among the headers the operator sends are known by their names', () => {
  const headers = { 'x-team': 'platform', 'x-portkey-api-key': 'pk-1', 'Proxy-Authorization': 'Basic abcd' };
  assert.deepEqual(secretHeaderValues(headers), ['pk-1', 'abcd']);
});

test('headers that carry credentials keep their name only', () => {
  const kept = cleanHeaders(
    {
      Authorization: 'Bearer x',
      'set-cookie': ['a=1', 'b=2'],
      'x-api-key': 'x',
      'api-key': 'x',
      cookie: 'c',
      'x-note': `it was ${SECRET}`,
      'x-twice': ['one', 'two'],
    },
    clean,
  );
  assert.deepEqual(kept, {
    authorization: '[redacted]',
    'set-cookie': '[redacted]',
    'x-api-key': '[redacted]',
    'api-key': '[redacted]',
    cookie: '[redacted]',
    'x-note': 'it was [redacted]',
    'x-twice': 'one, two',
  });
});

test('hostile headers are bounded in number and length, and a __proto__ among them is only a name', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, 'y'.repeat(10_000)]));
  const kept = cleanHeaders(many, clean);
  assert.equal(Object.keys(kept).length, 100);
  assert.ok(Object.values(kept).every((value) => value.length === 512));
  const odd = cleanHeaders(JSON.parse('{"__proto__": "z"}'), clean);
  assert.deepEqual(Object.keys(odd), ['__proto__']);
  assert.equal(Object.getPrototypeOf(odd), Object.prototype);
});
