import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChatJsonReader } from '../../src/prober/chat-json.ts';
import { createChatStreamReader } from '../../src/prober/chat-stream.ts';
import { createEmbeddingsReader, createModelsReader } from '../../src/prober/lists.ts';
import { MAX_ANSWER, type Reader } from '../../src/prober/reading.ts';
import { createResponsesReader } from '../../src/prober/responses-stream.ts';
import { createFailureReader } from '../../src/prober/whole-body.ts';

const READERS: Readonly<Record<string, () => Reader>> = {
  'the chat stream': () => createChatStreamReader(() => {}),
  'the Responses stream': () => createResponsesReader(() => {}),
  'the answer in one piece': createChatJsonReader,
  'the embeddings': createEmbeddingsReader,
  'the list of models': () => createModelsReader(),
  'the refusal': () => createFailureReader(null),
  'the page instead of an answer': () => createFailureReader('text/html'),
};

/** JSON of the right names with the wrong things in it, more often than chance would make it. */
const hostileJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, 0, -1, 1e300, '', 'x', 'stop', 'error', true, [], {}),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'choices',
        'delta',
        'message',
        'content',
        'role',
        'tool_calls',
        'function',
        'name',
        'usage',
        'completion_tokens',
        'error',
        'detail',
        'finish_reason',
        'model',
        'data',
        'embedding',
        'id',
        'type',
        'response',
        'item',
        '__proto__',
      ),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
})).value;

const line = fc.oneof(
  hostileJson.map((value) => `data: ${JSON.stringify(value)}\n\n`),
  hostileJson.map((value) => JSON.stringify(value)),
  fc.string(),
  fc.constantFrom('data: [DONE]\n\n', ': ping\n\n', 'event: error\n', 'data: {\n\n', '\r', '\n', '\ufeff'),
);

const DEEP = 200_000;
const nested = [
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"error":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  `{"detail":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
];

for (const [name, create] of Object.entries(READERS)) {
  test(`${name} takes any text without a throw, and counts only upwards`, () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (pieces) => {
        const reader = create();
        let chunks = 0;
        for (const [at, piece] of pieces.entries()) {
          reader.text(piece, at * 10);
          assert.ok(reader.reading.chunks >= chunks);
          chunks = reader.reading.chunks;
        }
        reader.end(pieces.length * 10);
        const { reading } = reader;
        assert.ok(reading.answer.length <= MAX_ANSWER);
        for (const count of Object.values(reading.usage ?? {})) {
          assert.ok(count === null || (Number.isSafeInteger(count) && count >= 0));
        }
      }),
    );
  });

  test(`${name} survives nesting deeper than the stack`, () => {
    for (const text of nested) {
      const reader = create();
      reader.text(`data: ${text}\n\n`, 1);
      reader.text(text, 2);
      reader.end(3);
      assert.equal(reader.reading.tokenChunks, 0);
    }
  });
}
