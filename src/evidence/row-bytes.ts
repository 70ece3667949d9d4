/** Rows as text, one after the other, in one piece of memory that is used again: strings of millions of rows cost more than their hashes. */
export type RowBytes = {
  /** Only ASCII. */
  readonly ascii: (text: string) => void;
  /** Any text, in UTF-8. */
  readonly utf8: (text: string) => void;
  /** A number or `null` as `JSON.stringify` writes it. */
  readonly number: (value: number | null) => void;
  readonly length: () => number;
  /** Valid until the next row is written. */
  readonly slice: (from: number, to: number) => Buffer;
  readonly clear: () => void;
};

/** The longest number and the longest constant text between two checks. */
const ROOM = 64;
const ZERO = 48;
const BILLION = 1_000_000_000;

export function createRowBytes(): RowBytes {
  let bytes = Buffer.allocUnsafeSlow(1 << 16);
  let at = 0;

  const makeRoom = (more: number): void => {
    if (at + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, at + more));
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };

  const digits = (value: number, count: number): void => {
    let rest = value | 0;
    for (let i = at + count - 1; i >= at; i -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    at += count;
  };

  const ascii = (text: string): void => {
    makeRoom(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
    at += text.length;
  };

  return {
    ascii,
    utf8(text) {
      makeRoom(text.length * 3);
      at += bytes.write(text, at, 'utf8');
    },
    number(value) {
      if (value === null || !Number.isInteger(value) || value < 0 || value >= BILLION * BILLION) {
        ascii(String(value));
        return;
      }
      makeRoom(ROOM);
      if (value < BILLION) {
        digits(value, digitsOf(value));
        return;
      }
      const high = Math.floor(value / BILLION);
      digits(high, digitsOf(high));
      digits(value - high * BILLION, 9);
    },
    length: () => at,
    slice: (from, to) => bytes.subarray(from, to),
    clear() {
      at = 0;
    },
  };
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  if (value < 100_000_000) return 8;
  return 9;
}
