import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTimeStamp, readTimeStampAnswer, timeStampRequest } from '../../src/evidence/time-stamp.ts';
import { type Authority, startAuthority } from '../support/time-stamp-authority.ts';

const NOW = Date.UTC(2027, 2, 1, 1);
const HEAD = 'ab'.repeat(32);
const NONCE = Uint8Array.from([0, 200, 3, 4, 5, 6, 7, 8]);

async function ask(authority: Authority, nonce = NONCE): Promise<Uint8Array> {
  const answer = await fetch(authority.url, {
    method: 'POST',
    body: Buffer.from(timeStampRequest(HEAD, nonce)),
  });
  return new Uint8Array(await answer.arrayBuffer());
}

test('a head that an authority stamped is proven to have existed by then', async (t) => {
  const authority = await startAuthority(() => NOW);
  t.after(authority.close);
  const stamp = await readTimeStampAnswer(await ask(authority), HEAD, NONCE, [authority.ca]);
  assert.deepEqual([stamp.at, stamp.authority], [NOW, 'CN=Test TSA']);
  assert.deepEqual(await checkTimeStamp(stamp.token, HEAD, [authority.ca]), {
    at: NOW,
    authority: 'CN=Test TSA',
  });
  assert.ok(!(authority.asked[0]?.includes(HEAD) ?? true), 'not even the head is sent, only its hash');
  await assert.rejects(checkTimeStamp(stamp.token, 'cd'.repeat(32), [authority.ca]), /that of another head/);
  const changed = Buffer.from(stamp.token);
  const at = changed.indexOf('20270301010000Z');
  changed.write('20260301010000Z', at);
  await assert.rejects(checkTimeStamp(changed, HEAD, [authority.ca]), /does not hold/);
  const stranger = await startAuthority(() => NOW);
  t.after(stranger.close);
  await assert.rejects(checkTimeStamp(stamp.token, HEAD, [stranger.ca]), /does not hold/);
  await assert.rejects(
    readTimeStampAnswer(await ask(authority, Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 1])), HEAD, NONCE, [
      authority.ca,
    ]),
    /answers another request/,
  );
});

for (const [behave, complaint] of [
  ['refuses', /the authority refused, status 2/],
  ['answers nonsense', /no time-stamp/],
  ['stamps another hash', /that of another head/],
] as const) {
  test(`an authority that ${behave} has stamped nothing`, async (t) => {
    const authority = await startAuthority(() => NOW);
    t.after(authority.close);
    authority.behave = behave;
    await assert.rejects(readTimeStampAnswer(await ask(authority), HEAD, NONCE, [authority.ca]), complaint);
  });
}

test('a certificate that is not for time-stamping stamps nothing', async (t) => {
  const authority = await startAuthority(() => NOW, '1.3.6.1.5.5.7.3.1');
  t.after(authority.close);
  await assert.rejects(
    readTimeStampAnswer(await ask(authority), HEAD, NONCE, [authority.ca]),
    /not for time-stamping/,
  );
});
