/** What pdfkit's types leave out of a font. Lengths are thousandths of the font's size. */
type Position = Readonly<Record<'xAdvance' | 'yAdvance' | 'xOffset' | 'yOffset' | 'advanceWidth', number>>;
type Run = {
  readonly glyphs: readonly { readonly id: number }[];
  readonly positions: readonly Position[];
  readonly advanceWidth: number;
};
export type Font = { layoutRun: (text: string, features?: readonly string[]) => Run };
type Inner = { readonly _fontFamilies: Readonly<Record<string, Font>> };

/** Texts. Labels and units come again and again, times and ids hardly ever. */
const KEPT = 2048;

/**
 * Texts in which Inter sets each sign by itself, but for the kerning with the one behind it. It has other forms, by what
 * stands around them, for brackets, arrows, marks of operation, an x between figures, hyphens and colons; of these a hyphen
 * or colon between two letters or figures, or behind the last one, depends on those alone.
 */
const SIGN_BY_SIGN = /^(?:[0-9A-Za-wyz_.,/% \n]|x(?![0-9 ])|(?<=[0-9A-Za-z])[-:](?=[0-9A-Za-z]|[ \n]?$))+$/;

/**
 * Laying out a word by all the rules of its font was most of what drawing a report cost, and every cell asks for it several
 * times. So words are kept for a while, and ids and times are put together from pairs of signs. The document is to be made
 * without pdfkit's own cache, which has no bound and leaves out what is set with features.
 */
export function rememberWords(doc: PDFKit.PDFDocument, names: readonly string[]): void {
  for (const name of names) {
    doc.font(name);
    const font = (doc as unknown as Inner)._fontFamilies[name];
    if (font !== undefined) rememberWordsOf(font);
  }
}

/** The font gives the same as before, sooner. */
export function rememberWordsOf(font: Font): void {
  const layOut = font.layoutRun.bind(font);
  const byFeatures = new Map<string, (text: string) => Run>();
  font.layoutRun = (text, features = []) => {
    const key = features.join();
    const known = byFeatures.get(key);
    if (known !== undefined) return known(text);
    const remembered = remembering((part) => layOut(part, features));
    byFeatures.set(key, remembered);
    return remembered(text);
  };
}

function remembering(layOut: (text: string) => Run): (text: string) => Run {
  // As many at most as there are pairs of such signs, with and without what leads them.
  const parts = new Map<string, Run>();
  const partOf = (text: string): Run => {
    const known = parts.get(text);
    if (known !== undefined) return known;
    const run = layOut(text);
    parts.set(text, run);
    return run;
  };
  let recent = new Map<string, Run>();
  let older = recent;
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const run = older.get(text) ?? (SIGN_BY_SIGN.test(text) ? composed(text, partOf) : summed(layOut(text)));
    if (recent.size >= KEPT) {
      older = recent;
      recent = new Map();
    }
    recent.set(text, run);
    return run;
  };
}

function composed(text: string, partOf: (text: string) => Run): Run {
  const glyphs: Run['glyphs'][number][] = [];
  const positions: Position[] = [];
  // The first letter of a text decides which rules hold, for its figures too: parts of such a text are led by one.
  const lead = /[A-Za-z]/.test(text) ? 'n' : '';
  for (let at = 0; at < text.length; ) {
    const next = text[at + 1];
    const taken = next === '-' || next === ':' ? 2 : 1;
    const part = partOf(lead + text.slice(at, at + taken + 1));
    glyphs.push(...part.glyphs.slice(lead.length, lead.length + taken));
    positions.push(...part.positions.slice(lead.length, lead.length + taken));
    at += taken;
  }
  return summed({ glyphs, positions });
}

/** Without what else the font's own run carries; its width, asked for most, is added up once. */
function summed({ glyphs, positions }: Pick<Run, 'glyphs' | 'positions'>): Run {
  let advanceWidth = 0;
  for (const { xAdvance } of positions) advanceWidth += xAdvance;
  return { glyphs, positions, advanceWidth };
}
