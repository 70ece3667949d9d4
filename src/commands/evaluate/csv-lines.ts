import Papa from 'papaparse';

/** One record of a CSV file: where it begins (1-based), its cells, and why it cannot be used. */
export type CsvRecord = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly fault: string | null;
};

export type CsvReader = {
  /** The records that are whole by now. */
  readonly push: (text: string) => readonly CsvRecord[];
  /** The last one, if the text did not end with a line end. */
  readonly end: () => readonly CsvRecord[];
};

type Parsed = {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly code: string }[];
  /** Behind the last whole record. */
  readonly meta: { readonly cursor: number };
};

const FAULTS: Readonly<Record<string, string>> = {
  MissingQuotes: 'a quote is opened and not closed',
  InvalidQuotes: 'a cell goes on behind its closing quote',
};

function parsed(text: string, isWhole: boolean): Parsed {
  const parser = new Papa.Parser({ delimiter: ',', newline: '\n', quoteChar: '"' });
  return parser.parse(text, 0, !isWhole);
}

function lineBreaks(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
}

/**
 * Cuts text into the records of RFC 4180, in pieces of any size, quoted line breaks included. Lines end with or without a
 * carriage return; blank ones are left out. A quote that was not meant as one costs its own line, not those behind it: from
 * there to the end of the piece every line is a record. At most `most` characters are held back.
 */
export function createCsvReader(most: number): CsvReader {
  let held = '';
  let line = 1;
  let isSkipping = false;

  const add = (
    records: CsvRecord[],
    cells: readonly string[],
    fault: string | null,
    breaks: number,
  ): void => {
    if (fault !== null || cells.length > 1 || cells[0]?.trim() !== '') records.push({ line, cells, fault });
    line += 1 + breaks;
  };

  /** Every line on its own; returns what follows the last line end. */
  const lineByLine = (records: CsvRecord[], text: string): string => {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const one of lines) {
      const { data, errors } = parsed(one, true);
      const [error] = errors;
      add(records, data[0] ?? [''], error === undefined ? null : (FAULTS[error.code] ?? error.code), 0);
    }
    return rest;
  };

  const take = (text: string): CsvRecord[] => {
    const records: CsvRecord[] = [];
    const { data, errors, meta } = parsed(text, false);
    if (errors.length > 0) held = lineByLine(records, text);
    else {
      const isQuoted = text.includes('"');
      for (const cells of data) add(records, cells, null, isQuoted ? lineBreaks(cells) : 0);
      held = text.slice(meta.cursor);
    }
    if (held.length > most) held = lineByLine(records, held);
    if (held.length > most) {
      records.push({ line, cells: [], fault: `longer than ${most} bytes` });
      isSkipping = true;
      held = '';
    }
    return records;
  };

  /** What follows the end of a line that is too long. */
  const skipped = (text: string): string => {
    const end = text.indexOf('\n');
    if (end < 0) return '';
    isSkipping = false;
    line += 1;
    return text.slice(end + 1);
  };

  const push: CsvReader['push'] = (text) => {
    const fresh = isSkipping ? skipped(text) : text;
    const whole = held + fresh;
    // A carriage return at the end may be half of a line end.
    const ready = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    const records = take(ready.includes('\r') ? ready.replaceAll('\r\n', '\n') : ready);
    held += whole.slice(ready.length);
    return records;
  };

  return {
    push,
    end: () => {
      const records: CsvRecord[] = held === '' ? [] : [...push('\n')];
      if (held !== '') lineByLine(records, held);
      return records;
    },
  };
}
