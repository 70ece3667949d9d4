/**
 * `[nonce] Reply with one number: 512 + 331`, or the same with a product. The letter x needs spaces around it, and
 * numbers stand alone: a nonce such as `4x7k` is no question.
 */
const SUM_OR_PRODUCT = /(?<!\w)(\d{1,9})(?:\s*([+*×])\s*|\s+x\s+)(\d{1,9})(?!\w)/;

const NO_QUESTION = 'This is the practice gateway : no model was asked .';

const THOUGHTS = [
  'Add',
  ' the',
  ' two',
  ' numbers',
  ',',
  ' digit',
  ' by',
  ' digit',
  ',',
  ' and',
  ' check',
  '.',
];

/** The right answer to a sum or product in the question, one digit per token; any other question gets a label. */
export function answerTokens(question: string): readonly string[] {
  const found = SUM_OR_PRODUCT.exec(question);
  if (found === null) return NO_QUESTION.split(/(?= )/);
  const a = Number(found[1]);
  const b = Number(found[3]);
  return [...String(found[2] === '+' ? a + b : BigInt(a) * BigInt(b))];
}

/** `count` tokens of visible thinking. */
export function reasoningTokens(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => THOUGHTS[index % THOUGHTS.length] ?? '');
}

/** A complete and well-formed answer that is not the right one. */
export function wrongTokens(right: readonly string[]): readonly string[] {
  return right.map((token) => (/^\d$/.test(token) ? String((Number(token) + 3) % 10) : token));
}
