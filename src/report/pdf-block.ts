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

/**
 * A text in the font that the document has at the moment. To break a text is many times the work of measuring it, and nearly
 * all cells of a report are of lines that fit.
 */
export function blockOf(doc: PDFKit.PDFDocument, text: string, given: BlockOptions): Block {
  const options = { lineGap: LINE_GAP, ...given };
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
