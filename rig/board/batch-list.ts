import { toHex } from '../../src/apdu/hex.ts';
import { CannotRun } from '../console/failure.ts';
import { parseCardSerial } from './batch-serials.ts';
import { parseUid, type Uid } from './card-identity.ts';
import { splitRows } from './csv-rows.ts';

/** One line of a batch: which board gets which card. */
export interface BatchRow {
  /** In the file, from 1. */
  readonly line: number;
  readonly serialNumber: string;
  /** A profile by name or file, or null when the row names an image or the command line says what all get. */
  readonly profile: string | null;
  readonly image: string | null;
  /** Serial number of the card of a profile; null for one made of the board's number. */
  readonly cardSerial: Uint8Array | null;
  /** UID of the card of a profile over an antenna; null: the profile's. */
  readonly uid: Uid | null;
  /** Port of the board, a path; or null when it is known by its identity, or any free one will do. */
  readonly port: string | null;
  /** Key or USB serial number of the board; null for any. */
  readonly identity: string | null;
}

const COLUMNS = ['serial', 'profile', 'image', 'card', 'uid', 'port', 'identity'] as const;
type ColumnName = (typeof COLUMNS)[number];
/** Headings that people write. */
const HEADINGS: Readonly<Record<string, ColumnName>> = {
  serial: 'serial',
  'serial number': 'serial',
  serialnumber: 'serial',
  serial_number: 'serial',
  profile: 'profile',
  image: 'image',
  card: 'card',
  'card serial': 'card',
  uid: 'uid',
  port: 'port',
  identity: 'identity',
  board: 'identity',
};

/**
 * Reads a list as spreadsheets write it: a heading, then a row for each board, separated by commas, semicolons or tabs;
 * quotes as in RFC 4180.
 * @param file its name, for messages
 * @throws {CannotRun} one sentence that names the line
 */
export function parseBatchList(text: string, file: string): readonly BatchRow[] {
  const lines = splitRows(text.replace(/^\uFEFF/, ''), file);
  const heading = lines[0];
  if (heading === undefined)
    throw new CannotRun(`${file} is empty: a list starts with the heading serial,profile,port`);
  const columns = heading.cells.map((cell) => {
    const column = HEADINGS[cell.trim().toLowerCase()];
    if (/\bkeys?\b/i.test(cell)) {
      throw new CannotRun(
        `${file}, line ${heading.line}: keys have no place in a list, which goes into the evidence: --card-keys FILE takes them`,
      );
    }
    if (column === undefined) {
      throw new CannotRun(
        `${file}, line ${heading.line}: no list has a column “${cell.trim()}”; columns are ${COLUMNS.join(', ')}`,
      );
    }
    return column;
  });
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) throw new CannotRun(`${file}, line ${heading.line}: the column ${twice} is there twice`);
  if (!columns.includes('serial')) throw new CannotRun(`${file}, line ${heading.line}: the column serial is missing`);
  const rows = lines.slice(1).map(({ line, cells }) => parseRow(cells, columns, line, file));
  if (rows.length === 0) throw new CannotRun(`${file} has a heading and no boards`);
  refuseTwice(rows, 'serialNumber', 'serial number', file);
  refuseTwice(rows, 'cardSerial', 'the card number', file);
  refuseTwice(rows, 'uid', 'the UID', file);
  refuseTwice(rows, 'port', 'port', file);
  refuseTwice(rows, 'identity', 'identity', file);
  return rows;
}

function parseRow(cells: readonly string[], columns: readonly ColumnName[], line: number, file: string): BatchRow {
  if (cells.length !== columns.length) {
    throw new CannotRun(`${file}, line ${line}: ${cells.length} fields where the heading has ${columns.length}`);
  }
  const value = (column: ColumnName): string | null => {
    const text = cells[columns.indexOf(column)]?.trim() ?? '';
    return text === '' ? null : text;
  };
  const serialNumber = value('serial');
  if (serialNumber === null) throw new CannotRun(`${file}, line ${line}: the serial number is missing`);
  checkSerialNumber(serialNumber, `${file}, line ${line}`);
  const [profile, image] = [value('profile'), value('image')];
  if (profile !== null && image !== null) {
    throw new CannotRun(`${file}, line ${line}: profile and image name two cards; give one of them`);
  }
  const card = value('card');
  const cardSerial = card === null ? null : parseCardSerial(card);
  if (card !== null && cardSerial === null) {
    throw new CannotRun(`${file}, line ${line}: “${card}” is no serial number of a card: 1 to 16 bytes in hexadecimal`);
  }
  if (cardSerial !== null && image !== null) {
    throw new CannotRun(
      `${file}, line ${line}: the card of an image has its serial number; the column card is for profiles`,
    );
  }
  const uidText = value('uid');
  const uid = uidText === null ? null : parseUid(uidText, `${file}, line ${line}`);
  if (uid !== null && image !== null) {
    throw new CannotRun(`${file}, line ${line}: the card of an image has its UID; the column uid is for profiles`);
  }
  return {
    line,
    cardSerial,
    uid,
    serialNumber,
    profile,
    image,
    port: value('port')?.replace(/^(?:pn532|stm32|uf2):/, '') ?? null,
    identity: value('identity'),
  };
}

/** @throws {CannotRun} */
export function checkSerialNumber(text: string, where: string): void {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(text)) {
    throw new CannotRun(`${where}: a serial number has 1 to 64 printable characters`);
  }
}

function refuseTwice(
  rows: readonly BatchRow[],
  key: 'serialNumber' | 'cardSerial' | 'uid' | 'port' | 'identity',
  words: string,
  file: string,
): void {
  const seen = new Map<string, number>();
  for (const row of rows) {
    const given = row[key];
    // Many cards may draw a random one.
    if (given === null || given === 'random') continue;
    const value = typeof given === 'string' ? given : toHex(given);
    const before = seen.get(value);
    if (before !== undefined)
      throw new CannotRun(`${file}, line ${row.line}: ${words} ${value} stands in line ${before} too`);
    seen.set(value, row.line);
  }
}
