/** What pdfkit's types leave out of a document: the fonts that it embeds. */
type Inner = {
  readonly _fontFamilies: Readonly<
    Record<string, { readonly font: { readonly hasGlyphForCodePoint: (codePoint: number) => boolean } }>
  >;
};

export type Characters = {
  /**
   * The text with nothing in it that a reader would not see: characters without a glyph, and those that only steer or join
   * others, are written by their numbers, a run of them as `‹U+6A21 U+578B›`. Line feeds stay.
   */
  readonly printable: (text: string) => string;
  /** Whether any character so far was written by its number. */
  readonly wereNumbered: () => boolean;
};

const PLAIN = /^[\n -~]*$/;
/** Controls, formats, joiners, variation selectors, halves of pairs, and private ones, which mean something in one font only. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u;
/** They look as the letters do that they are made of. By other forms that have a plain equivalent two names would become one. */
const LIGATURE = /[\ufb00-\ufb06]/g;
/** Behind a number it would stand over the mark that closes it. */
const COMBINING = /\p{M}/u;
/** A text that looks like a number has its own opening mark numbered, so that each form means one thing. */
const LOOKALIKE = /‹(?=U\+)/g;

const numberOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** What can be drawn in each of the fonts that the document knows by these names. */
export function charactersOf(doc: PDFKit.PDFDocument, names: readonly string[]): Characters {
  const fonts = names.flatMap((name) => {
    doc.font(name);
    return (doc as unknown as Inner)._fontFamilies[name]?.font ?? [];
  });
  const known = new Map<string, boolean>();
  const canDraw = (character: string): boolean => {
    const before = known.get(character);
    if (before !== undefined) return before;
    const codePoint = character.codePointAt(0) ?? 0;
    const can =
      !UNSEEN.test(character) && fonts.every((font) => font.hasGlyphForCodePoint(codePoint) === true);
    known.set(character, can);
    return can;
  };
  let were = false;
  const numbered = (text: string): string => {
    let out = '';
    let run: string[] = [];
    const close = (): void => {
      if (run.length > 0) out += `‹${run.join(' ')}›`;
      run = [];
    };
    for (const character of text) {
      const isMark = run.length > 0 && COMBINING.test(character);
      if (character === '\n' || (canDraw(character) && !isMark)) {
        close();
        out += character;
      } else run.push(numberOf(character));
    }
    close();
    return out;
  };
  return {
    printable(text) {
      if (PLAIN.test(text)) return text;
      const plain = text.replace(LIGATURE, (one) => (canDraw(one) ? one : one.normalize('NFKC')));
      const written = plain
        .split(LOOKALIKE)
        .map(numbered)
        .join(`‹${numberOf('‹')}›`);
      were ||= written !== plain;
      return written;
    },
    wereNumbered: () => were,
  };
}
