import type { Command } from 'commander';
import { type Recipient, recipientId } from '../domain/alert/alert-policy.ts';
import { notice } from '../domain/alert/message.ts';
import { minuteUtc } from '../domain/wording.ts';
import { loadDeployment } from './load-deployment.ts';
import { readLinkKey } from './run/link-key.ts';
import { openPostOffice } from './run/post-office.ts';
import { OperatorError, type World } from './world.ts';

type Options = { readonly data: string; readonly to?: string; readonly json?: boolean };

const SAID = { delivered: 'delivered', retry: 'not delivered', rejected: 'refused for good' } as const;

/** `probity send-test-mail`: one message to everybody who could be told, at once and without the outbox. */
export function registerSendTestMail(program: Command, world: World): void {
  program
    .command('send-test-mail')
    .description('send one test message to every recipient of the deployment, and say what became of each')
    .argument('[folder]', 'the deployment: a folder of YAML files', 'probes/practice')
    .option('--to <recipient>', 'only to this mail address, or webhook:id')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with 0 if every message was taken, and with 1 if not.

Example:
  probity send-test-mail probes/acme --to on-call@acme.example`,
    )
    .action((folder: string, options: Options) => sendTestMail(folder, options, world));
}

async function sendTestMail(folder: string, options: Options, world: World): Promise<void> {
  const config = loadDeployment(folder, world);
  const now = world.now();
  const all = new Map<string, Recipient>();
  for (const { to, escalateTo } of config.alerts.routes) {
    for (const recipient of [...to, ...escalateTo]) all.set(recipientId(recipient), recipient);
  }
  if (options.to !== undefined) {
    const only: Recipient = options.to.startsWith('webhook:')
      ? { channel: 'webhook', name: options.to.slice('webhook:'.length) }
      : { channel: 'email', address: options.to };
    all.clear();
    all.set(recipientId(only), only);
  }
  if (all.size === 0) throw new OperatorError(`${folder} has no recipients: add alerts.routes, or give --to`);
  const office = openPostOffice({
    config,
    data: options.data,
    origin: config.status.url,
    linkKey: readLinkKey(options.data),
    now: world.now,
  });
  const message = notice({
    key: `test:${now}`,
    topic: 'test',
    severity: 'ticket',
    at: now,
    practice: config.gateways.some(({ practice }) => practice !== null),
    subject: `Test: Probity can reach you, ${minuteUtc(now)}`,
    headline: 'This is a test. Nothing has happened; when something does, it will look like this.',
    facts: [{ label: 'Watches', text: config.gateways.map(({ id }) => id).join(', ') }],
    path: '/',
  });
  const results = [];
  try {
    for (const [id, recipient] of all) results.push({ to: id, ...(await office.send(message, recipient)) });
  } finally {
    office.close();
  }
  if (options.json === true) world.out(`${JSON.stringify(results, null, 2)}\n`);
  else {
    for (const result of results) {
      const where = result.to.startsWith('email:') ? ` to ${office.mailGoesTo}` : '';
      const more = result.kind === 'delivered' ? where : `: ${result.reason}`;
      world.out(`${result.to}: ${SAID[result.kind]}${more}\n`);
    }
  }
  const failed = results.filter(({ kind }) => kind !== 'delivered').length;
  if (failed > 0)
    throw new OperatorError(`${failed} of ${results.length} could not be reached`, { exitCode: 1 });
}
