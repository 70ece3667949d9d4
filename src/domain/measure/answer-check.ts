/**
 * Does the answer contain what it must? Case and runs of white space do not matter. A number must stand alone (42 is
 * not in 1423), and digits may be grouped in any of the usual ways (1,245 and 1 245 are 1245).
 */
export function answerContains(answer: string, expected: string): boolean {
  if (!/^\d+$/.test(expected)) return normalise(answer).includes(normalise(expected));
  return standsAlone(answer, expected) || standsAlone(answer.replace(GROUPING, ''), expected);
}

const GROUPING = /(?<=\d)[,.'_\u00a0\u2009\u202f ](?=\d{3}(?!\d))/g;
const DIGIT = /\d/;

/** Are the digits there without another digit before or after them? Runs for every sample: no pattern is compiled. */
function standsAlone(text: string, digits: string): boolean {
  for (let at = text.indexOf(digits); at >= 0; at = text.indexOf(digits, at + 1)) {
    if (!DIGIT.test(text.charAt(at - 1)) && !DIGIT.test(text.charAt(at + digits.length))) return true;
  }
  return false;
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
}
