import { CannotRun } from '../console/failure.ts';

/** A row that is not empty. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Fields and lines of a table as spreadsheets write it; empty lines and those that start with # are no rows.
 * @throws {CannotRun} one sentence that names the line
 */
export function splitRows(text: string, file: string): CsvRow[] {
  const first = text.split(/\r?\n/).find((each) => each.trim() !== '' && !each.startsWith('#')) ?? '';
  const separator = [',', ';', '\t'].reduce((best, each) => (count(first, each) > count(first, best) ? each : best));
  const rows: CsvRow[] = [];
  let [line, start, i] = [1, 1, 0];
  let cells: string[] = [];
  while (i < text.length) {
    if (cells.length === 0 && text[i] === '#') {
      while (i < text.length && text[i] !== '\n') i++;
    }
    let cell = '';
    if (text[i] === '"') {
      const opened = line;
      for (i++; ; i++) {
        if (i >= text.length) throw new CannotRun(`${file}, line ${opened}: a quotation mark is never closed`);
        if (text[i] === '"' && text[i + 1] !== '"') break;
        if (text[i] === '"') i++;
        if (text[i] === '\n') line++;
        cell += text[i];
      }
      i++;
      if (i < text.length && ![separator, '\r', '\n'].includes(text[i] as string)) {
        throw new CannotRun(`${file}, line ${line}: something stands behind a closing quotation mark`);
      }
    } else {
      while (i < text.length && text[i] !== separator && text[i] !== '\n') cell += text[i++];
    }
    cells.push(cell.replace(/\r$/, ''));
    if (text[i] === '\r') i++;
    if (text[i] === separator) {
      i++;
      // A separator at the very end stands before one more, empty field.
      if (i < text.length) continue;
      cells.push('');
    }
    if (cells.some((each) => each.trim() !== '')) rows.push({ line: start, cells });
    cells = [];
    i++;
    line++;
    start = line;
  }
  return rows;
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}
