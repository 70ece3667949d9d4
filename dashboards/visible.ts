/**
 * Characters that a provider could use to change how the text around them looks: C0 and C1 controls (line feed and
 * tab apart), bidirectional overrides and isolates, invisible joiners and the byte-order mark.
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const STEERING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Each steering character becomes `⟨U+202E⟩`; a lone half of a surrogate pair becomes U+FFFD. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(STEERING, (char) => `⟨U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}
