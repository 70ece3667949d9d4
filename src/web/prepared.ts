import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { madeOnce } from '../domain/made-once.ts';

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** An answer made once and sent many times, compressed at most once per encoding. */
export type Prepared = {
  readonly contentType: string;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly encoded: (encoding: 'br' | 'gzip') => Promise<Buffer>;
};

export function prepare(contentType: string, text: string | Buffer): Prepared {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const br = madeOnce(() =>
    compressBrotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  );
  const gz = madeOnce(() => compressGzip(bytes, { level: 6 }));
  return {
    contentType,
    // Weak: the same page is the same page in every encoding.
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    bytes,
    encoded: (encoding) => (encoding === 'br' ? br() : gz()),
  };
}

/** Answers GET and HEAD: 304 where the reader already has it, else in the best encoding the reader takes. */
export async function sendPrepared(
  request: Request,
  response: Response,
  prepared: Prepared,
  cacheControl = 'no-cache',
): Promise<void> {
  response.set({
    'Content-Type': prepared.contentType,
    'Cache-Control': cacheControl,
    ETag: prepared.etag,
    Vary: 'Accept-Encoding',
  });
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  const encoding = prepared.bytes.length < 600 ? null : encodingFor(request);
  let body = prepared.bytes;
  if (encoding !== null) {
    body = await prepared.encoded(encoding);
    response.set('Content-Encoding', encoding);
  }
  response.set('Content-Length', String(body.length));
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The smaller one of those the reader takes, not the one the reader happens to name first. */
function encodingFor(request: Request): 'br' | 'gzip' | null {
  if (request.acceptsEncodings('br') === 'br') return 'br';
  return request.acceptsEncodings('gzip') === 'gzip' ? 'gzip' : null;
}
