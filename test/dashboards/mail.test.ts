import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlPart } from '../../dashboards/mail/html-part.ts';
import { textPart } from '../../dashboards/mail/text-part.ts';
import { type Message, messageOf } from '../../src/domain/alert/message.ts';
import { evaluation, facts, only, START, story } from '../support/alert-builders.ts';

const LINKS = {
  page: 'https://watch.example/incidents/x',
  acknowledge: 'https://watch.example/incidents/x/acknowledge?token=a&b="c"',
};

function message(cells: readonly string[], finding = 'fails', requestId: string | null = 'req_7'): Message {
  const { step, incidents } = story();
  step(
    START,
    cells.map((cell) =>
      evaluation(cell, 'bad', START, {
        facts: facts(finding, {
          failures: [{ at: START, outcome: 'gateway.5xx', status: 503, requestId, region: 'here' }],
        }),
      }),
    ),
  );
  return messageOf(only(incidents), { told: 'opened', sequence: 1 }, START, true);
}

/** What a mail client shows of character references. */
function unescaped(html: string): string {
  return html
    .replace(/&#x([0-9a-f]+);/gi, (_whole, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

test('both parts say the same facts', () => {
  const one = message(['acme/pro/a', 'acme/pro/b']);
  const [text, html] = [textPart(one, LINKS), unescaped(htmlPart(one, LINKS))];
  const wanted = [one.headline, 'acme/pro/a', 'acme/pro/b', 'req_7', ...one.facts.map((fact) => fact.text)];
  for (const said of wanted) {
    assert.ok(text.includes(said), `text: ${said}`);
    assert.ok(html.includes(said), `html: ${said}`);
  }
});

test('provider text stays text', () => {
  const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&';
  const html = htmlPart(message([`acme/pro/${hostile}`, 'acme/pro/b'], hostile, hostile), LINKS);
  assert.ok(!html.includes('<script'));
  assert.ok(!html.includes('<img'));
  assert.ok(html.includes('&lt;script&gt;'));
});

test('a link cannot break out of its attribute', () => {
  const html = htmlPart(message(['acme/pro/a']), LINKS);
  const targets = [...html.matchAll(/href="([^"]*)"/g)].map((match) => unescaped(match[1] ?? ''));
  assert.deepEqual(targets, [LINKS.acknowledge, LINKS.page]);
});

test('nothing is fetched, run or embedded', () => {
  const html = htmlPart(message(['acme/pro/a']), LINKS);
  assert.doesNotMatch(html, /<(img|script|link|iframe|object|form)\b|url\(|@import|javascript:/i);
});

test('a mail about a thousand cells is under a hundred kilobytes, both parts together', () => {
  const cells = Array.from(
    { length: 1_000 },
    (_, index) => `acme/pro/${'long-model-name-'.repeat(10)}${index}`,
  );
  const one = message(cells, 'x'.repeat(500));
  const bytes = Buffer.byteLength(textPart(one, LINKS)) + Buffer.byteLength(htmlPart(one, LINKS));
  // Base64, the worst a mail program may choose, makes four bytes of three.
  assert.ok((bytes * 4) / 3 < 160_000, String(bytes));
  assert.ok(
    Buffer.byteLength(htmlPart(one, LINKS)) < 100_000,
    String(Buffer.byteLength(htmlPart(one, LINKS))),
  );
});

test('the state is a word, not only a colour', () => {
  const one = message(['acme/pro/a']);
  assert.match(htmlPart(one, LINKS), /PAGE · /);
  assert.match(htmlPart({ ...one, topic: 'recovered' }, LINKS), /OVER · /);
});

test('a message without links has none', () => {
  const html = htmlPart(message(['acme/pro/a']), { page: null, acknowledge: null });
  assert.ok(!html.includes('<a '));
});
