import { createHash, randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { OWNER_TOKEN_FACT } from '../web/owner.ts';
import { openData } from './open-data.ts';
import type { World } from './world.ts';

/** `probity token`: what opens the private pages. Only its hash is kept. */
export function registerToken(program: Command, world: World): void {
  program
    .command('token')
    .description('make a new token for the private pages (money, downloads); the one before is void')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .addHelpText(
      'after',
      `
Open /owner in a browser and give the token as the password (any name), or send it as "Authorization: Bearer …".

Example:
  probity token --data /var/lib/probity`,
    )
    .action(async ({ data }: { readonly data: string }) => {
      const store = openData(data);
      try {
        const token = randomBytes(24).toString('base64url');
        await store.writeFact(
          OWNER_TOKEN_FACT,
          createHash('sha256').update(token).digest('hex'),
          world.now(),
        );
        world.out(`${token}\n`);
        world.err(
          'Keep it: it is shown once. Open /owner in a browser and give it as the password, with any name.\n',
        );
      } finally {
        await store.close();
      }
    });
}
