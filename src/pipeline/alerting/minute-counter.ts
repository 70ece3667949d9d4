/**
 * Counts per minute of a ring of so many minutes. Takes no memory before there is something to count, and half a byte per
 * minute while no minute has more than 15: hundreds of targets keep several of these for days.
 */
export type MinuteCounter = {
  readonly size: number;
  /** Bits of a count. Where they are four, the minute with the even place has the lower ones of a byte. */
  bits: 4 | 8 | 16;
  places: Uint8Array | Uint16Array | null;
};

export function createMinuteCounter(size: number): MinuteCounter {
  return { size, bits: 4, places: null };
}

/** Counts one more at a place of the ring; beyond 65,535 it stays there. */
export function countOne(counter: MinuteCounter, place: number): void {
  counter.places ??= new Uint8Array(Math.ceil(counter.size / 2));
  const count = countAt(counter, place) + 1;
  if (count >= 2 ** counter.bits) {
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
  if (bits > 4) return places[place] ?? 0;
  return ((places[place >> 1] ?? 0) >> (4 * (place & 1))) & 15;
}

function put({ bits, places }: MinuteCounter, place: number, count: number): void {
  if (places === null) return;
  if (bits > 4) {
    places[place] = count;
    return;
  }
  const shift = 4 * (place & 1);
  places[place >> 1] = ((places[place >> 1] ?? 0) & ~(15 << shift)) | (count << shift);
}

function widen(counter: MinuteCounter): void {
  const { bits, size } = counter;
  const wider = bits === 4 ? new Uint8Array(size) : new Uint16Array(size);
  for (let place = 0; place < size; place += 1) wider[place] = countAt(counter, place);
  counter.places = wider;
  counter.bits = bits === 4 ? 8 : 16;
}
