import { z } from 'zod';
import { DURATION_PATTERN } from '../domain/time/duration.ts';

/** Every leaf says what it expects in words; the reader of a problem sees them, not the library's. */
const saying = (expected: string): { readonly error: string } => ({ error: `expected ${expected}` });

export function text(expected: string, most = 1_000): z.ZodString {
  return z
    .string(saying(expected))
    .min(1, saying(expected))
    .max(most, saying(`${expected}, at most ${most} characters`));
}

export function matching(pattern: RegExp, expected: string): z.ZodString {
  return z.string(saying(expected)).regex(pattern, saying(expected));
}

export function whole(least: number, most: number): z.ZodInt {
  const expected = saying(`a whole number from ${least} to ${most}`);
  return z.int(expected).min(least, expected).max(most, expected);
}

export function flag(): z.ZodBoolean {
  return z.boolean(saying('true or false'));
}

export function map<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, saying('a map'));
}

export function list<S extends z.ZodType>(element: S, what: string, least = 0): z.ZodArray<S> {
  return z
    .array(element, saying(`a list of ${what}`))
    .min(least, saying(`a list of ${what}, with at least one`));
}

export function byName<S extends z.ZodType>(value: S, what: string): z.ZodRecord<z.ZodString, S> {
  return z.record(slug(), value, saying(`a map of ${what} by id`));
}

export function either<S extends readonly [z.ZodType, ...z.ZodType[]]>(
  options: S,
  expected: string,
): z.ZodUnion<S> {
  return z.union(options, saying(expected));
}

/** An id: it becomes part of target ids and addresses, so it has neither slash nor space. */
export function slug(): z.ZodString {
  return matching(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'an id of at most 63 letters, digits, dots, dashes and underscores, without a slash',
  );
}

export function modelId(): z.ZodString {
  return matching(
    /^[\x21-\x7e]{1,200}$/,
    'a model name of at most 200 printable ASCII characters, without a space',
  );
}

export function glob(): z.ZodString {
  return matching(/^[\x21-\x7e]{1,200}$/, 'a name or a pattern such as "deepseek-ai/*"');
}

export function duration(): z.ZodString {
  return matching(DURATION_PATTERN, 'a duration such as 500ms, 30s, 5m, 12h or 400d');
}

export function money(): z.ZodString {
  return matching(/^\d{1,12}(?:\.\d{1,9})? [A-Z]{3}$/, 'an amount and a currency such as "5 USD"');
}

/** A number, or the same as text where every digit matters. */
export function amount(): z.ZodUnion<readonly [z.ZodNumber, z.ZodString]> {
  const expected = 'an amount such as 0.25, not negative';
  return either(
    [
      z
        .number(saying(expected))
        .min(0, saying(expected))
        .max(1e9, saying(`${expected}, at most 10^9`)),
      matching(/^\d{1,9}(?:\.\d{1,9})?$/, expected),
    ],
    expected,
  );
}

const SECRET_EXPECTED =
  'a reference to a secret: { env: NAME } or { file: path }; a secret itself is never written here';

export function secretRef() {
  return either(
    [
      z
        .strictObject(
          {
            env: text('the name of an environment variable', 200).describe(
              'Name of the environment variable',
            ),
          },
          saying(SECRET_EXPECTED),
        )
        .describe('From the environment'),
      z
        .strictObject(
          { file: text('a path', 1_000).describe('Path of the file, relative to the deployment folder') },
          saying(SECRET_EXPECTED),
        )
        .describe('From a file, such as a mounted secret'),
    ],
    SECRET_EXPECTED,
  );
}

export type SecretRef = z.output<ReturnType<typeof secretRef>>;

export function webAddress(): z.ZodString {
  return text('an http or https address', 2_000);
}
