import { PROMPT_PLACEHOLDERS, type Prompt } from '../domain/measure/probe.ts';
import { didYouMean } from './nearest.ts';
import { entriesOf, type Reading } from './reading.ts';
import { promptSchema } from './schema.ts';
import type { Path } from './yaml-source.ts';

const KNOWN: readonly string[] = PROMPT_PLACEHOLDERS;

export function readPrompts(reading: Reading): Prompt[] {
  return entriesOf(reading, 'prompts', promptSchema).map(({ id, path, value }) => {
    const asked = new Set<string>();
    value.messages.forEach((message, index) => {
      const place = [...path, 'messages', index, 'content'];
      for (const name of placeholders(reading, message.content, place)) asked.add(name);
    });
    if (!asked.has('nonce') && !reading.problems.isDoubtful(path)) {
      reading.problems.warning(
        [...path, 'messages'],
        'no message holds {nonce}: a cache in the gateway may answer instead of the model',
        'key',
      );
    }
    if (value.expect !== undefined) {
      const place = [...path, 'expect', 'contains'];
      for (const name of placeholders(reading, value.expect.contains, place)) {
        const operands = name === 'sum' || name === 'product' ? ['a', 'b'] : [name];
        const absent = operands.filter((operand) => !asked.has(operand));
        if (absent.length > 0) {
          reading.problems.error(
            place,
            `expects {${name}}, but no message shows ${absent.map((operand) => `{${operand}}`).join(' or ')}`,
          );
        }
      }
    }
    return {
      id,
      messages: value.messages,
      maxTokens: value.maxTokens,
      expectContains: value.expect?.contains ?? null,
    };
  });
}

/** The known placeholders in a text; unknown ones are told. */
function placeholders(reading: Reading, content: string, path: Path): string[] {
  return [...content.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) => {
    if (KNOWN.includes(name)) return [name];
    const guess = didYouMean(name, KNOWN) || `; known: ${KNOWN.map((known) => `{${known}}`).join(', ')}`;
    reading.problems.error(path, `unknown placeholder {${name}}${guess}`);
    return [];
  });
}
