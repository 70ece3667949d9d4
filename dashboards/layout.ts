import { type Html, html, raw } from './html.ts';
import { icon, iconSheet } from './icon.ts';

/** Where the page finds what it needs; the names carry a hash of the content. */
export type Assets = {
  readonly style: string;
  readonly script: string;
  readonly chartStyle: string;
  readonly chartScript: string;
  readonly reportStyle: string;
};

export const PAGES = [
  { path: '/', name: 'Status' },
  { path: '/incidents', name: 'Incidents' },
  { path: '/compare', name: 'Compare' },
  { path: '/reports', name: 'Reports' },
  { path: '/method', name: 'Method' },
] as const;

export type Frame = {
  /** The deployment's title. */
  readonly site: string;
  /** What this page is, for the browser's tab; `null` on the front page. */
  readonly page: string | null;
  readonly description: string;
  readonly path: string;
  readonly practice: boolean;
  readonly locale: string;
  readonly assets: Assets;
  /** The same values for machines. */
  readonly twin: string | null;
  readonly body: Html;
  /** Does the page have charts that scripts make interactive? */
  readonly charts?: boolean;
};

/** A whole document around a page's body. */
export function layout(frame: Frame): string {
  const title = frame.page === null ? frame.site : `${frame.page} · ${frame.site}`;
  const document = html`<html lang="${frame.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${frame.description}">
<title>${frame.practice && 'Practice · '}${title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${raw(frame.assets.style)}">
<link rel="alternate" type="application/atom+xml" title="${frame.site}: what changed" href="/feed.xml">
${frame.twin !== null && html`<link rel="alternate" type="application/json" href="${frame.twin}">`}
${frame.charts === true && html`<link rel="stylesheet" href="${raw(frame.assets.chartStyle)}">`}
<script src="${raw(frame.assets.script)}" defer></script>
${frame.charts === true && html`<script src="${raw(frame.assets.chartScript)}" defer></script>`}
</head>
<body>
${iconSheet()}
<a class="skip" href="#main">Skip to the content</a>
${
  frame.practice &&
  html`<aside class="practice" aria-label="Practice data"><p><strong>Practice data</strong> A simulated gateway. Nothing on this page is about a real service.</p></aside>`
}
<header class="top">
<a class="brand" href="/">${icon('mark')}<span>Probity</span></a>
<span class="site">${frame.site}</span>
<nav aria-label="Pages">${PAGES.map(
    (page) =>
      html`<a href="${raw(page.path)}"${page.path === frame.path && raw(' aria-current="page"')}>${page.name}</a>`,
  )}</nav>
<button type="button" class="jump" id="jump" aria-keyshortcuts="Control+K Meta+K">${icon('search')}<span>Jump to</span><kbd aria-hidden="true">Ctrl K</kbd></button>
<span class="live" id="live" role="status" data-quiet></span>
</header>
<main id="main" tabindex="-1">
${frame.body}
</main>
</body>
</html>
`;
  return `<!doctype html>\n${document.toString()}`;
}
