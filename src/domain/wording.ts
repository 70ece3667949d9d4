/** Small phrases of messages. Everything is UTC and rounds so that nothing sounds better than it was. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `14:03 UTC`. */
export function clockUtc(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** `2026-11-03 14:03:07 UTC`. */
export function instantUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2026-11-03 14:03 UTC`. */
export function minuteUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`; part units are dropped, and a clock that ran backwards reads `0 s`. */
export function duration(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  const [big, unit, small, smallUnit] =
    ms < DAY_MS ? [HOUR_MS, 'h', MINUTE_MS, 'min'] : [DAY_MS, 'd', HOUR_MS, 'h'];
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${unit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** Parts per million as a percentage without trailing zeros: `99.9 %`, `0.1 %`. */
export function percent(ppm: number): string {
  const digits = (ppm / 10_000).toFixed(4).replace(/\.?0+$/, '');
  return `${digits} %`;
}

/** Parts per million as a percentage of three digits: `1.67 %`, `85.7 %`, `100 %`; rounded the way that is asked for. */
export function roughPercent(ppm: number, way: 'down' | 'nearest' | 'up'): string {
  const value = ppm / 10_000;
  if (value <= 0) return '0 %';
  const step = 10 ** Math.max(-4, Math.floor(Math.log10(value)) - 2);
  const round = { down: Math.floor, nearest: Math.round, up: Math.ceil }[way];
  // Steps are powers of ten: counting in them, and not in their sum, keeps 8.66 from becoming 8.6600000001.
  return `${Number((round(Number((value / step).toPrecision(12))) * step).toPrecision(6))} %`;
}

/** A probability: `0.00012`, `3.3e-7`, `< 1e-15`. */
export function probability(p: number): string {
  if (p < 1e-15) return '< 1e-15';
  return p >= 0.0001 ? String(Number(p.toPrecision(2))) : p.toExponential(1);
}

/** `1 cell`, `3 cells`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a header
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/**
 * Foreign text made harmless for a header or one line of text: no line breaks, no control characters, nothing that turns
 * the reading direction, at most `max` characters.
 */
export function oneLine(text: string, max: number): string {
  const flat = text.slice(0, 10_000).replace(STEERING, ' ').replace(/ {2,}/g, ' ').trim();
  const characters = [...flat];
  return characters.length <= max ? flat : `${characters.slice(0, max - 1).join('')}…`;
}
