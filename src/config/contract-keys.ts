import { z } from 'zod';
import { contractTermsSchema } from './contract-schema.ts';
import { nearest } from './nearest.ts';

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly $ref?: string;
  readonly const?: unknown;
} & Record<string, unknown>;

/** One of several forms of a mapping, told apart by the value of one key, such as `method: occurrences`. */
type Variant = { readonly by: string; readonly is: string; readonly keys: ReadonlySet<string> };

type Format = {
  /** Every key, and the keys it may stand under; `''` is the top level. */
  readonly homes: ReadonlyMap<string, ReadonlySet<string>>;
  /** The forms of the mappings that stand under a key. */
  readonly variants: ReadonlyMap<string, readonly Variant[]>;
};

type Collected = { readonly homes: Map<string, Set<string>>; readonly variants: Map<string, Variant[]> };

function variantOf({ properties = {} }: JsonSchema): Variant | null {
  const by = Object.entries(properties).find(([, value]) => typeof value.const === 'string');
  if (by === undefined) return null;
  return { by: by[0], is: String(by[1].const), keys: new Set(Object.keys(properties)) };
}

function collect(root: JsonSchema, schema: unknown, parent: string, into: Collected): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Array.isArray(schema)) {
    for (const one of schema) collect(root, one, parent, into);
    return;
  }
  const { properties, $defs: _defs, $ref, ...rest } = schema as JsonSchema;
  if ($ref !== undefined) collect(root, root.$defs?.[$ref.split('/').at(-1) ?? ''], parent, into);
  const variant = variantOf(schema as JsonSchema);
  if (variant !== null) into.variants.set(parent, [...(into.variants.get(parent) ?? []), variant]);
  for (const [key, value] of Object.entries(properties ?? {})) {
    const under = into.homes.get(key) ?? new Set();
    into.homes.set(key, under.add(parent));
    collect(root, value, key, into);
  }
  for (const value of Object.values(rest)) collect(root, value, parent, into);
}

const FORMAT: Format = (() => {
  const into: Collected = { homes: new Map(), variants: new Map() };
  const schema = z.toJSONSchema(contractTermsSchema, { io: 'input' }) as JsonSchema;
  collect(schema, schema, '', into);
  return into;
})();

/** Whether any mapping of a contract may hold the key. */
export function isContractKey(key: string): boolean {
  return FORMAT.homes.has(key);
}

function homeWords(key: string): string {
  const names = [...(FORMAT.homes.get(key) ?? [])].map((home) => (home === '' ? 'the top level' : home));
  return names.length > 3 ? names.slice(0, 3).join(', ') : names.join(' or ');
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** What to say about a key that does not belong into `holder`, the mapping found under `parent`. */
export function unknownKey(key: string, parent: string, holder: unknown): string {
  const variants = FORMAT.variants.get(parent) ?? [];
  const chosen = variants.find(
    ({ by, is }) => typeof holder === 'object' && holder !== null && Reflect.get(holder, by) === is,
  );
  const all = [...FORMAT.homes].filter(([, under]) => under.has(parent)).map(([name]) => name);
  const siblings = chosen === undefined ? all : [...chosen.keys];
  const others = variants.filter(({ keys }) => keys.has(key)).map(({ is }) => is);
  if (chosen !== undefined && others.length > 0) {
    return `${key} does not apply to ${chosen.by} ${chosen.is}, only to ${listed([...new Set(others)])}; leave it out`;
  }
  const near = nearest(key, siblings) ?? nearest(key, [...FORMAT.homes.keys()]);
  if (near === null) return `unknown key ${key}; expected one of ${siblings.join(', ')}`;
  if (siblings.includes(near)) return `unknown key ${key}; did you mean ${near}?`;
  return near === key
    ? `${key} does not belong here but under ${homeWords(near)}`
    : `unknown key ${key}; did you mean ${near}, under ${homeWords(near)}?`;
}
