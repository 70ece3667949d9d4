import type { Phases } from '../src/domain/measure/observation.ts';
import { ttftUs } from '../src/domain/measure/observation.ts';
import type { SampleRow } from '../src/domain/view/target-view.ts';
import { formatUs } from './format.ts';
import { type Html, html } from './html.ts';

type Stage = {
  readonly name: string;
  readonly means: string;
  readonly kind: string;
  readonly fromUs: number;
  readonly toUs: number;
};

/** The stages of one attempt in the order in which they passed; those that were never reached are left out. */
function stagesOf(phases: Phases): Stage[] {
  const first = ttftUs(phases);
  const end = phases.doneUs ?? phases.endUs;
  const points: readonly (readonly [name: string, means: string, kind: string, at: number | null])[] = [
    ['name lookup', 'the name of the gateway was looked up', 'net', phases.dnsEndUs],
    ['connect', 'the connection was made', 'net', phases.tcpUs],
    ['TLS', 'the connection was secured', 'net', phases.connectedUs],
    ['send', 'the request was written', 'net', phases.sentUs],
    ['wait for headers', 'until the status line and headers arrived', 'wait', phases.headersUs],
    ['wait for token', 'until the first token of any kind', 'wait', first],
    ['tokens', 'until the last token', 'tokens', phases.lastTokenUs],
    ['to the end', 'until the answer was complete', 'end', end],
  ];
  const stages: Stage[] = [];
  let fromUs = 0;
  for (const [name, means, kind, at] of points) {
    if (at === null || at < fromUs) continue;
    stages.push({ name, means, kind, fromUs, toUs: at });
    fromUs = at;
  }
  return stages.filter((stage) => stage.toUs > stage.fromUs);
}

const WIDTH = 400;

/** One attempt as bars below each other, from just before dispatch to the end. */
export function phaseChart(sample: SampleRow): Html {
  const stages = stagesOf(sample.phases);
  const wholeUs = stages.at(-1)?.toUs ?? 0;
  if (wholeUs === 0) return html`<p class="soft">Nothing came back, so there is nothing to draw.</p>`;
  const x = (us: number): number => Math.round((us / wholeUs) * WIDTH * 10) / 10;
  return html`<table class="waterfall"><tbody>${stages.map(
    (stage) =>
      html`<tr><th scope="row" title="${stage.means}">${stage.name}</th><td class="w-bar"><svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true"><path class="w-${stage.kind}" d="M${x(stage.fromUs)} 5H${Math.max(x(stage.fromUs) + 1.5, x(stage.toUs))}"/></svg></td><td class="num">${formatUs(stage.toUs - stage.fromUs)}</td><td class="num soft">${formatUs(stage.toUs)}</td></tr>`,
  )}</tbody></table>`;
}
