import { html } from './html.ts';
import { type Assets, layout } from './layout.ts';

/** A page for what went wrong; says what to do next and nothing about our insides. */
export function errorPage(
  frame: {
    readonly site: string;
    readonly practice: boolean;
    readonly locale: string;
    readonly assets: Assets;
  },
  title: string,
  explanation: string,
): string {
  return layout({
    ...frame,
    page: title,
    description: title,
    path: '',
    twin: null,
    body: html`<section class="verdict v-none"><p class="eyebrow">This page cannot be shown</p><h1>${title}</h1><p class="lead">${explanation}</p><p class="lead"><a href="/">Back to the status</a></p></section>`,
  });
}
