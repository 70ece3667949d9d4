import type { GatewaySettings } from './config.ts';
import { elementsOf, type Reading, readAddress, refuseTwins } from './reading.ts';
import { gatewaySchema } from './schema.ts';
import { isSecretName, looksSecret, type Secret } from './secret.ts';
import type { Path } from './yaml-source.ts';

const EXAMPLE = 'https://global-apis.com/v1';
/** Headers the prober writes itself: two of them would contradict each other. */
const OWN_HEADERS =
  /^(?:host|content-length|content-type|transfer-encoding|connection|accept|accept-encoding)$/i;

export function readGateways(reading: Reading): GatewaySettings[] {
  const { problems } = reading;
  const gateways = elementsOf(reading, 'gateway', gatewaySchema);
  refuseTwins(reading, gateways, 'gateway');
  return gateways.map(({ path, value }) => {
    const place = [...path, 'baseUrl'];
    let baseUrl: string | null = null;
    if (value.practice !== undefined) {
      if (value.baseUrl !== undefined) {
        problems.error(place, 'a practice gateway finds its own address; leave baseUrl or practice out');
      }
    } else if (value.baseUrl === undefined) {
      if (!problems.isDoubtful(path))
        problems.error(place, `missing: expected an address such as ${EXAMPLE}`, 'key');
    } else {
      baseUrl = readAddress(reading, value.baseUrl, place, EXAMPLE);
      if (
        baseUrl !== null &&
        /\/(?:chat\/completions|completions|embeddings|models|responses)$/.test(baseUrl)
      ) {
        problems.error(
          place,
          `expected the address the operations begin with, such as ${EXAMPLE}, found that of one operation`,
        );
      } else if (baseUrl !== null && baseUrl !== value.baseUrl) {
        problems.warning(place, 'a slash ends this address; it is read without it');
      }
    }
    if (value.apiVersion !== undefined && value.kind !== 'azure-openai') {
      problems.error(
        [...path, 'apiVersion'],
        `only for kind azure-openai, but the kind is ${value.kind}`,
        'key',
      );
    }
    return {
      id: value.id,
      baseUrl,
      kind: value.kind,
      headers: readHeaders(reading, value.headers, [...path, 'headers']),
      control:
        value.control === undefined
          ? null
          : readAddress(reading, value.control, [...path, 'control'], 'https://example.net/health'),
      disclosure: withoutUndefined(value.disclosure) ?? null,
      apiVersion: value.apiVersion ?? null,
      practice: value.practice ?? null,
    };
  });
}

type RawHeaders = Readonly<Record<string, string | { env: string } | { file: string }>>;

function readHeaders(reading: Reading, headers: RawHeaders, path: Path): Record<string, string | Secret> {
  const { problems } = reading;
  const read: [string, string | Secret][] = [];
  for (const [name, value] of Object.entries(headers)) {
    const place = [...path, name];
    if (OWN_HEADERS.test(name)) {
      problems.error(place, `the header ${name} is written by the prober itself`, 'key');
    } else if (typeof value !== 'string') {
      const secret = reading.secret(value, place);
      if (secret !== null) read.push([name.toLowerCase(), secret]);
    } else if (isSecretName(name) || looksSecret(value)) {
      problems.error(
        place,
        'this looks like a secret (not shown): write { env: NAME } or { file: path } instead',
      );
    } else if (!/^[\x20-\x7e]*$/.test(value)) {
      problems.error(place, 'expected printable ASCII on one line');
    } else read.push([name.toLowerCase(), value]);
  }
  return Object.fromEntries(read);
}

/** Optional keys that are absent rather than undefined. */
function withoutUndefined<T extends object>(
  value: T | undefined,
): { [K in keyof T]: Exclude<T[K], undefined> } | undefined {
  if (value === undefined) return undefined;
  const present = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}
