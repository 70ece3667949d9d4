import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerContains } from '../../src/domain/measure/answer-check.ts';

const ROWS: readonly (readonly [sentence: string, answer: string, expected: string, contains: boolean])[] = [
  ['a number is found in a sentence', 'The sum is 1245.', '1245', true],
  ['digits may be grouped with commas', 'That makes 1,245', '1245', true],
  ['digits may be grouped with points', 'Das sind 1.245', '1245', true],
  ['digits may be grouped with thin spaces', 'cela fait 1\u202f245', '1245', true],
  ['a longer number that holds the digits is not it', '11245', '1245', false],
  ['nor is one that begins with them', '12456', '1245', false],
  ['a number in a list is found', '40, 41, 42', '42', true],
  ['numbers after each other are not one number', '1, 245', '1245', false],
  ['words are compared without case and extra space', 'Hello,\n WORLD', 'hello, world', true],
  ['a missing word is missing', 'Hello', 'world', false],
];

for (const [sentence, answer, expected, contains] of ROWS) {
  test(sentence, () => assert.equal(answerContains(answer, expected), contains));
}
