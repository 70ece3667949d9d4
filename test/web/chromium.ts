import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Quiet: no sandbox inside a container, and nothing that would leave the machine by itself. */
const SWITCHES = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For what is looked at and not timed: tabs of one site share a process, and scripts that run for moments are not optimised. */
export const SPARING = ['--process-per-site', '--js-flags=--no-opt --no-maglev --always-sparkplug'];

/** The system's Chromium; `CHROMIUM` names another one. */
export function findChromium(): string | null {
  const places = process.env.CHROMIUM === undefined ? PLACES : [process.env.CHROMIUM];
  return places.find((place) => existsSync(place)) ?? null;
}

export function launchChromium(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...SWITCHES, ...more] });
}

/** Where tests may pass without a browser: on a developer's machine, never in continuous integration. */
export function skipWithoutChromium(): string | false {
  if (findChromium() !== null || process.env.CI !== undefined) return false;
  return 'no Chromium found (apt-get install chromium, or set CHROMIUM to its path)';
}
