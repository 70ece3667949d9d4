const BYTE_MAX = 255;

/**
 * Counts per minute of a ring of so many minutes. Takes no memory before there is something to count, and a byte per
 * minute while no minute has more than 255: hundreds of targets keep several of these for days.
 */
export type MinuteCounter = {
  readonly size: number;
  places: Uint8Array | Uint16Array | null;
};

export function createMinuteCounter(size: number): MinuteCounter {
  return { size, places: null };
}

/** Counts one more at a place of the ring; beyond 65,535 it stays there. */
export function countOne(counter: MinuteCounter, place: number): void {
  counter.places ??= new Uint8Array(counter.size);
  const count = (counter.places[place] ?? 0) + 1;
  if (count > BYTE_MAX && counter.places instanceof Uint8Array) {
    counter.places = Uint16Array.from(counter.places);
  }
  counter.places[place] = Math.min(count, 65_535);
}

export function clearPlace({ places }: MinuteCounter, place: number): void {
  if (places !== null) places[place] = 0;
}

export function countAt({ places }: MinuteCounter, place: number): number {
  return places?.[place] ?? 0;
}
