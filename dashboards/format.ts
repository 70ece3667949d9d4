/** What is printed where there is nothing to print. Never 0. */
export const NO_DATA = '—';

const NARROW_SPACE = '\u202f';

/**
 * A share in percent, rounded down to two digits after the point: 9,999 of 10,001 is 99.98 %, never 100 %.
 * Whole percents print without digits. `—` if nothing was counted.
 */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return NO_DATA;
  const hundredths = (part * 10_000 - ((part * 10_000) % whole)) / whole;
  return `${decimal(hundredths, 2)}${NARROW_SPACE}%`;
}

/** A target in parts per million, in full: 999,500 is 99.95 %. */
export function formatPpm(ppm: number): string {
  return `${decimal(ppm, 4)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')}${NARROW_SPACE}%`;
}

/** A percentage as a contract writes it. */
export function formatPercent(text: string): string {
  return `${text}${NARROW_SPACE}%`;
}

function decimal(scaled: number, digits: number): string {
  const unit = 10 ** digits;
  const fraction = scaled % unit;
  const whole = (scaled - fraction) / unit;
  return fraction === 0 ? String(whole) : `${whole}.${String(fraction).padStart(digits, '0')}`;
}

/** A duration rounded up to the digit shown: whole ms below a second, then 10 ms, then 0.1 s from ten seconds on. */
export function formatUs(us: number | null): string {
  if (us === null) return NO_DATA;
  const ms = Math.ceil(us / 1000);
  if (ms < 1000) return `${ms}${NARROW_SPACE}ms`;
  const hundredths = Math.ceil(us / 10_000);
  if (hundredths < 1000) return `${fixed(hundredths, 2)}${NARROW_SPACE}s`;
  return `${fixed(Math.ceil(us / 100_000), 1)}${NARROW_SPACE}s`;
}

export function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A speed in 0.001 tokens/s, rounded down: whole from ten tokens a second on, else to a tenth. */
export function formatSpeed(milli: number | null): string {
  if (milli === null) return NO_DATA;
  const text = milli >= 10_000 ? String(Math.floor(milli / 1000)) : fixed(Math.floor(milli / 100), 1);
  return `${text}${NARROW_SPACE}t/s`;
}

function fixed(scaled: number, digits: number): string {
  const unit = 10 ** digits;
  return `${Math.floor(scaled / unit)}.${String(scaled % unit).padStart(digits, '0')}`;
}

/** A stretch of time in its two largest units, rounded down: `43 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatSpan(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)}${NARROW_SPACE}s`;
  if (minutes < 60) return `${minutes}${NARROW_SPACE}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48)
    return `${hours}${NARROW_SPACE}h ${String(minutes % 60).padStart(2, '0')}${NARROW_SPACE}min`;
  return `${Math.floor(hours / 24)}${NARROW_SPACE}d ${hours % 24}${NARROW_SPACE}h`;
}

/** A count with thin separators: 12 345. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** `1 target`, `2 targets`; the plural is the singular with an s unless given. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** At most `max` characters, the middle left out: both ends of an id tell it from its neighbours. */
export function shorten(text: string, max: number): string {
  const characters = [...text.slice(0, 100_000)];
  if (characters.length <= max && text.length <= 100_000) return text;
  const tail = Math.floor(max / 3);
  return `${characters.slice(0, max - tail - 1).join('')}…${tail === 0 ? '' : characters.slice(-tail).join('')}`;
}

/** Prints instants in one zone. */
export type Times = {
  /** `14:03:21` */
  readonly clock: (at: number) => string;
  /** `14:03` */
  readonly minute: (at: number) => string;
  /** `2026-10-03 14:03:21` */
  readonly full: (at: number) => string;
  /** `3 Oct` */
  readonly day: (at: number) => string;
  /** Machine form for `datetime`, always UTC. */
  readonly iso: (at: number) => string;
  /** Name of the zone as the reader knows it: `UTC`, `CET`. */
  readonly zone: (at: number) => string;
};

/** Formatters are costly to make, and a deployment names only a few zones. */
const timesByZone = new Map<string, Times>();

export function timesIn(timezone: string): Times {
  const known = timesByZone.get(timezone);
  if (known !== undefined) return known;
  const made = makeTimes(timezone);
  timesByZone.set(timezone, made);
  return made;
}

function makeTimes(timezone: string): Times {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const days = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, day: 'numeric', month: 'short' });
  const named = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeZoneName: 'short' });
  const read = (at: number): Record<string, string> =>
    Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    clock: (at) => {
      const { hour, minute, second } = read(at);
      return `${hour}:${minute}:${second}`;
    },
    minute: (at) => {
      const { hour, minute } = read(at);
      return `${hour}:${minute}`;
    },
    full: (at) => {
      const { year, month, day, hour, minute, second } = read(at);
      return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
    },
    day: (at) => days.format(at),
    iso: (at) => new Date(at).toISOString(),
    zone: (at) => named.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? timezone,
  };
}

/** An amount in 10^-9 of a currency, rounded up: to the cent, below one cent to two telling digits. */
export function formatMoney(nanos: number, currency: string): string {
  const digits = nanos === 0 || nanos >= 10_000_000 ? 2 : Math.min(9, 10 - Math.floor(Math.log10(nanos)));
  const unit = 10 ** (9 - digits);
  return `${fixed(Math.ceil(nanos / unit), digits)}${NARROW_SPACE}${currency}`;
}
