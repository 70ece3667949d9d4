/**
 * A binary heap of series by their next tick. It holds slots (small integers) in typed arrays: with 10,000 series
 * every 10 s it is touched a thousand times a second, and must neither allocate nor be noticed.
 */
export type TickHeap = {
  /** The slot that is due first, or -1. */
  readonly first: () => number;
  /** When it is due, or Infinity. */
  readonly firstAt: () => number;
  /** Adds a slot, or moves it if it is there. */
  readonly set: (slot: number, at: number) => void;
  readonly remove: (slot: number) => void;
  readonly size: () => number;
};

export function createTickHeap(): TickHeap {
  const slots: number[] = [];
  const times: number[] = [];
  /** Position of each slot in the heap, -1 if it is not in it. */
  const places: number[] = [];

  const timeAt = (place: number): number => times[place] ?? Number.POSITIVE_INFINITY;
  const put = (place: number, slot: number, at: number): void => {
    slots[place] = slot;
    times[place] = at;
    places[slot] = place;
  };

  const rise = (from: number, slot: number, at: number): void => {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (timeAt(parent) <= at) break;
      put(place, slots[parent] ?? -1, timeAt(parent));
      place = parent;
    }
    put(place, slot, at);
  };

  const sink = (from: number, slot: number, at: number): void => {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= slots.length) break;
      if (timeAt(child + 1) < timeAt(child)) child += 1;
      if (timeAt(child) >= at) break;
      put(place, slots[child] ?? -1, timeAt(child));
      place = child;
    }
    put(place, slot, at);
  };

  const settle = (place: number, slot: number, at: number): void => {
    if (place > 0 && timeAt((place - 1) >> 1) > at) rise(place, slot, at);
    else sink(place, slot, at);
  };

  return {
    first: () => slots[0] ?? -1,
    firstAt: () => timeAt(0),
    size: () => slots.length,
    set: (slot, at) => {
      const place = places[slot] ?? -1;
      if (place >= 0) return settle(place, slot, at);
      slots.push(slot);
      times.push(at);
      rise(slots.length - 1, slot, at);
    },
    remove: (slot) => {
      const place = places[slot] ?? -1;
      if (place < 0) return;
      places[slot] = -1;
      const lastSlot = slots.pop() ?? -1;
      const lastAt = times.pop() ?? Number.POSITIVE_INFINITY;
      if (lastSlot !== slot) settle(place, lastSlot, lastAt);
    },
  };
}
