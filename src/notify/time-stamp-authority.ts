/** More than any time-stamp with all its certificates. */
const LARGEST_BYTES = 256 * 1024;

/**
 * Asks a time-stamping authority over HTTP (RFC 3161, section 3.4) and resolves to its answer, DER. Rejects with one line
 * that says why there is none. Redirects are not followed.
 */
export async function askAuthority(
  url: string,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: { 'content-type': 'application/timestamp-query', 'user-agent': 'Probity' },
    body: Buffer.from(request),
  });
  if (response.status !== 200) {
    await response.body?.cancel().catch(() => undefined);
    throw new Error(`HTTP ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > LARGEST_BYTES) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
