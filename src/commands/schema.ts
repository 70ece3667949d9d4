import type { Command } from 'commander';
import { jsonSchema } from '../config/schema.ts';
import type { World } from './world.ts';

/** `probity schema`: the JSON Schema of a deployment, for editors. */
export function registerSchema(program: Command, world: World): void {
  program
    .command('schema')
    .description('print the JSON Schema of a deployment, for completion and checking in an editor')
    .addHelpText(
      'after',
      `
Editors with the YAML language server read it from the first line of a file:
  # yaml-language-server: $schema=../schema.json

Example:
  probity schema > probes/schema.json`,
    )
    .action(() => world.out(schemaText()));
}

/** The text of `probes/schema.json`. */
function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}
