/** The row of a batch that can never be stored, in whatever state the store is. */
export type RefusedRow = { readonly list: 'samples' | 'notRun'; readonly index: number };

/** The error with which `Store.record` rejects a batch because of one of its rows. */
export function refusal(row: RefusedRow, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), { refusedRow: row });
}

/** Which row an error is about; `null` if the store itself is in trouble and the same batch may pass later. */
export function refusedRowOf(error: unknown): RefusedRow | null {
  return error instanceof Error && 'refusedRow' in error ? (error.refusedRow as RefusedRow) : null;
}
