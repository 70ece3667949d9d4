import type { Segment, UnreadablePiece } from '../store/store.ts';
import { PARTS, type Part, type RowName, seriesText } from './chain-row.ts';
import { readRowIndex } from './row-index.ts';
import {
  type HashedPart,
  type HashedSegment,
  MARK_BYTES,
  nameText,
  placeText,
  type SegmentHeader,
} from './segment.ts';

/** One line that says what happened to which row. */
export type Diagnosis = string;

type Present = { readonly name: RowName; readonly row: number };
type Sealed = { readonly name: RowName; readonly mark: number };

const MOST_PAIRS = 10_000;

/** Compares a segment whose rows no longer add up with its marks, row by row. */
export function diagnose(
  segment: Segment,
  header: SegmentHeader,
  hashed: HashedSegment,
  unreadable: readonly UnreadablePiece[],
  parts: readonly Part[],
): readonly Diagnosis[] {
  let index: Readonly<Record<Part, readonly RowName[]>>;
  try {
    index = readRowIndex(segment.index);
  } catch {
    return ['rows are not as sealed, and the list that would name them is damaged too'];
  }
  const marks = Buffer.from(segment.marks);
  const lines: string[] = unreadable.map(
    ({ series, hourAt, message }) =>
      `the packed samples of ${placeText(series)} from ${new Date(hourAt).toISOString()} cannot be read: ${message}`,
  );
  const lost = new Set(unreadable.map(({ series, hourAt }) => `${seriesText(series)} ${hourAt}`));
  const isLost = ({ series, scheduledAt }: RowName): boolean =>
    lost.has(`${seriesText(series)} ${Math.floor(scheduledAt / 3_600_000) * 3_600_000}`);
  let position = 0;
  for (const part of PARTS) {
    const names = index[part];
    const sealed = names.map((name, i): Sealed => {
      return { name, mark: marks.readUInt32BE((position + i) * MARK_BYTES) };
    });
    position += names.length;
    if (!parts.includes(part) || hashed[part].root === header[part].root) continue;
    // Of what is lost some may be there again as rows.
    const there = lost.size === 0 ? null : new Set(hashed[part].names().map(keyOf));
    const wanted =
      part === 'samples' && there !== null
        ? sealed.filter(({ name }) => !isLost(name) || there.has(keyOf(name)))
        : sealed;
    const found = comparePart(part, wanted, hashed[part]);
    if (found.length > 0) lines.push(...found);
    else if (lost.size === 0) {
      lines.push(`a row of ${part} changed in a way its mark does not show`);
    }
  }
  return lines;
}

function comparePart(part: Part, sealed: readonly Sealed[], hashed: HashedPart): Diagnosis[] {
  const rows = hashed.names().map((name, row): Present => ({ name, row }));
  const present = new Map(rows.map((one) => [keyOf(one.name), one]));
  const expected = new Map(sealed.map((one) => [keyOf(one.name), one]));
  const missing = sealed.filter(({ name }) => !present.has(keyOf(name)));
  const inserted = rows.filter(({ name }) => !expected.has(keyOf(name)));
  const changed = sealed.flatMap((one) => {
    const found = present.get(keyOf(one.name));
    return found === undefined || one.mark === hashed.markOf(found.row) ? [] : [{ one, found }];
  });
  const lines: string[] = [];
  const told = new Set<Sealed | Present>();
  const wouldBe = (at: Sealed, content: Present): boolean => at.mark === hashed.markOf(content.row, at.name);
  // A row that stands under another's name is one event, not a deletion and an insertion. Heaps are not paired.
  if (missing.length * inserted.length <= MOST_PAIRS) {
    for (const gone of missing) {
      const moved = inserted.find((one) => !told.has(one) && wouldBe(gone, one));
      if (moved === undefined) continue;
      told.add(moved).add(gone);
      lines.push(`${nameText(part, gone.name)} was moved to ${nameText(part, moved.name)}`);
    }
  }
  if (changed.length ** 2 <= MOST_PAIRS) {
    for (const [i, { one, found }] of changed.entries()) {
      if (told.has(one)) continue;
      const partner = changed
        .slice(i + 1)
        .find((other) => !told.has(other.one) && wouldBe(one, other.found) && wouldBe(other.one, found));
      if (partner === undefined) continue;
      told.add(one).add(partner.one);
      lines.push(
        `${nameText(part, one.name)} and ${nameText(part, partner.one.name)} were put in each other's place`,
      );
    }
  }
  for (const { one } of changed) if (!told.has(one)) lines.push(`${nameText(part, one.name)} was changed`);
  for (const one of missing) if (!told.has(one)) lines.push(`${nameText(part, one.name)} was deleted`);
  for (const one of inserted) if (!told.has(one)) lines.push(`${nameText(part, one.name)} was inserted`);
  return lines;
}

function keyOf({ series, scheduledAt, purpose }: RowName): string {
  return `${seriesText(series)} ${scheduledAt} ${purpose}`;
}
