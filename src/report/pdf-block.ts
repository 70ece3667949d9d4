export type BlockOptions = {
  readonly width: number;
  readonly align?: 'left' | 'right';
  /** Between two lines, besides what the font leaves. */
  readonly lineGap?: number;
  readonly features?: PDFKit.Mixins.OpenTypeFeatures[];
};

/** A text that was measured once and stands as it was measured. Lengths are points. */
export type Block = {
  readonly text: string;
  readonly options: BlockOptions;
  readonly height: number;
  /** `null`: not every line fits its width, and pdfkit breaks them. */
  readonly lines: readonly { readonly text: string; readonly width: number }[] | null;
};

const LINE_GAP = 1.5;

/** Characters. For each line that pdfkit takes of a word it measures all that is left of it. */
const LONG_WORD = 400;

/**
 * A text in the font that the document has at the moment. To break a text is many times the work of measuring it, and nearly
 * all cells of a report are of lines that fit. `full` holds only what that font can draw.
 */
export function blockOf(doc: PDFKit.PDFDocument, full: string, given: BlockOptions): Block {
  const options = { lineGap: LINE_GAP, ...given };
  const text = full.length > LONG_WORD ? inPieces(doc, full, options) : full;
  const lines = (text === '' ? [] : text.split('\n')).map((line) => ({
    text: line,
    width: doc.widthOfString(line.trimEnd(), options.features === undefined ? {} : options),
  }));
  if (lines.some(({ width }) => width > options.width)) {
    return { text, options, height: doc.heightOfString(text, options), lines: null };
  }
  return { text, options, height: lines.length * lineHeight(doc, options), lines };
}

/** Writes it with its left upper corner at `x` and `y`, in the font in which it was measured. What follows goes below it. */
export function write(doc: PDFKit.PDFDocument, block: Block, x: number, y: number): void {
  const { text, options, lines } = block;
  // What is longer than its page goes on on the next one, which pdfkit sees to.
  if (lines === null || y + block.height > doc.page.maxY()) {
    doc.text(text, x, y, options);
    return;
  }
  const { width, align, features } = options;
  const step = lineHeight(doc, options);
  let top = y;
  for (const line of lines) {
    const left = align === 'right' ? x + width - line.width : x;
    doc.text(line.text, left, top, { lineBreak: false, ...(features && { features }) });
    top += step;
  }
  doc.x = x;
  doc.y = top;
}

function lineHeight(doc: PDFKit.PDFDocument, { lineGap = LINE_GAP }: BlockOptions): number {
  return doc.currentLineHeight(true) + lineGap;
}

/**
 * Words of more than `LONG_WORD` characters in pieces, of which each fills a line. Only plain spaces part words: many of the
 * others forbid a break.
 */
function inPieces(doc: PDFKit.PDFDocument, text: string, options: BlockOptions): string {
  return text.replace(new RegExp(`[^ \\n]{${LONG_WORD + 1},}`, 'g'), (word) => {
    const pieces: string[] = [];
    for (let left = word; left !== ''; left = left.slice(pieces.at(-1)?.length)) {
      pieces.push(beginning(doc, left, options));
    }
    return pieces.join('\n');
  });
}

/** As much of the beginning of a text as fits its width, one character at least. The time it takes depends on that alone. */
function beginning(doc: PDFKit.PDFDocument, text: string, options: BlockOptions): string {
  const { width, features } = options;
  // With the line feed that comes behind it: pdfkit gives it a width.
  const fits = (end: number): boolean =>
    doc.widthOfString(`${text.slice(0, end)}\n`, features === undefined ? {} : { features }) <= width;
  let end = 1;
  let beyond = 2;
  while (beyond <= text.length && fits(beyond)) {
    end = beyond;
    beyond *= 2;
  }
  beyond = Math.min(beyond, text.length + 1);
  while (beyond - end > 1) {
    const middle = (end + beyond) >> 1;
    if (fits(middle)) end = middle;
    else beyond = middle;
  }
  // Never within a character.
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end += end > 1 ? -1 : 1;
  return text.slice(0, end);
}
