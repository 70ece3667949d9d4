/**
 * Counts per minute of a ring of so many minutes. Takes no memory before there is something to count, and a bit per minute
 * while no minute has more than one, then two bits, and so on: hundreds of targets keep several of these for days.
 */
export type MinuteCounter = {
  readonly size: number;
  /** Bits of a count. Where several share a byte, the one with the lowest place has its lowest bits. */
  bits: 1 | 2 | 4 | 8 | 16;
  places: Uint8Array | Uint16Array | null;
};

export function createMinuteCounter(size: number): MinuteCounter {
  return { size, bits: 1, places: null };
}

/** Counts one more at a place of the ring; beyond 65,535 it stays there. */
export function countOne(counter: MinuteCounter, place: number): void {
  counter.places ??= emptyPlaces(counter.size, counter.bits);
  const count = countAt(counter, place) + 1;
  if (count >= 1 << counter.bits) {
    if (counter.bits === 16) return;
    widen(counter);
  }
  put(counter, place, count);
}

export function clearPlace(counter: MinuteCounter, place: number): void {
  if (counter.places !== null) put(counter, place, 0);
}

export function countAt({ bits, places }: MinuteCounter, place: number): number {
  if (places === null) return 0;
  if (bits >= 8) return places[place] ?? 0;
  const at = place * bits;
  return ((places[at >> 3] ?? 0) >> (at & 7)) & ((1 << bits) - 1);
}

function put({ bits, places }: MinuteCounter, place: number, count: number): void {
  if (places === null) return;
  if (bits >= 8) {
    places[place] = count;
    return;
  }
  const at = place * bits;
  const shift = at & 7;
  places[at >> 3] = ((places[at >> 3] ?? 0) & ~(((1 << bits) - 1) << shift)) | (count << shift);
}

const WIDER = { 1: 2, 2: 4, 4: 8, 8: 16, 16: 16 } as const;

function widen(counter: MinuteCounter): void {
  const { size } = counter;
  const bits = WIDER[counter.bits];
  const wider: MinuteCounter = { size, bits, places: emptyPlaces(size, bits) };
  for (let place = 0; place < size; place += 1) put(wider, place, countAt(counter, place));
  counter.places = wider.places;
  counter.bits = bits;
}

function emptyPlaces(size: number, bits: MinuteCounter['bits']): Uint8Array | Uint16Array {
  return bits === 16 ? new Uint16Array(size) : new Uint8Array(Math.ceil((size * bits) / 8));
}
