const DAY_MS = 86_400_000;
const MINUTES_PER_DAY = 1440;
const UNIX_EPOCH_DAY = 719_468;

/**
 * Days since 1970-01-01 of a date in the Gregorian calendar. Months 1..12.
 * http://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - UNIX_EPOCH_DAY;
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : (LENGTHS[month - 1] ?? 0);
}

/** Two or more digits as a number; NaN if one is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Minutes east of UTC that the text ends with from `at` on; `null` if there is no valid offset. */
function offsetMinutes(text: string, at: number): number | null {
  const sign = text[at];
  if ((sign === 'Z' || sign === 'z') && text.length === at + 1) return 0;
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return null;
  const hours = digits(text, at + 1, at + 3);
  const minutes = digits(text, at + 4, at + 6);
  if (!(hours <= 23 && minutes <= 59)) return null;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * Epoch ms of an RFC 3339 time with its offset, `2026-10-01T00:00:00.123Z`; digits beyond ms are cut off. `null` for
 * anything else, a time without an offset included. Written out because logs have millions of them.
 */
export function parseRfc3339(text: string): number | null {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const t = text[10];
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return null;
  if (t !== 'T' && t !== 't' && t !== ' ') return null;
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return null;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return null;
  let at = 19;
  let ms = 0;
  if (text[19] === '.') {
    at = 20;
    let scale = 100;
    while (at < text.length) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      ms += digit * scale;
      scale = scale >= 10 ? scale / 10 : 0;
      at += 1;
    }
    if (at === 20) return null;
  }
  const offset = offsetMinutes(text, at);
  if (offset === null) return null;
  const minutes = hour * 60 + minute - offset;
  if (second === 60) {
    // A leap second ends a day of UTC, and is taken as that day's last millisecond: it belongs to no other month.
    if ((minutes + MINUTES_PER_DAY) % MINUTES_PER_DAY !== MINUTES_PER_DAY - 1) return null;
    return daysFromCivil(year, month, day) * DAY_MS + (minutes + 1) * 60_000 - 1;
  }
  return daysFromCivil(year, month, day) * DAY_MS + minutes * 60_000 + second * 1000 + Math.floor(ms);
}
