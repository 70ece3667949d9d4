import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * Evidence as it is stored: its JSON, deflated (RFC 1951) with a dictionary of what nearly every one contains. Layout:
 * the version, one byte, then the deflated bytes. A dictionary that was written with is never changed; a better one is
 * a new version beside it.
 */
const VERSION = 1;
/** What deflate looks back on, and more than any evidence needs: nothing that claims to be longer is unpacked. */
const MOST_BYTES = 4 * 1024 * 1024;

// What is likeliest stands last: it is the cheapest to refer to.
const DICTIONARY = Buffer.from(
  [
    '502 Bad Gateway503 Service Temporarily Unavailable504 Gateway Time-out</title></head><body><center><h1>',
    '{"error":{"message":"","type":"","param":null,"code":""}}server_errorrate_limit_exceededoverloaded_error',
    '"cf-ray":"","cf-cache-status":"DYNAMIC","strict-transport-security":"max-age=","vary":"Accept-Encoding",',
    '"access-control-allow-origin":"*","alt-svc":"h3=\\":443\\"; ma=86400","x-content-type-options":"nosniff",',
    '"openai-processing-ms":"","x-ratelimit-limit-requests":"","x-ratelimit-remaining-tokens":"","retry-after":"',
    '"content-type":"application/json; charset=utf-8","content-length":"","server":"nginxcloudflare","via":"1.1 ',
    '"cache-control":"no-cache","x-accel-buffering":"no","x-request-id":"req_',
    '"errorBody":{"message":"","type":null,"code":null,"limitSource":null}',
    'data: {\\"id\\":\\"chatcmpl-\\",\\"object\\":\\"chat.completion.chunk\\",\\"created\\":17,\\"model\\":\\"\\",',
    '\\"system_fingerprint\\":\\"fp_\\",\\"choices\\":[{\\"index\\":0,\\"delta\\":{\\"role\\":\\"assistant\\",',
    '\\"content\\":\\"\\"},\\"logprobs\\":null,\\"finish_reason\\":null}]}\\n\\n',
    'data: {\\"choices\\":[],\\"usage\\":{\\"prompt_tokens\\":,\\"completion_tokens\\":,\\"total_tokens\\":}}\\n\\n',
    'data: [DONE]\\n\\n',
    '{"ending":{"kind":"complete"},"headers":{"content-type":"text/event-stream","date":"Mon, Tue, Wed, Thu, Fri, ',
    'Sat, Sun, Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec 2026 GMT","connection":"keep-alive",',
    '"keep-alive":"timeout=75","transfer-encoding":"chunked"},"requestIds":{"x-client-request-id":"probity-',
    '"},"connection":{"reused":true,"remoteAddress":"127.0.0.1:443","localPort":,"alpn":"http/1.1",',
    '"tlsProtocol":"TLSv1.3","certificate":null,"tlsResumed":false,"addresses":["127.0.0.1"]},',
    '"contentType":"text/event-stream","bodyBytes":,"bodySha256":"","head":"","tail":"","answer":"",',
    '"errorBody":null,"finishReason":"stop","retryAfterMs":null}',
  ].join(''),
);

// The window holds the dictionary and all of a usual body; more would only cost memory.
const FORMAT = { dictionary: DICTIONARY, windowBits: 13 };

export function packEvidence(json: string): Uint8Array {
  return Buffer.concat([Buffer.of(VERSION), deflateRawSync(json, { ...FORMAT, memLevel: 6 })]);
}

/** The inverse of `packEvidence`. Throws on bytes it did not write. */
export function unpackEvidence(bytes: Uint8Array): string {
  const version = bytes[0];
  if (version !== VERSION) {
    throw new Error(`packed evidence has version ${version}, this program reads ${VERSION}`);
  }
  return inflateRawSync(bytes.subarray(1), { ...FORMAT, maxOutputLength: MOST_BYTES }).toString();
}
