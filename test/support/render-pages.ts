import { join } from 'node:path';
import { writeStorybook } from './storybook.ts';

/** `npm run pages`: the way to review a design without running anything. Open `pages/index.html`. */
const OUT = join(import.meta.dirname, '../../pages');
const written = await writeStorybook(OUT);
process.stdout.write(`${written.length} files; open ${join(OUT, 'index.html')}\n`);
