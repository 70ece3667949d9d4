import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Assets } from '../../dashboards/layout.ts';
import { type Prepared, prepare } from './prepared.ts';

export type LoadedAssets = {
  /** Where pages find them. */
  readonly names: Assets;
  /** By path. The path carries a hash of the content, so that a reader may keep the answer for ever. */
  readonly files: ReadonlyMap<string, Prepared>;
  readonly icon: Prepared;
};

/** The parts of the style, in the order of the cascade: what fits a page to a width or to paper comes last. */
const STYLE = [
  'base',
  'frame',
  'verdict',
  'matrix',
  'bars',
  'cell',
  'rows',
  'panel',
  'chart',
  'evidence',
  'incident',
  'plot',
  'jump',
  'versus',
  'embed',
  'narrow',
  'wall',
  'print',
] as const;

/** Reads what pages need from our own folder. Done once, at start. */
export function loadAssets(): LoadedAssets {
  const files = new Map<string, Prepared>();
  const load = (sources: readonly URL[], name: string, extension: string, contentType: string): string => {
    const bytes = Buffer.concat(sources.map((source) => readFileSync(source)));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const path = `/assets/${name}-${hash}.${extension}`;
    files.set(path, prepare(contentType, bytes));
    return path;
  };
  const own = (file: string): URL => new URL(`../../dashboards/${file}`, import.meta.url);
  const chart = (file: string): URL => new URL(import.meta.resolve(`uplot/dist/${file}`));
  const css = 'text/css; charset=utf-8';
  const js = 'text/javascript; charset=utf-8';
  const names = {
    style: load(
      STYLE.map((part) => own(`style/${part}.css`)),
      'style',
      'css',
      css,
    ),
    script: load(
      [own('browser/live.js'), own('browser/palette.js'), own('browser/days.js')],
      'live',
      'js',
      js,
    ),
    reportStyle: load([own('report.css')], 'report', 'css', css),
    chartStyle: load([chart('uPlot.min.css')], 'chart', 'css', css),
    chartScript: load([chart('uPlot.iife.min.js'), own('browser/charts.js')], 'chart', 'js', js),
  };
  const icon = readFileSync(new URL('../../dashboards/favicon.svg', import.meta.url));
  return { names, files, icon: prepare('image/svg+xml', icon) };
}
