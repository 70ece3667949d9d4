import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createProber, type Prober, type ProberOptions } from '../../src/prober/prober.ts';
import { attemptAt } from '../support/attempts.ts';
import { probeAndJudge } from '../support/judged-probe.ts';
import {
  type GatewayOptions,
  type MisbehavingGateway,
  startMisbehavingGateway,
  testCertificate,
} from '../support/misbehaving-gateway.ts';

const WALL_CLOCK = (): number => Date.UTC(2026, 9, 1);
const AUTHORITY = testCertificate('authority.pem');

async function gatewayFor(t: TestContext, options: GatewayOptions = {}): Promise<MisbehavingGateway> {
  const gateway = await startMisbehavingGateway(options);
  t.after(() => gateway.close());
  return gateway;
}

function proberFor(t: TestContext, options: Partial<ProberOptions> = {}): Prober {
  const prober = createProber({ wallClock: WALL_CLOCK, ...options });
  t.after(() => prober.close());
  return prober;
}

/** A resolver that answers 127.0.0.1, after a while if asked to. */
function resolver(delayMs: number): LookupFunction {
  return (_name, options, callback) => {
    const answer = (): void => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    setTimeout(answer, delayMs);
  };
}

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a warm series connects once and then finds its connection open', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  const attempt = attemptAt(gateway.url('good'));
  const first = await prober.probe(attempt);
  const second = await prober.probe(attempt);
  assert.equal(first.connection.reused, false);
  assert.notEqual(first.phases.tcpUs, null);
  assert.equal(second.connection.reused, true);
  assert.equal(second.phases.tcpUs, null);
  assert.equal(second.connection.localPort, first.connection.localPort);
});

test('a cold series connects every time, also over TLS, without resuming a session', async (t) => {
  const gateway = await gatewayFor(t, { certificate: 'good' });
  const prober = proberFor(t, { connect: { ca: AUTHORITY } });
  const attempt = attemptAt(gateway.url('good'), { probe: { connection: 'cold' } });
  const seen = [await prober.probe(attempt), await prober.probe(attempt)];
  for (const { connection, phases, status } of seen) {
    assert.equal(status, 200);
    assert.equal(connection.reused, false);
    assert.equal(connection.tlsResumed, false);
    assert.equal(connection.tlsProtocol, 'TLSv1.3');
    assert.equal(connection.certificate?.subject, 'localhost');
    assert.ok((phases.tcpUs ?? 0) < (phases.connectedUs ?? 0), 'TLS takes time after TCP');
  }
  assert.notEqual(seen[0]?.connection.localPort, seen[1]?.connection.localPort);
});

test('series with different keys never share a connection', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  await prober.probe(attemptAt(gateway.url('good')));
  const other = await prober.probe(
    attemptAt(gateway.url('good'), { attempt: { secret: 'sk-other-key-000000' } }),
  );
  assert.equal(other.connection.reused, false);
});

test('probes at the same time never wait for each other', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  const seen = await Promise.all(
    Array.from({ length: 20 }, () => prober.probe(attemptAt(gateway.url('good')))),
  );
  assert.equal(new Set(seen.map((each) => each.connection.localPort)).size, 20);
  assert.ok(seen.every((each) => each.finishReason === 'stop'));
});

test('forgetting the connections makes the next probe connect anew', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  await prober.probe(attemptAt(gateway.url('good')));
  prober.forgetConnections();
  const next = await prober.probe(attemptAt(gateway.url('good')));
  assert.equal(next.connection.reused, false);
});

test('a connection that closes just when it is used again is ours, and a fresh one answers', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  const attempt = attemptAt(gateway.url('closed-on-reuse'));
  const first = await probeAndJudge(prober, attempt);
  const stale = await probeAndJudge(prober, attempt);
  const again = await probeAndJudge(prober, { ...attempt, freshConnection: true, purpose: 'reprobe' });
  assert.equal(first.judged.outcome, 'ok');
  assert.equal(stale.judged.outcome, 'client.stale_socket');
  assert.deepEqual(stale.judged.validity, { kind: 'excluded', reason: 'stale_socket' });
  assert.equal(stale.observation.responseBytes, 0);
  assert.equal(again.judged.outcome, 'ok');
  assert.equal(again.observation.connection.reused, false);
});

test('a name that resolves slowly is slow in DNS, and nowhere else', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t, { connect: { lookup: resolver(40) } });
  const { observation, judged } = await probeAndJudge(
    prober,
    attemptAt(`http://gateway.test:${gateway.port}/good/v1`),
  );
  const { dnsStartUs, dnsEndUs } = observation.phases;
  assert.equal(judged.outcome, 'ok');
  assert.ok((dnsEndUs ?? 0) - (dnsStartUs ?? 0) >= 39_000);
  assert.deepEqual(observation.connection.addresses, ['127.0.0.1']);
});

test('a name that does not resolve is a DNS failure', async (t) => {
  const lookup: LookupFunction = (_name, _options, callback) => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND gateway.test'), { code: 'ENOTFOUND' });
    process.nextTick(callback, error, '', 4);
  };
  const prober = proberFor(t, { connect: { lookup } });
  const { observation, judged } = await probeAndJudge(prober, attemptAt('http://gateway.test:1/v1'));
  assert.equal(judged.outcome, 'net.dns');
  assert.ok(observation.ending.kind === 'error');
  assert.equal(observation.ending.stage, 'dns');
  assert.equal(observation.ending.code, 'ENOTFOUND');
});

test('the same failure while the neutral witness is down is our own network', async (t) => {
  const lookup: LookupFunction = (_name, _options, callback) => {
    process.nextTick(callback, Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }), '', 4);
  };
  const prober = proberFor(t, { connect: { lookup } });
  const { judged } = await probeAndJudge(prober, attemptAt('http://gateway.test:1/v1'), { witness: 'down' });
  assert.equal(judged.outcome, 'client.network');
  assert.deepEqual(judged.validity, { kind: 'excluded', reason: 'own_network' });
});

test('a resolver that never answers is a DNS failure', async (t) => {
  const prober = proberFor(t, { connectTimeoutMs: 100, connect: { lookup: () => {} } });
  const { observation, judged } = await probeAndJudge(prober, attemptAt('http://gateway.test:1/v1'));
  assert.equal(judged.outcome, 'net.dns');
  assert.deepEqual(observation.ending, { kind: 'deadline', deadline: 'connect' });
});

test('a refused connection is a failure to connect, with the address that refused', async (t) => {
  const prober = proberFor(t);
  const port = await closedPort();
  const { observation, judged } = await probeAndJudge(prober, attemptAt(`http://127.0.0.1:${port}/v1`));
  assert.equal(judged.outcome, 'net.connect');
  assert.ok(observation.ending.kind === 'error');
  assert.equal(observation.ending.code, 'ECONNREFUSED');
  assert.match(observation.ending.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
});

test('TLS that is slow is slow in TLS, and nowhere else', async (t) => {
  const gateway = await gatewayFor(t, { certificate: 'good', tlsDelayMs: 40 });
  const prober = proberFor(t, { connect: { ca: AUTHORITY } });
  const { observation, judged } = await probeAndJudge(prober, attemptAt(gateway.url('good')));
  const { tcpUs, connectedUs } = observation.phases;
  assert.equal(judged.outcome, 'ok');
  assert.ok((connectedUs ?? 0) - (tcpUs ?? 0) >= 35_000);
});

test('TLS that never begins is a TLS failure', async (t) => {
  const gateway = await gatewayFor(t, { certificate: 'good', tlsDelayMs: Number.POSITIVE_INFINITY });
  const prober = proberFor(t, { connectTimeoutMs: 150, connect: { ca: AUTHORITY } });
  const { observation, judged } = await probeAndJudge(prober, attemptAt(gateway.url('good')));
  assert.equal(judged.outcome, 'net.tls');
  assert.notEqual(observation.phases.tcpUs, null);
});

const REFUSED: Readonly<
  Record<string, readonly ['good' | 'expired' | 'stranger', string | undefined, RegExp, string]>
> = {
  'an expired certificate': ['expired', AUTHORITY, /CERT_HAS_EXPIRED/, 'localhost'],
  'a certificate of another host': ['stranger', AUTHORITY, /ALTNAME_INVALID/, 'elsewhere.test'],
  'a certificate of an authority nobody trusts': ['good', undefined, /UNABLE_TO|SELF_SIGNED/, 'localhost'],
};

for (const [sentence, [certificate, ca, code, subject]] of Object.entries(REFUSED)) {
  test(`${sentence} is refused before the key is sent, and shown`, async (t) => {
    const gateway = await gatewayFor(t, { certificate });
    const prober = proberFor(t, ca === undefined ? {} : { connect: { ca } });
    const { observation, judged } = await probeAndJudge(prober, attemptAt(gateway.url('good')));
    assert.equal(judged.outcome, 'net.tls');
    assert.ok(observation.ending.kind === 'error');
    assert.equal(observation.ending.stage, 'tls');
    assert.match(observation.ending.code, code);
    assert.equal(observation.connection.certificate?.subject, subject);
    assert.match(observation.connection.certificate?.fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(gateway.requests.length, 0);
  });
}

test('an idle connection that closes is no error, and the next probe connects anew', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t, { connect: { idleMs: 50 } });
  const attempt = attemptAt(gateway.url('good'));
  const first = await probeAndJudge(prober, attempt);
  // Longer than the idle time: there is no event to wait for, the connection is the prober's own.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const second = await probeAndJudge(prober, attempt);
  assert.equal(first.judged.outcome, 'ok');
  assert.equal(second.judged.outcome, 'ok');
  assert.equal(second.observation.connection.reused, false);
});

test('closing the prober cancels what is running, and says that it was us', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = createProber({ wallClock: WALL_CLOCK });
  const running = probeAndJudge(prober, attemptAt(gateway.url('never-answers')));
  await prober.close();
  const { judged } = await running;
  assert.equal(judged.outcome, 'client.cancelled');
  await assert.rejects(prober.probe(attemptAt(gateway.url('good'))), /closed/);
});

test('a key that cannot be sent is a fault of ours, not of the gateway', async (t) => {
  const gateway = await gatewayFor(t);
  const prober = proberFor(t);
  const { judged } = await probeAndJudge(
    prober,
    attemptAt(gateway.url('good'), { attempt: { secret: 'sk-with\nnew-line' } }),
  );
  assert.equal(judged.outcome, 'client.fault');
  assert.equal(gateway.requests.length, 0);
});
