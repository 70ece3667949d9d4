/**
 * Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the high bit says "more follows"
 * (LEB128, as in DWARF and Protocol Buffers). Signed numbers are folded first so that small ones of either sign stay
 * small: 0, -1, 1, -2 become 0, 1, 2, 3. Up to 2^52; beyond that is a fault of the caller.
 */
export type ByteWriter = {
  readonly unsigned: (value: number) => void;
  /** Length and UTF-8 bytes. */
  readonly text: (value: string) => void;
  readonly signed: (value: number) => void;
  /** What was written. The writer must not be used again. */
  readonly finish: () => Uint8Array;
};

export type ByteReader = {
  readonly unsigned: () => number;
  readonly text: () => string;
  readonly signed: () => number;
  readonly atEnd: () => boolean;
};

const LIMIT = 2 ** 52;

/** Signed numbers as unsigned ones. */
export function fold(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unfold(folded: number): number {
  return folded % 2 === 1 ? -(folded + 1) / 2 : folded / 2;
}

export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(64);
  let length = 0;

  const makeRoom = (more: number): void => {
    if (length + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, length + more));
    larger.set(bytes);
    bytes = larger;
  };

  const unsigned = (value: number): void => {
    if (!Number.isInteger(value) || value < 0 || value > 2 * LIMIT) {
      throw new RangeError(`a whole number from 0 to 2^53 was expected, got ${value}`);
    }
    makeRoom(8);
    let rest = value;
    while (rest > 0x7f) {
      // Not `rest & 0x7f`: bit operators keep only 32 bits.
      bytes[length] = (rest % 128) + 128;
      length += 1;
      rest = Math.floor(rest / 128);
    }
    bytes[length] = rest;
    length += 1;
  };

  return {
    unsigned,
    signed(value) {
      if (Math.abs(value) > LIMIT) throw new RangeError(`at most 2^52 either way was expected, got ${value}`);
      unsigned(fold(value));
    },
    text(value) {
      const encoded = new TextEncoder().encode(value);
      unsigned(encoded.length);
      makeRoom(encoded.length);
      bytes.set(encoded, length);
      length += encoded.length;
    },
    finish: () => bytes.subarray(0, length),
  };
}

export function createByteReader(bytes: Uint8Array): ByteReader {
  let at = 0;

  const unsigned = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) throw new RangeError('packed bytes end inside a number');
      at += 1;
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
      scale *= 128;
    }
  };

  return {
    unsigned,
    signed: () => unfold(unsigned()),
    text() {
      const end = unsigned() + at;
      if (end > bytes.length) throw new RangeError('packed bytes end inside a text');
      const value = new TextDecoder().decode(bytes.subarray(at, end));
      at = end;
      return value;
    },
    atEnd: () => at >= bytes.length,
  };
}
