/** Bytes that leave at one instant, µs after the request's arrival. */
export type Frame = { readonly atUs: number; readonly text: string };

/** Everything that goes back over the wire, with its times: a value, so that it can be looked at without a socket. */
export type Script = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: nothing is ever sent. */
  readonly headersAtUs: number | null;
  /** In the order of their times. */
  readonly frames: readonly Frame[];
  readonly ending:
    | { readonly kind: 'complete'; readonly atUs: number }
    /** The connection is destroyed. */
    | { readonly kind: 'broken'; readonly atUs: number }
    /** Nothing more comes, unless comments do. */
    | { readonly kind: 'never'; readonly comments: boolean };
};

/** A server-sent comment, as gateways send to keep a connection open. */
export const COMMENT = ': ping\n\n';

/** From the request's arrival on. */
export const COMMENT_EVERY_MS = 1000;

/** A whole body that leaves at once. */
export function wholeScript(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  atUs: number,
): Script {
  return {
    status,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    headersAtUs: atUs,
    frames: [{ atUs, text: body }],
    ending: { kind: 'complete', atUs },
  };
}

/** A JSON body that leaves at once. */
export function jsonScript(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  atUs: number,
): Script {
  return wholeScript(status, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body), atUs);
}

/** A JSON body of which only the first half comes; then the connection closes, breaks, or says no more. */
export function halfJsonScript(
  headers: Readonly<Record<string, string>>,
  body: unknown,
  atUs: number,
  then: 'truncated' | 'broken' | 'stalled',
): Script {
  const text = JSON.stringify(body);
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/json' },
    headersAtUs: atUs,
    frames: [{ atUs, text: text.slice(0, text.length / 2) }],
    ending:
      then === 'truncated'
        ? { kind: 'complete', atUs }
        : then === 'broken'
          ? { kind: 'broken', atUs: atUs + 1000 }
          : { kind: 'never', comments: false },
  };
}
