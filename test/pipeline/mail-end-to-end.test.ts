import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlPart } from '../../dashboards/mail/html-part.ts';
import { textPart } from '../../dashboards/mail/text-part.ts';
import type { AlertPolicy } from '../../src/domain/alert/alert-policy.ts';
import type { DeliveryResult } from '../../src/domain/alert/letter.ts';
import { letterOf } from '../../src/domain/alert/letter.ts';
import { createMailer, type Mailer, type SmtpSettings } from '../../src/notify/email.ts';
import { deliverDue } from '../../src/pipeline/alerting/deliver.ts';
import { HOUR, MINUTE } from '../support/alert-builders.ts';
import { type AlertStage, createAlertStage, STAGE_POLICY } from '../support/alert-stage.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';

const A = 'acme/pro/a';

/** Minutes pass on the stage, with a real mail program at the end of the pipe. */
async function pass(
  stage: AlertStage,
  minutes: number,
  isDown: boolean,
  mailer: { current: Mailer },
  tries: { count: number },
): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const one of stage.targets) {
      if (isDown && one === A) await stage.fail(one);
      else await stage.probe(one);
    }
    stage.now += MINUTE;
    await stage.evaluate();
    await deliverDue({
      store: stage.store,
      policy: STAGE_POLICY.delivery,
      now: () => stage.now,
      random: () => 0.5,
      onFault: (error) => {
        throw error;
      },
      send: async ({ message, recipient }): Promise<DeliveryResult> => {
        assert.equal(recipient.channel, 'email');
        tries.count += 1;
        const links = { page: `https://watch.example${message.path}`, acknowledge: null };
        const parts = { text: textPart(message, links), html: htmlPart(message, links) };
        return await mailer.current.send(letterOf(message, recipient.address, 'watch.example', parts));
      },
    });
  }
}

test('an outage while the mail server is away for six hours: everything arrives afterwards, in one thread', async () => {
  let server: MailServer = await startMailServer();
  const settings: SmtpSettings = server.settings;
  const mailer = { current: createMailer(settings) };
  const tries = { count: 0 };
  const stage = await createAlertStage();
  await server.close();

  await pass(stage, 10, true, mailer, tries);
  await pass(stage, 10, false, mailer, tries);
  await pass(stage, 6 * 60, false, mailer, tries);
  const during = tries.count;
  assert.ok(during > 10 && during < 60, `${during} tries in six hours`);
  assert.equal((await stage.store.readOutbox()).counts.sent, 0);

  server = await startMailServer({ port: settings.port });
  await pass(stage, 65, false, mailer, tries);
  const { received } = server;
  assert.equal((await stage.store.readOutbox()).counts.sent, 2);
  assert.equal((await stage.store.readOutbox()).counts.pending, 0);
  const bySubject = new Map(received.map(({ mail }) => [mail.subject?.split(':')[0], mail]));
  assert.deepEqual([...bySubject.keys()].sort(), ['Down', 'Up again']);
  const [opening, end] = [bySubject.get('Down'), bySubject.get('Up again')];
  assert.equal(opening?.inReplyTo, undefined);
  assert.equal(end?.inReplyTo, opening?.messageId);
  assert.equal(end?.references, opening?.messageId);
  assert.ok(Date.parse(opening?.date ?? '') < stage.now - 6 * HOUR, 'the date is that of the decision');
  assert.ok(opening?.text?.includes('req_7'));
  assert.ok(opening?.html?.includes('req_7'));
  mailer.current.close();
  await server.close();
});

test('a server that takes the message and drops the line gets it again under the same Message-ID', async () => {
  const server = await startMailServer({ afterData: (attempt) => (attempt === 1 ? 'drop' : 'accept') });
  const mailer = { current: createMailer(server.settings) };
  const stage = await createAlertStage();
  await pass(stage, 5, true, mailer, { count: 0 });
  assert.equal(server.received.length, 2);
  assert.equal(new Set(server.received.map(({ mail }) => mail.messageId)).size, 1);
  assert.equal((await stage.store.readOutbox()).counts.sent, 1);
  mailer.current.close();
  await server.close();
});

test('of many recipients, one is unknown and one is greylisted at first: every other has the mail at once, that one a little later, and nobody twice', async () => {
  const people = Array.from({ length: 12 }, (_, index) => `person${index}@oncall.example`);
  let greylisted = 0;
  const server = await startMailServer({
    refuse: (to) => {
      if (to === 'person3@oncall.example') return { code: 550, text: '5.1.1 no such user' };
      if (to !== 'person7@oncall.example' || greylisted >= 2) return null;
      greylisted += 1;
      return { code: 451, text: '4.7.1 greylisted, come back later' };
    },
  });
  const to = people.map((address) => ({ channel: 'email', address }) as const);
  const [route] = STAGE_POLICY.routes;
  assert.ok(route);
  const routes = [{ ...route, to, escalateTo: [] }];
  const policy: AlertPolicy = { ...STAGE_POLICY, routes, off: ['mail_undeliverable'] };
  const stage = await createAlertStage({ policy });
  const mailer = { current: createMailer(server.settings) };
  await pass(stage, 2, true, mailer, { count: 0 });
  const atFirst = server.received.flatMap(({ recipients }) => recipients).sort();
  const late = ['person3@oncall.example', 'person7@oncall.example'];
  assert.deepEqual(atFirst, people.filter((one) => !late.includes(one)).sort());

  await pass(stage, 8, true, mailer, { count: 0 });
  const inTheEnd = server.received.flatMap(({ recipients }) => recipients).sort();
  assert.deepEqual(inTheEnd, people.filter((one) => one !== late[0]).sort());
  assert.equal(new Set(server.received.map(({ mail }) => mail.messageId)).size, 1);
  assert.equal((await stage.store.readOutbox()).counts.dead, 1);
  mailer.current.close();
  await server.close();
});
