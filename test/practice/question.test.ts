import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerTokens, wrongTokens } from '../../src/practice/question.ts';

const answer = (question: string): string => answerTokens(question).join('');

test('any sum and any product of numbers of up to nine digits are answered exactly', () => {
  const operand = fc.integer({ min: 0, max: 999_999_999 });
  fc.assert(
    fc.property(operand, operand, (a, b) => {
      assert.equal(answer(`[n] Reply with one number: ${a} + ${b}`), String(BigInt(a) + BigInt(b)));
      assert.equal(answer(`[n] Reply with one number: ${a} * ${b}`), String(BigInt(a) * BigInt(b)));
    }),
  );
});

const QUESTIONS: readonly (readonly [sentence: string, question: string, expected: string])[] = [
  ['a nonce that looks like a product is no question', '[4x7k0] Reply with one number: 2 + 3', '5'],
  ['nor is one of digits around an x', '[4x7] Reply with one number: 2 + 3', '5'],
  ['spaces around the sign may be missing', '[abc] 2+3', '5'],
  ['a cross is a product', '6 × 7', '42'],
  ['the letter x between spaces is a product', '6 x 7', '42'],
  [
    'a longer number is not cut to fit',
    '1234567890 + 1',
    'This is the practice gateway : no model was asked .',
  ],
  ['anything else gets a label', 'Who are you?', 'This is the practice gateway : no model was asked .'],
];
for (const [sentence, question, expected] of QUESTIONS) {
  test(sentence, () => assert.equal(answer(question), expected));
}

test('a wrong answer has the length of the right one, and no digit of it in its place', () => {
  fc.assert(
    fc.property(fc.nat(), (number) => {
      const right = [...String(number)];
      const wrong = wrongTokens(right);
      assert.equal(wrong.length, right.length);
      assert.ok(wrong.every((digit, index) => digit !== right[index]));
    }),
  );
});
