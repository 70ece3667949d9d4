import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PRICE = '{ input: 0.25, output: 0.25, currency: USD, per: 1M tokens }';

/**
 * Writes a deployment that probes so many models of one gateway at one interval.
 *
 * @param inForceFrom the day from which its contract is in force; `null` = always
 */
export function writeDeployment(
  folder: string,
  baseUrl: string,
  targets: number,
  everyMs: number,
  inForceFrom: string | null = null,
): void {
  mkdirSync(folder, { recursive: true });
  const models = Array.from({ length: targets }, (_, n) => `  - { id: maker/model-${n}, price: ${PRICE} }`);
  writeFileSync(
    join(folder, 'bench.yaml'),
    `gateway: { id: bench, baseUrl: "${baseUrl}" }
tiers:
  standard: { apiKey: { env: BENCH_KEY }, contract: pro-channel }
contracts:
  pro-channel: { template: pro-channel${inForceFrom === null ? '' : `, inForceFrom: ${inForceFrom}`} }
prompts:
  arithmetic:
    messages: [{ role: user, content: "[{nonce}] Reply with one number: {a} + {b}" }]
    maxTokens: 64
    expect: { contains: "{sum}" }
probes:
  - { id: chat-stream, operation: chat, prompt: arithmetic, every: ${everyMs / 1000}s }
models:
${models.join('\n')}
`,
  );
}
