/**
 * The candidate a reader most likely meant, or `null` if none is near: at most a third of the letters differ, case
 * and separators aside. Swapped neighbours count once (optimal string alignment).
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const plain = simplify(word);
  let best: string | null = null;
  let least = Math.floor(Math.max(plain.length, 3) / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(plain, simplify(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const guess = nearest(word, candidates);
  return guess === null ? '' : ` (did you mean "${guess}"?)`;
}

function simplify(word: string): string {
  return word
    .slice(0, 100)
    .toLowerCase()
    .replace(/[-_\s]/g, '');
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
