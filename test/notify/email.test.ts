import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryResult, Letter } from '../../src/domain/alert/letter.ts';
import { letterOf, messageIdOf } from '../../src/domain/alert/letter.ts';
import { notice } from '../../src/domain/alert/message.ts';
import { createMailer, type SmtpSettings } from '../../src/notify/email.ts';
import { START } from '../support/alert-builders.ts';
import { type Behaviour, type MailServer, startMailServer } from '../support/mail-server.ts';

function letter(fields: Partial<Letter> = {}): Letter {
  const message = notice({
    key: '20260302-abc:1',
    topic: 'opened',
    severity: 'page',
    at: START,
    practice: false,
    subject: 'Down: a (pro), since 03:00 UTC',
    headline: 'acme/pro/a: fails.',
  });
  return {
    ...letterOf(message, 'ada@oncall.example', 'watch.example', {
      text: 'It fails.\n',
      html: '<p>It fails.</p>',
    }),
    ...fields,
  };
}

async function withServer(
  behaviour: Behaviour,
  body: (server: MailServer, send: (one: Letter) => Promise<DeliveryResult>) => Promise<void>,
  change: (settings: SmtpSettings) => SmtpSettings = (settings) => settings,
): Promise<void> {
  const server = await startMailServer(behaviour);
  const mailer = createMailer(change(server.settings));
  try {
    await body(server, mailer.send);
  } finally {
    mailer.close();
    await server.close();
  }
}

for (const security of ['plain', 'starttls', 'tls'] as const) {
  test(`a letter arrives over ${security} with both parts, its own id and its own date`, async () => {
    await withServer({ security }, async ({ received }, send) => {
      assert.deepEqual(await send(letter()), { kind: 'delivered' });
      const [first] = received;
      assert.ok(first);
      assert.deepEqual(first.recipients, ['ada@oncall.example']);
      assert.equal(first.mail.subject, 'Down: a (pro), since 03:00 UTC');
      assert.equal(first.mail.from?.address, 'probity@watch.example');
      assert.equal(first.mail.text?.trim(), 'It fails.');
      assert.equal(first.mail.html?.trim(), '<p>It fails.</p>');
      assert.equal(first.mail.messageId, '<20260302-abc.1@watch.example>');
      assert.equal(Date.parse(first.mail.date ?? ''), START);
      const headers = Object.fromEntries(first.mail.headers.map(({ key, value }) => [key, value]));
      assert.equal(headers['auto-submitted'], 'auto-generated');
      assert.equal(headers['x-probity-severity'], 'page');
    });
  });
}

test('login and password are used, over TLS only', async () => {
  const auth = { user: 'probity', password: 'pässword with spaces' };
  await withServer({ security: 'starttls', auth }, async ({ received }, send) => {
    assert.deepEqual(await send(letter()), { kind: 'delivered' });
    assert.equal(received.length, 1);
  });
});

test('a wrong password is worth another try, for the operator can mend it; the password is not in the reason', async () => {
  await withServer(
    { security: 'tls', auth: { user: 'probity', password: 'right' } },
    async ({ received }, send) => {
      const result = await send(letter());
      assert.equal(result.kind, 'retry');
      assert.ok(
        result.kind === 'retry' &&
          /refused our login/.test(result.reason) &&
          !result.reason.includes('wrong-one'),
      );
      assert.equal(received.length, 0);
    },
    (settings) => ({ ...settings, auth: { user: 'probity', password: 'wrong-one' } }),
  );
});

for (const security of ['starttls', 'tls'] as const) {
  test(`a certificate nobody vouches for is refused over ${security}`, async () => {
    await withServer(
      { security },
      async ({ received }, send) => {
        const result = await send(letter());
        assert.ok(
          result.kind === 'retry' && /self-signed|certificate/i.test(result.reason),
          JSON.stringify(result),
        );
        assert.equal(received.length, 0);
      },
      (settings) => ({ ...settings, ca: null }),
    );
  });
}

test('a certificate for another name is refused', async () => {
  await withServer(
    { security: 'tls', host: '127.0.0.2' },
    async (_server, send) => {
      const result = await send(letter());
      assert.ok(
        result.kind === 'retry' && /altnames|does not match/i.test(result.reason),
        JSON.stringify(result),
      );
    },
    // 127.0.0.2 is the same server by an address its certificate does not name.
    (settings) => ({ ...settings, host: '127.0.0.2' }),
  );
});

test('a server that offers no STARTTLS gets no letter where STARTTLS is asked for', async () => {
  await withServer(
    { security: 'plain' },
    async ({ received }, send) => {
      assert.equal((await send(letter())).kind, 'retry');
      assert.equal(received.length, 0);
    },
    (settings) => ({ ...settings, security: 'starttls' }),
  );
});

test('a 4xx is worth another try, and the next one is accepted under the same Message-ID', async () => {
  const afterData: Behaviour['afterData'] = (attempt) =>
    attempt === 1 ? { code: 451, text: 'try again later' } : 'accept';
  await withServer({ afterData }, async ({ received }, send) => {
    const first = await send(letter());
    assert.ok(first.kind === 'retry' && /451/.test(first.reason));
    assert.deepEqual(await send(letter()), { kind: 'delivered' });
    assert.deepEqual(
      received.map(({ mail }) => mail.messageId),
      ['<20260302-abc.1@watch.example>'],
    );
  });
});

test('greylisting: the recipient is refused for now, and taken at the second try', async () => {
  const refuse: Behaviour['refuse'] = (_to, attempt) =>
    attempt === 1 ? { code: 450, text: '4.2.0 greylisted, come back in 5 minutes' } : null;
  await withServer({ refuse }, async ({ received }, send) => {
    assert.equal((await send(letter())).kind, 'retry');
    assert.equal((await send(letter())).kind, 'delivered');
    assert.equal(received.length, 1);
  });
});

test('an unknown mailbox is rejected for good', async () => {
  const refuse: Behaviour['refuse'] = () => ({ code: 550, text: '5.1.1 no such user' });
  await withServer({ refuse }, async (_server, send) => {
    const result = await send(letter());
    assert.ok(result.kind === 'rejected' && /no such user/.test(result.reason));
  });
});

test('a content filter that rejects the message rejects it for good', async () => {
  await withServer({ afterData: () => ({ code: 554, text: 'spam' }) }, async (_server, send) => {
    assert.equal((await send(letter())).kind, 'rejected');
  });
});

test('a connection dropped after DATA may have delivered: it is tried again, under the same Message-ID', async () => {
  const afterData: Behaviour['afterData'] = (attempt) => (attempt === 1 ? 'drop' : 'accept');
  await withServer({ afterData }, async ({ received }, send) => {
    assert.equal((await send(letter())).kind, 'retry');
    assert.equal((await send(letter())).kind, 'delivered');
    assert.equal(received.length, 2);
    assert.equal(new Set(received.map(({ mail }) => mail.messageId)).size, 1);
  });
});

test('a server that is not there is worth another try', async () => {
  const server = await startMailServer();
  await server.close();
  const mailer = createMailer(server.settings);
  const result = await mailer.send(letter());
  mailer.close();
  assert.ok(result.kind === 'retry' && /ECONNREFUSED/.test(result.reason), JSON.stringify(result));
});

test('a server that accepts the connection and says nothing runs into our deadline', async () => {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const mailer = createMailer({
    host: '127.0.0.1',
    port,
    security: 'plain',
    auth: null,
    from: 'probity@watch.example',
    ca: null,
    timeoutMs: 50,
  });
  const result = await mailer.send(letter());
  assert.equal(result.kind, 'retry');
  mailer.close();
  for (const socket of sockets) socket.destroy();
  mute.close();
});

test('8-bit text, long lines and a line with a single dot arrive as they were written', async () => {
  const text = [
    'Grüße — 数字 ≥ 99,9 %; 🙂',
    'x'.repeat(5_000),
    '.',
    '..two dots',
    'From here it goes on',
    ' trailing spaces   ',
    'Ω'.repeat(2_000),
    'end',
  ].join('\n');
  const subject = 'Nieder: Gürteltier 数字 🙂, seit 03:00 UTC';
  await withServer({}, async ({ received }, send) => {
    await send(letter({ text, subject, html: `<p>${text}</p>` }));
    const [first] = received;
    assert.equal(first?.mail.subject, subject);
    assert.equal(first?.mail.text?.replaceAll('\r\n', '\n').trimEnd(), text);
    assert.ok(first?.mail.html?.includes('数字'));
    const lines = first?.raw.toString('latin1').split('\r\n') ?? [];
    assert.ok(
      lines.every((line) => line.length <= 998),
      'no line longer than RFC 5322 allows',
    );
    assert.ok(
      Buffer.from(lines.join(''), 'latin1').every((byte) => byte < 128),
      'nothing but seven bits on the wire',
    );
  });
});

test('neither subject, address nor header can smuggle in another header or recipient', async () => {
  await withServer({}, async ({ received }, send) => {
    await send(
      letter({
        subject: 'Down\r\nBcc: eve@evil.example\r\n\r\nhello',
        headers: { 'X-Probity-Incident': 'a\r\nBcc: eve@evil.example' },
        messageId: messageIdOf('a>\r\nBcc: eve@evil.example', 'watch.example'),
      }),
    );
    const [first] = received;
    assert.deepEqual(first?.recipients, ['ada@oncall.example']);
    assert.equal(first?.mail.bcc, undefined);
    assert.ok(!first?.mail.headers.some(({ key }) => key === 'bcc'));
  });
});

for (const to of [
  'ada@oncall.example, eve@evil.example',
  'ada@oncall.example\r\nRCPT TO:<eve@evil.example>',
]) {
  test(`the address ${JSON.stringify(to)} reaches no second mailbox`, async () => {
    await withServer({}, async ({ received }, send) => {
      const result = await send(letter({ to }));
      assert.ok(
        !received.some(({ recipients }) => recipients.some((one) => one === 'eve@evil.example')),
        JSON.stringify([result, received[0]?.recipients]),
      );
    });
  });
}

test('a letter that belongs to a thread names its first message', async () => {
  const message = {
    ...notice({
      key: 'i:3',
      topic: 'opened',
      severity: 'page',
      at: START,
      practice: false,
      subject: 's',
      headline: 'h',
    }),
    thread: 'i',
  };
  await withServer({}, async ({ received }, send) => {
    await send(letterOf(message, 'ada@oncall.example', 'watch.example', { text: 't', html: null }));
    assert.equal(received[0]?.mail.messageId, '<i.3@watch.example>');
    assert.equal(received[0]?.mail.inReplyTo, '<i.1@watch.example>');
    assert.equal(received[0]?.mail.references, '<i.1@watch.example>');
    assert.equal(received[0]?.mail.html, undefined);
  });
});

test('two hundred letters to two hundred mailboxes go over the pool, each to its own', async () => {
  await withServer({ security: 'starttls' }, async ({ received }, send) => {
    const mailboxes = Array.from({ length: 200 }, (_, index) => `person${index}@oncall.example`);
    const results = await Promise.all(mailboxes.map((to) => send(letter({ to }))));
    assert.ok(results.every(({ kind }) => kind === 'delivered'));
    assert.deepEqual(received.map(({ recipients }) => recipients.join()).sort(), [...mailboxes].sort());
    assert.equal(new Set(received.map(({ mail }) => mail.messageId)).size, 1);
  });
});

/** A server that answers DATA a little at a time and never to the end, so that it is never silent. */
async function dripping(drop: string): Promise<{ port: number; open: () => number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let timer: NodeJS.Timeout | undefined;
    socket.on('close', () => {
      clearInterval(timer);
      sockets.delete(socket);
    });
    socket.write('220 hello\r\n');
    let isData = false;
    createInterface({ input: socket }).on('line', (line) => {
      if (isData && line === '.') timer = setInterval(() => socket.write(drop), 10);
      else if (!isData) socket.write(line === 'DATA' ? '354 go on\r\n' : '250 ok\r\n');
      isData ||= line === 'DATA';
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

for (const drop of ['x', '250-going on\r\n']) {
  test(`a server that drips ${JSON.stringify(drop)} holds no letter, the letters behind it are tried as well, and its connections are let go`, async () => {
    const server = await dripping(drop);
    const mailer = createMailer({
      host: '127.0.0.1',
      port: server.port,
      security: 'plain',
      auth: null,
      from: 'probity@watch.example',
      ca: null,
      timeoutMs: 100,
    });
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) => mailer.send(letter({ to: `${name}@x.example` }))),
    );
    assert.ok(results.every(({ kind }) => kind === 'retry'));
    const reason = 'the mail server took longer than 0.2 s over one letter';
    assert.ok(results.some((result) => result.kind === 'retry' && result.reason === reason));
    while (server.open() > 0) await delay(5);
    mailer.close();
    server.close();
  });
}
