import { createHash } from 'node:crypto';
import { toHex } from '../../src/apdu/hex.ts';
import { CannotRun } from '../console/failure.ts';
import type { BatchJob } from './batch-job.ts';
import type { BatchRow } from './batch-list.ts';
import { parseUid, type Uid } from './card-identity.ts';

/** Bytes at the end of a card's serial number that tell the cards of a batch apart. */
const OWN_BYTES = 4;

/**
 * The serial number of one card of a batch: that of its profile, its last four bytes made of the board's number. The
 * same board gets the same number whenever the batch is resumed.
 */
export function serialForBoard(ofProfile: Uint8Array, boardNumber: string): Uint8Array {
  const serial = Uint8Array.from(ofProfile);
  const own = createHash('sha256').update(boardNumber).digest();
  const from = Math.max(0, serial.length - OWN_BYTES);
  serial.set(own.subarray(0, serial.length - from), from);
  return serial;
}

/**
 * @param made cards of this batch by their serial number, hex; told of this one
 * @throws {CannotRun} two boards would get one number
 */
export function refuseSameSerial(made: Map<string, string>, cardSerial: string, boardNumber: string): void {
  const other = made.get(cardSerial);
  if (other !== undefined && other !== boardNumber) {
    throw new CannotRun(
      `the cards of ${other} and ${boardNumber} would both have the serial number ${cardSerial}: give one of them another in the column card`,
    );
  }
  made.set(cardSerial, boardNumber);
}

/** An image is one card: on several boards it is the same card. @returns a sentence, or null */
export function sameCardTwice(jobs: readonly BatchJob[]): string | null {
  const boards = new Map<string, number>();
  for (const { card } of jobs) {
    if (card !== null && 'contents' in card) boards.set(card.cardSerial, (boards.get(card.cardSerial) ?? 0) + 1);
  }
  const [serial, count] = [...boards].find(([, each]) => each > 1) ?? [];
  if (serial === undefined) return null;
  return `${count} boards get the same card from an image, serial number ${serial}; with a profile each gets its own.`;
}

/** As a list has it: `99 90 00 00 00 01`. @returns null when it is none */
export function parseCardSerial(text: string): Uint8Array | null {
  const digits = text.replaceAll(' ', '');
  return /^(?:[0-9A-Fa-f]{2}){1,16}$/.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : null;
}

/** Serial numbers of cards in order, both ends included. */
export interface SerialRange {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** `999000000100-9990000001FF` @returns null when it is none */
export function parseSerialRange(text: string): SerialRange | null {
  const [first, last, more] = text.split('-').map(parseCardSerial);
  if (first == null || last == null || more !== undefined || first.length !== last.length) return null;
  return numberOf(first) <= numberOf(last) ? { first, last } : null;
}

/** A column of the list that a range can fill in. */
export interface RangeColumn {
  /** As typed: `--card-serials`. */
  readonly option: string;
  readonly column: string;
  of(row: BatchRow): Uid | null;
  /** @throws {CannotRun} no such value */
  with(row: BatchRow, value: Uint8Array, where: string): BatchRow;
}

export const SERIAL_COLUMN: RangeColumn = {
  option: '--card-serials',
  column: 'card',
  of: ({ cardSerial }) => cardSerial,
  with: (row, cardSerial) => ({ ...row, cardSerial }),
};

export const UID_COLUMN: RangeColumn = {
  option: '--card-uids',
  column: 'uid',
  of: ({ uid }) => uid,
  with: (row, value, where) => ({ ...row, uid: parseUid(toHex(value), where) }),
};

/**
 * Gives each row that gets a card of a profile, and says nothing in this column, the next value of the range: in the
 * order of the list, so that a batch that is resumed gives the same ones.
 * @param getsNew whether a row gets a card of a profile
 * @throws {CannotRun} the range is too short, or has a value that stands in the list
 */
export function numberedRows(
  rows: readonly BatchRow[],
  range: SerialRange,
  { option, column, of, with: give }: RangeColumn,
  getsNew: (row: BatchRow) => boolean,
  list: string,
): readonly BatchRow[] {
  const taken = new Set(
    rows.map(of).flatMap((value) => (value === null || typeof value === 'string' ? [] : [toHex(value)])),
  );
  let next = numberOf(range.first);
  return rows.map((row) => {
    if (of(row) !== null || !getsNew(row)) return row;
    if (next > numberOf(range.last)) {
      throw new CannotRun(`${list}, line ${row.line}: no number of ${option} is left for ${row.serialNumber}`);
    }
    const value = Uint8Array.from(Buffer.from(next.toString(16).padStart(2 * range.first.length, '0'), 'hex'));
    if (taken.has(toHex(value))) {
      throw new CannotRun(`${list}: the number ${toHex(value)} of ${option} stands in the column ${column} too`);
    }
    next++;
    return give(row, value, option);
  });
}

function numberOf(serial: Uint8Array): bigint {
  return BigInt(`0x${toHex(serial)}`);
}
