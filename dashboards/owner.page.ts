import { html } from './html.ts';
import { type Assets, layout } from './layout.ts';

/** What a reader without the owner's token sees: what is behind it, and how to get in. */
export function ownerPage(frame: {
  readonly site: string;
  readonly practice: boolean;
  readonly locale: string;
  readonly assets: Assets;
  /** Was a token ever made? */
  readonly hasToken: boolean;
}): string {
  const { hasToken } = frame;
  return layout({
    site: frame.site,
    practice: frame.practice,
    locale: frame.locale,
    assets: frame.assets,
    page: 'For the owner',
    description: 'Credits, claims and downloads are for the owner of this deployment.',
    path: '/reports',
    twin: null,
    body: html`<section class="verdict v-none"><p class="eyebrow">For the owner</p><h1>${hasToken ? 'This page needs your token' : 'No token was made yet'}</h1>
<p class="lead">Credits, claims and downloads are for the owner of this deployment. Whether the contracts were kept <a href="/reports">everybody may read</a>.</p></section>
<article class="prose"><section aria-labelledby="enter"><h2 id="enter">How to get in</h2><ol>
<li>On the machine that runs Probity, make a token: <code>npm run -s probity -- token</code>, with <code>--data DIR</code> if its data is elsewhere. It is shown once, and only its hash is kept.</li>
<li>Open <a href="/owner/reports">/owner/reports</a>. The browser asks for a name and a password: any name, and the token as the password.</li>
<li>Programs send it as <code>Authorization: Bearer TOKEN</code>.</li></ol>
<p>Lost it? Make another one: the one before is void at once. The token travels with every request, so reach this page over HTTPS unless it is on your own machine.</p></section></article>`,
  });
}
