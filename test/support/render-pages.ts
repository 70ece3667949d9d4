import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparePage } from '../../dashboards/compare.page.ts';
import { embedPage } from '../../dashboards/embed.page.ts';
import { methodPage } from '../../dashboards/method.page.ts';
import { statusPage } from '../../dashboards/status.page.ts';
import { targetPage } from '../../dashboards/target.page.ts';
import { uncontracted } from '../../src/domain/view/history.ts';
import { EVERYTHING } from '../../src/domain/view/status-query.ts';
import { compareByUrgency } from '../../src/domain/view/status-view.ts';
import { createComparisons } from '../../src/web/comparisons.ts';
import { createHistoryReader } from '../../src/web/history-reader.ts';
import { readTargetView } from '../../src/web/read-target-view.ts';
import { createRecentWindow } from '../../src/web/recent-window.ts';
import { recordDeployment } from './deployment.ts';
import { SCENE_AT, SCENES } from './scenes.ts';

/** Renders every page from made-up deployments into `pages/`: the way to review a design without running anything. */
const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'pages');
const ASSETS = {
  style: 'style.css',
  script: 'live.js',
  chartStyle: 'chart.css',
  chartScript: 'chart.js',
  reportStyle: 'report.css',
};

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
cpSync(join(ROOT, 'dashboards/style.css'), join(OUT, 'style.css'));
writeFileSync(join(OUT, 'live.js'), '');

for (const [name, scene] of Object.entries(SCENES)) {
  const store = await recordDeployment(scene.deployment, SCENE_AT - scene.spanMs, SCENE_AT - 3_000);
  const view = await createRecentWindow({ store, settings: scene.settings }).read(SCENE_AT);
  writeFileSync(join(OUT, `status-${name}.html`), statusPage(view, EVERYTHING, ASSETS));
  const comparisons = createComparisons(
    store,
    () => null,
    uncontracted,
    (error) => {
      throw error;
    },
  );
  let compared = await comparisons.read(view, '24h');
  while (compared.pairs.length < compared.expected) compared = await comparisons.read(view, '24h');
  writeFileSync(join(OUT, `compare-${name}.html`), comparePage(compared, ASSETS));
  writeFileSync(join(OUT, `embed-${name}.html`), embedPage(view, EVERYTHING, ASSETS, null));
  const [target] = view.targets.toSorted(compareByUrgency);
  if (target !== undefined) {
    const page = await readTargetView(
      store,
      createHistoryReader(store),
      uncontracted(),
      view,
      { target, retiredAt: null },
      '1h',
    );
    writeFileSync(join(OUT, `target-${name}.html`), targetPage(page, ASSETS));
  }
  writeFileSync(join(OUT, `method-${name}.html`), methodPage(view, ASSETS));
  await store.close();
}
