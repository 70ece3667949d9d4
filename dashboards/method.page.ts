import { P99_NEEDS } from '../src/domain/live/standing.ts';
import { OUTCOMES } from '../src/domain/measure/outcome.ts';
import { CONFIRMED_BY, HEALTH_ORDER, HEALTHS } from '../src/domain/view/health.ts';
import type { StatusView } from '../src/domain/view/status-view.ts';
import { countOf, formatCount, formatShare, NO_DATA, shorten } from './format.ts';
import { type Html, html } from './html.ts';
import { icon } from './icon.ts';
import { type Assets, layout } from './layout.ts';

const CAUSES = {
  none: NO_DATA,
  ours: 'us',
  network: 'network',
  gateway: 'gateway',
  provider: 'provider',
} as const;
const COUNTS = { good: 'good', bad: 'failed', excluded: 'not counted' } as const;

/** How one attempt becomes a number on a page: what counts, what does not, and what the words mean. */
export function methodPage(view: StatusView, assets: Assets): string {
  return layout({
    site: view.title,
    page: 'Method',
    description: 'What is measured, what counts, what is excluded, and how the numbers are made.',
    path: '/method',
    practice: view.practice,
    locale: view.locale,
    assets,
    twin: null,
    body: html`<article class="prose">
<section class="verdict v-none"><p class="eyebrow">Method</p><h1>What counts, and how it is measured</h1>
<p class="lead">Small, real requests are sent to every model and tier on a schedule. Each becomes one row with one outcome. Nothing is retried inside a row, nothing is averaged that may not be averaged, and what was not measured is never called up.</p></section>
${numbers(view)}
${definitions()}
${outcomeTable()}
${doubts()}
${states()}
${cadence(view)}
</article>`,
  });
}

function numbers(view: StatusView): Html {
  const { expected, measured } = view.coverage;
  return html`<section aria-labelledby="coverage"><h2 id="coverage">Coverage</h2><p>Coverage is the share of scheduled probes that became a sample. In the last hour it was <strong>${expected === null || expected === 0 ? NO_DATA : formatShare(Math.min(measured, expected), expected)}</strong>${expected !== null && html` of ${countOf(expected, 'tick')}`}. A tick that did not run is recorded with its reason; one that nobody accounts for is missing. Both leave a gap in the strip, never a green bar. Ticks of the last 90 seconds are left out, since their answers may still be on the way.</p></section>`;
}

function definitions(): Html {
  return html`<section aria-labelledby="definitions"><h2 id="definitions">The numbers</h2><dl class="terms">
<div><dt>Uptime</dt><dd>Good attempts divided by good and failed ones, in percent, rounded down. Attempts that do not count are in neither.</dd></div>
<div><dt>TTFT</dt><dd>Time to first token: from just before the request leaves to the first token of any kind (text, reasoning, tool call or refusal). An empty opening chunk or a keep-alive comment is not a token.</dd></div>
<div><dt>Total</dt><dd>From the same instant to the end of the answer.</dd></div>
<div><dt>p50, p90, p99</dt><dd>The nearest rank: the smallest measured value that at least that share of good answers does not exceed. No interpolation; rounded up. Failed attempts have no latency: they count in uptime.</dd></div>
<div><dt>n</dt><dd>How many attempts a number rests on. With fewer than ${P99_NEEDS} answers the 99th percentile is the slowest one and is called <em>max</em>; a few slow ones then leave the objective <em>undecided</em>.</dd></div>
<div><dt>On target, off target</dt><dd>A number of the last hour against the contract's number. It is a reading, not the contract's verdict, which is about a whole period.</dd></div>
</dl></section>`;
}

function outcomeTable(): Html {
  return html`<section aria-labelledby="outcomes"><h2 id="outcomes">Outcomes</h2><p>Every attempt ends as exactly one of these. A contract may count some of them differently; this is the default.</p><div class="scroll" tabindex="0" role="region" aria-label="Table of outcomes"><table class="plain"><thead><tr><th scope="col">Outcome</th><th scope="col">Counts as</th><th scope="col">Likely cause</th><th scope="col">Meaning</th></tr></thead><tbody>${Object.entries(
    OUTCOMES,
  ).map(
    ([outcome, { counts, cause, means }]) =>
      html`<tr><th scope="row"><code>${outcome}</code></th><td>${COUNTS[counts]}</td><td>${CAUSES[cause]}</td><td>${means}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function doubts(): Html {
  return html`<section aria-labelledby="doubts"><h2 id="doubts">Doubt</h2><p>We doubt ourselves before we accuse anybody. If our own thread was blocked, our clock stepped, our network failed or the attempt left late, the sample is <em>suspect</em> and counts for nothing. If the answer came from a cache, from another model or at a lower service tier, its latency is <em>excluded</em>. Either way it is shown, with its reason, and lowers what we can claim, not what the provider achieved.</p></section>`;
}

function states(): Html {
  return html`<section aria-labelledby="states"><h2 id="states">States</h2><p>The state says how a target does at this moment, from its latest attempts, including the short burst of confirmations that follows an unexpected failure. ${CONFIRMED_BY} failures in a row make it down.</p><dl class="terms">${HEALTH_ORDER.toReversed().map(
    (health) =>
      html`<div><dt class="is-${health}"><span class="chip">${icon(health)}${HEALTHS[health].word}</span></dt><dd>${HEALTHS[health].means}.</dd></div>`,
  )}</dl></section>`;
}

function cadence(view: StatusView): Html {
  const probes = Map.groupBy(
    view.targets.flatMap((target) => target.series),
    (series) => `${series.probe}\n${series.region}`,
  );
  const rows = [...probes.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const expected = group.reduce<number | null>(
      (sum, series) =>
        sum === null || series.coverage.expected === null ? null : sum + series.coverage.expected,
      0,
    );
    return [
      html`<tr><th scope="row">${shorten(first.probe, 60)}</th><td>${shorten(first.region, 60)}</td><td class="num">${formatCount(group.length)}</td><td class="num">${expected === null ? NO_DATA : formatCount(expected)}</td></tr>`,
    ];
  });
  return html`<section aria-labelledby="cadence"><h2 id="cadence">Probes</h2>${rows.length === 0 ? html`<p>No probe is planned.</p>` : html`<table class="plain"><thead><tr><th scope="col">Probe</th><th scope="col">Measured from</th><th scope="col" class="num">Targets</th><th scope="col" class="num">Due in the last hour</th></tr></thead><tbody>${rows}</tbody></table>`}</section>`;
}
