import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordCount, recordIdentifier, recordLength } from '../files/record-file.ts';
import { findByte, findBytes } from '../files/stored-bytes.ts';
import { FILE_KIND } from '../image/layout.ts';
import { recordFile } from './data-file.ts';
import { currentRecord, firstCandidate, modeOf, recordParameters, settleOnFile } from './record-reference.ts';
import { searchFiles } from './search-files.ts';

/** What P1 means and which way the search goes: b3b2b1 of P2, or of the first indication byte. */
const DIRECTION = {
  FIRST: 0,
  LAST: 1,
  NEXT: 2,
  PREVIOUS: 3,
  FORWARD: 4,
  BACKWARD: 5,
  FORWARD_FROM_NEXT: 6,
  BACKWARD_FROM_PREVIOUS: 7,
} as const;

/** b3b2b1 of P2: the data field starts with two search indication bytes. */
const ENHANCED = 6;
const INDICATION_SIZE = 2;
/** In the first indication byte: the second one is a byte value, behind whose first occurrence the search starts. */
const AFTER_VALUE = 0x08;
const RESERVED = 0xf0;
/** P2 for a search through EFs that the data field names. */
const SEVERAL_FILES = 0xf8;

export const SEARCH_RECORD: CommandRow = {
  ins: INS.SEARCH_RECORD,
  name: 'SEARCH RECORD',
  standard: 'ISO/IEC 7816-4',
  cases: [3, 4],
  parameters: [
    recordParameters(DIRECTION.FIRST, 'identifier P1, 00: any; forward from the first occurrence'),
    recordParameters(DIRECTION.LAST, 'identifier P1, 00: any; backward from the last occurrence'),
    recordParameters(DIRECTION.NEXT, 'identifier P1, 00: any; forward from the next occurrence'),
    recordParameters(DIRECTION.PREVIOUS, 'identifier P1, 00: any; backward from the previous occurrence'),
    recordParameters(DIRECTION.FORWARD, 'forward from record P1; 00: current record'),
    recordParameters(DIRECTION.BACKWARD, 'backward from record P1; 00: current record'),
    recordParameters(ENHANCED, 'enhanced search: P1 as the search indication in the data field says'),
    { p1: [0, 0], p2: [SEVERAL_FILES, SEVERAL_FILES], meaning: 'search through the EFs that the data field names' },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: searchRecord,
};

/**
 * SEARCH RECORD: the numbers of the records that hold the search string, in the order in which they were met. The first
 * becomes the current record. Simple search looks anywhere in a record. Enhanced search has two bytes before the
 * string: b4 of the first is 0 for an offset in the second, from which it looks, and 1 for a byte value, behind whose
 * first occurrence it looks; b3b2b1 are the direction. P2 F8 searches several EFs, see {@link searchFiles}. The
 * proprietary search (b3b2b1 of P2 111) is not there: 6A86.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 read
 * rule, 6A83 no record P1 to start from, 6A80 the search indication, 6700 no search string, or one that is longer than
 * the records of a fixed or cyclic EF (a shorter record of a variable EF is passed over), 6Cxx an Le smaller than the
 * answer; 6282 without data when no record matches.
 */
function searchRecord(context: CommandContext): number {
  const { command, response, channel } = context;
  if (command.p2 === SEVERAL_FILES) return searchFiles(context);
  const file = recordFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const enhanced = modeOf(context) === ENHANCED;
  const skip = enhanced ? INDICATION_SIZE : 0;
  const stringLength = command.nc - skip;
  if (stringLength < 1) return SW.WRONG_LENGTH;
  const indication = enhanced ? (command.bytes[command.dataOffset] as number) : modeOf(context);
  if ((indication & RESERVED) !== 0) return SW.WRONG_DATA;
  if (file.kind !== FILE_KIND.LINEAR_VARIABLE && stringLength > file.recordSize) return SW.WRONG_LENGTH;

  const { nvm } = context.core;
  const count = recordCount(nvm, file);
  const direction = indication & 0x07;
  const start = startOf(direction, command.p1, currentRecord(context), count);
  if (start === NO_RECORD && namesStart(direction)) return SW.RECORD_NOT_FOUND;
  const step = stepOf(direction);
  const identifier = direction < DIRECTION.FORWARD ? command.p1 : 0;
  const found = response.length;
  let matches = 0;
  for (let number = start; number >= 1 && number <= count; number += step) {
    if (identifier !== 0 && recordIdentifier(nvm, file, number) !== identifier) continue;
    const from = enhanced ? enhancedStart(context, nvm, file, number, indication) : 0;
    if (!holds(context, nvm, file, number, from, skip)) continue;
    response.bytes[found + matches++] = number;
  }
  const admitted = response.admits(matches, command);
  if (admitted !== SW.OK) return admitted;
  settleOnFile(context, file);
  if (matches === 0) return SW.END_OF_FILE;
  channel.record = response.bytes[found] as number;
  response.length += matches;
  return SW.OK;
}

/** Whether the direction starts from a record that must be there. */
function namesStart(direction: number): boolean {
  return direction === DIRECTION.FORWARD || direction === DIRECTION.BACKWARD;
}

function stepOf(direction: number): number {
  return direction % 2 === 0 ? 1 : -1;
}

/** Number of the record to start from; it may lie outside the file, and then there is nothing to search. */
function startOf(direction: number, p1: number, current: number, count: number): number {
  if (direction < DIRECTION.FORWARD) return firstCandidate(direction, current, count);
  const named = p1 === 0 ? current : p1;
  if (namesStart(direction)) return named <= count ? named : NO_RECORD;
  const step = stepOf(direction);
  if (named !== NO_RECORD) return named + step;
  return step > 0 ? 1 : count;
}

/** Byte of the record from which an enhanced search looks, or its length when that is nowhere. */
function enhancedStart(context: CommandContext, nvm: Nvm, file: CardFile, number: number, indication: number): number {
  const { command } = context;
  const given = command.bytes[command.dataOffset + 1] as number;
  if ((indication & AFTER_VALUE) === 0) return given;
  const length = recordLength(nvm, file, number);
  const at = findByte(nvm, recordAddress(nvm, file, number), length, given);
  return at < 0 ? length : at + 1;
}

/** Whether the search string stands in the record from a byte on. */
function holds(context: CommandContext, nvm: Nvm, file: CardFile, number: number, from: number, skip: number): boolean {
  const { command } = context;
  const length = recordLength(nvm, file, number) - from;
  const string = command.dataOffset + skip;
  return findBytes(nvm, recordAddress(nvm, file, number) + from, length, command.bytes, string, command.nc - skip) >= 0;
}
