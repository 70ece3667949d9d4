/**
 * Does the answer contain what it must? Case and runs of white space do not matter. A number must stand alone (42 is
 * not in 1423), and digits may be grouped in any of the usual ways (1,245 and 1 245 are 1245).
 */
export function answerContains(answer: string, expected: string): boolean {
  if (!/^\d+$/.test(expected)) return normalise(answer).includes(normalise(expected));
  const plain = answer.replace(/(?<=\d)[,.'_\u00a0\u2009\u202f ](?=\d{3}(?!\d))/g, '');
  const alone = new RegExp(`(?<![\\d])${expected}(?!\\d)`);
  return alone.test(plain) || alone.test(answer);
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
}
