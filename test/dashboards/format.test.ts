import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatCount,
  formatMoney,
  formatPpm,
  formatShare,
  formatUs,
  shorten,
  timesIn,
} from '../../dashboards/format.ts';
import { html } from '../../dashboards/html.ts';
import { visible } from '../../dashboards/visible.ts';

const plain = (text: string): string => text.replaceAll('\u202f', ' ');

test('uptime is rounded down, never in favour of the provider', () => {
  assert.equal(plain(formatShare(9_999, 10_001)), '99.98 %');
  assert.equal(plain(formatShare(43_199, 43_200)), '99.99 %');
  assert.equal(plain(formatShare(999_999_999, 1_000_000_000)), '99.99 %');
  assert.equal(plain(formatShare(60, 60)), '100 %');
  assert.equal(plain(formatShare(0, 60)), '0 %');
  assert.equal(plain(formatShare(59, 60)), '98.33 %');
  assert.equal(plain(formatShare(1, 2_000)), '0.05 %');
});

test('no data is a dash, never zero', () => {
  assert.equal(formatShare(0, 0), '—');
  assert.equal(formatUs(null), '—');
});

test('a share is shown as 100 % only if all of it is there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900_000_000 }), fc.nat(900_000_000), (whole, seed) => {
      const part = seed % (whole + 1);
      assert.equal(plain(formatShare(part, whole)) === '100 %', part === whole);
    }),
  );
});

test('latency is rounded up to the digit shown', () => {
  assert.equal(plain(formatUs(1)), '1 ms');
  assert.equal(plain(formatUs(500_000)), '500 ms');
  assert.equal(plain(formatUs(500_001)), '501 ms');
  assert.equal(plain(formatUs(999_000)), '999 ms');
  assert.equal(plain(formatUs(999_001)), '1.00 s');
  assert.equal(plain(formatUs(1_000_000)), '1.00 s');
  assert.equal(plain(formatUs(1_000_001)), '1.01 s');
  assert.equal(plain(formatUs(9_990_001)), '10.0 s');
  assert.equal(plain(formatUs(60_000_000)), '60.0 s');
});

test('a latency shown is never below the one measured', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600_000_000 }), (us) => {
      const [number, unit] = plain(formatUs(us)).split(' ');
      assert.ok(Math.round(Number(number) * (unit === 'ms' ? 1_000 : 1_000_000)) >= us);
    }),
  );
});

test('targets are shown in full', () => {
  assert.deepEqual([999_000, 999_500, 999_900, 1_000_000, 990_000, 999_999].map(formatPpm).map(plain), [
    '99.9 %',
    '99.95 %',
    '99.99 %',
    '100 %',
    '99 %',
    '99.9999 %',
  ]);
});

test('counts are grouped', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(formatCount).map(plain), [
    '0',
    '999',
    '1 000',
    '1 234 567',
  ]);
});

test('a long name keeps both ends', () => {
  assert.equal(shorten('short', 5), 'short');
  assert.equal(shorten('abcdefghij', 7), 'abcd…ij');
  assert.equal([...shorten('😀'.repeat(50_000), 20)].length, 20);
});

test('instants are printed in the zone of the page, also where summer time ends', () => {
  const berlin = timesIn('Europe/Berlin');
  assert.equal(berlin.full(Date.UTC(2026, 9, 25, 0, 59, 59)), '2026-10-25 02:59:59');
  assert.equal(berlin.full(Date.UTC(2026, 9, 25, 1, 0, 0)), '2026-10-25 02:00:00');
  assert.equal(timesIn('UTC').clock(Date.UTC(2026, 0, 1)), '00:00:00');
});

test('characters that steer the text around them are made visible', () => {
  assert.equal(visible('a\u202Eb\u0000c\u200Bd\u2066e'), 'a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d⟨U+2066⟩e');
  assert.equal(visible('tab\tand line\nstay, Ünïcödé 模型 too'), 'tab\tand line\nstay, Ünïcödé 模型 too');
  assert.equal(visible('\ud800'), '\ufffd');
});

test('whatever is put into a page, no markup of it comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const page = html`<p title="${text}">${[text, text]}</p>`.toString();
      assert.equal(page.match(/[<>]/g)?.length, 4);
      assert.equal(page.match(/"/g)?.length, 2);
    }),
  );
});

test('nothing prints nothing', () => {
  assert.equal(html`<p>${null}${undefined}${false}${0}${''}</p>`.toString(), '<p>0</p>');
});

const MONEY: readonly (readonly [nanos: number, shown: string])[] = [
  [0, '0.00 USD'],
  [1, '0.000000001 USD'],
  [15_001, '0.000016 USD'],
  [9_999_999, '0.0100 USD'],
  [10_000_000, '0.01 USD'],
  [10_000_001, '0.02 USD'],
  [5_000_000_000, '5.00 USD'],
];
for (const [nanos, shown] of MONEY) {
  test(`${nanos} nanos print as ${shown}, never as less than they are`, () => {
    assert.equal(formatMoney(nanos, 'USD').replace('\u202f', ' '), shown);
  });
}
