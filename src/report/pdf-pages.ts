/** What pdfkit's types leave out of a page and its structure. */
type Stream = { write: (chunk: string | Uint8Array) => void; end: () => void };
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
  _write: (data: string | Uint8Array) => void;
  _offset: number;
};

/** Bytes. */
const PIECE = 1 << 18;

/**
 * Joins the millions of lines in which the document leaves pdfkit: each as an array of its own takes many times its room.
 * Returns what hands over all that was written since the last time.
 */
export function collect(doc: PDFKit.PDFDocument): () => Generator<Buffer> {
  const inner = doc as unknown as Inner;
  let full: Buffer[] = [];
  let current = Buffer.allocUnsafe(PIECE);
  let used = 0;
  const keep = (next: number): void => {
    full.push(current.subarray(0, used));
    current = Buffer.allocUnsafe(Math.max(PIECE, next));
    used = 0;
  };
  const take = (data: string | Uint8Array): void => {
    if (used + data.length > current.length) keep(data.length);
    if (typeof data === 'string') current.write(data, used, 'latin1');
    else current.set(data, used);
    used += data.length;
  };
  // What it wrote when it was made.
  take(doc.read() as Buffer);
  inner._write = (data) => {
    const bytes = typeof data === 'string' ? `${data}\n` : data;
    take(bytes);
    inner._offset += bytes.length;
  };
  return function* () {
    keep(0);
    const pieces = full;
    full = [];
    yield* pieces;
  };
}

/** Keeps the lines of a stream as they are until it ends. */
function gather(stream: Stream): void {
  const lines: string[] = [];
  const { write, end } = stream;
  stream.write = (line) => void lines.push(String(line));
  stream.end = () => {
    if (lines.length > 0) write.call(stream, lines.splice(0).join('\n'));
    end.call(stream);
  };
}

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
  const gatherPage = (): void => gather((doc.page as unknown as Page).content);
  gatherPage();
  doc.on('pageAdded', gatherPage);
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
      gather(page.content);
      page.dictionary.data.Contents = [body, page.content];
      tree.add(key, new Printed(`[${tree.get(key).map(String).join(' ')}]`));
    }
    doc.switchToPage(last);
  };
}
