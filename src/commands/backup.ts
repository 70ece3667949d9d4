import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeFolder } from './make-folder.ts';
import { openData } from './open-data.ts';
import { progressBar } from './progress.ts';
import { OperatorError, type World } from './world.ts';

/** Beside the database: what signs reports and links. Without them a restored folder could not sign as before. */
const KEYS = ['signing-key.pem', 'link.key'];

/** `probity backup`: a whole and consistent copy of a data folder, taken while Probity runs. */
export function registerBackup(program: Command, world: World): void {
  program
    .command('backup')
    .description('copy a data folder, whole and consistent, while Probity goes on running')
    .argument('<dir>', 'a new folder for the copy')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .addHelpText(
      'after',
      `
The copy holds the database and the keys (keep it as safe as the folder itself). To restore, stop Probity and run it on
the copy, or put the copy in the place of the data folder:
  probity verify --data COPY
  probity run FOLDER --data COPY

Example:
  probity backup /backups/probity-2026-11-01 --data /var/lib/probity`,
    )
    .action((folder: string, options: { readonly data: string }) => backUp(folder, options.data, world));
}

async function backUp(folder: string, data: string, world: World): Promise<void> {
  const source = resolve(data);
  const target = resolve(folder);
  if (!existsSync(join(source, 'probity.db'))) throw new OperatorError(`${data} holds no data of Probity`);
  if (existsSync(join(target, 'probity.db')))
    throw new OperatorError(`${folder} holds a copy already; name a new folder`);
  makeFolder(folder, 0o700);
  const store = openData(data);
  const bar = progressBar('copying');
  const draft = join(target, 'probity.db.part');
  try {
    await store.backUp(draft, (share) => bar.to(share));
    for (const key of KEYS) {
      if (existsSync(join(source, key))) copyFileSync(join(source, key), join(target, key));
    }
    // Under its name it is complete.
    renameSync(draft, join(target, 'probity.db'));
  } finally {
    bar.stop();
    rmSync(draft, { force: true });
    await store.close();
  }
  world.out(`copied to ${folder}\n`);
}
