/** Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other. Damerau (1964). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (rows[i - 1]?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Number.POSITIVE_INFINITY;
}

/** Case, underscores and hyphens are spelling, not meaning: `min_run_slices` is `minRunSlices`. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, '');
}

/** The word that was probably meant, or `null` if none is near. */
export function nearest(word: string, words: readonly string[]): string | null {
  const sought = plain(word);
  const scored = words
    .map((candidate) => ({ candidate, distance: editDistance(sought, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = scored;
  if (best === undefined || best.distance > Math.max(1, Math.floor(sought.length / 3))) return null;
  return best.candidate;
}
