/** What pdfkit's types leave out of a page and its structure. */
type Stream = { buffer: Uint8Array[]; readonly end: () => void };
type Page = {
  content: Stream;
  readonly structParentTreeKey: number;
  readonly dictionary: { readonly data: { Contents: unknown } };
};
type Tree = {
  readonly get: (key: number) => readonly ({ readonly toString: () => string } | null)[];
  readonly add: (key: number, value: Printed) => void;
};
type Inner = {
  readonly ref: (data: object) => Stream;
  readonly getStructParentTree: () => Tree;
};

/** An object that pdfkit prints as the text it is: only what says it is no plain object. */
class Printed {
  readonly text: string;
  readonly [Symbol.toStringTag] = 'Printed';
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/**
 * Pages wait for their numbers until the last one is written. Returns what is to be called between two statements, while no
 * element of the structure is open: all pages but the current one are then written for good, and what comes at their foot is
 * a second stream of their content. Of the elements on such a page only the numbers are kept: each cell of each table is one.
 */
export function leavePages(doc: PDFKit.PDFDocument): () => void {
  const { ref, getStructParentTree } = doc as unknown as Inner;
  let left = 0;
  return () => {
    const last = doc.bufferedPageRange().count - 1;
    const tree = getStructParentTree.call(doc);
    for (; left < last; left += 1) {
      doc.switchToPage(left);
      const page = doc.page as unknown as Page;
      const { content: body, structParentTreeKey: key } = page;
      body.end();
      page.content = ref.call(doc, {});
      page.dictionary.data.Contents = [body, page.content];
      tree.add(key, new Printed(`[${tree.get(key).map(String).join(' ')}]`));
    }
    doc.switchToPage(last);
  };
}

/** The many small pieces of the page's stream become one: the same bytes in a tenth of the room. */
export function joinPage(doc: PDFKit.PDFDocument): void {
  const { content } = doc.page as unknown as Page;
  content.buffer = [Buffer.concat(content.buffer)];
}
