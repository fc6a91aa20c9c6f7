import { TlvError, TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { TlvWriter } from '../../apdu/ber-tlv-writer.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordCount, recordLength } from '../files/record-file.ts';
import { findBytes } from '../files/stored-bytes.ts';
import { fileByIdentifier, judgedRecordFile } from './data-file.ts';
import { bigEndian } from './offset-data-objects.ts';

const TAG = {
  RECORD_HANDLING: 0x7f76,
  FILE_REFERENCE: 0x51,
  CONFIGURATION: 0xa1,
  CONFIGURATION_PARAMETER: 0x80,
  WINDOW: 0xb0,
  INTEGER: 0x02,
  STRINGS: 0xa3,
  STRING_TEMPLATE: 0xb1,
  STRING: 0x81,
} as const;

/** Configuration parameter: ascending record numbers, byte by byte, to the end or to the first match. */
const SEARCH_ALL = 0x00;
const FIRST_MATCH = 0x30;
/** Longest offset or length of a window, in bytes. */
const LONGEST_INTEGER = 4;

/** What the record handling template asks for. */
interface Search {
  /** File references 51, as they were given. */
  readonly files: Uint8Array[];
  string: Uint8Array | null;
  firstMatchOnly: boolean;
  windowOffset: number;
  /** 0: up to the end of the record. */
  windowLength: number;
}

/**
 * SEARCH RECORD through several EFs under the current DF, as travel documents (ICAO Doc 9303) use it. The data field is
 * one record handling template: 7F76 { 51 file …, A1 { 80 00 or 30, B0 { 02 offset, 02 length } }, A3 { B1 { 81
 * string } } }. A file is a short identifier (1 byte, in b8 to b4) or a file identifier (2 bytes). 30 ends at the first
 * match of all; the window, in which the whole string must stand, and A1 itself may be left out, a length of 0 is up to
 * the record's end.
 *
 * The answer is 7F76 { 51 file, 02 number … } with the files that have a match, in the order given. No file becomes
 * current, no record pointer moves. Errors: 6A80 and 6A85 the data field, 6A82, 6981, 6985 and 6982 for any of the files,
 * 6Cxx an Le smaller than the answer, 6A84 more matches than the card can answer with; 6282 when nothing matches.
 */
export function searchFiles(context: CommandContext): number {
  try {
    return search(context);
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
    if (error.fault === 'space') return SW.NOT_ENOUGH_MEMORY;
    return error.fault === 'value' ? SW.NC_INCONSISTENT_WITH_TLV : SW.WRONG_DATA;
  }
}

/** @throws {TlvError} `space` the answer is too long, or another fault of the data field */
function search(context: CommandContext): number {
  const { command, response } = context;
  const wanted = parse(new TlvReader(command.bytes, command.dataOffset, command.nc));
  if (wanted === null) return SW.WRONG_DATA;
  const files: CardFile[] = [];
  for (const reference of wanted.files) {
    const file = judgedRecordFile(context, resolve(context, reference), EF_ACCESS.READ);
    if (typeof file === 'number') return file;
    files.push(file);
  }
  const answer = new TlvWriter(response.bytes.subarray(0, response.room));
  answer.open(TAG.RECORD_HANDLING);
  const found = writeMatches(context, wanted, files, answer);
  answer.close();
  if (!found) return SW.END_OF_FILE;
  const admitted = response.admits(answer.length, command);
  if (admitted === SW.OK) response.length = answer.length;
  return admitted;
}

/** @returns whether there is a match */
function writeMatches(context: CommandContext, search: Search, files: CardFile[], answer: TlvWriter): boolean {
  let found = false;
  for (let i = 0; i < files.length; i++) {
    const file = files[i] as CardFile;
    const count = recordCount(context.core.nvm, file);
    let first = true;
    for (let number = 1; number <= count; number++) {
      if (!matches(context, search, file, number)) continue;
      if (first) answer.primitive(TAG.FILE_REFERENCE, search.files[i] as Uint8Array);
      answer.number(TAG.INTEGER, number, 1);
      first = false;
      found = true;
      if (search.firstMatchOnly) return true;
    }
  }
  return found;
}

function matches(context: CommandContext, search: Search, file: CardFile, number: number): boolean {
  const { nvm } = context.core;
  const rest = recordLength(nvm, file, number) - search.windowOffset;
  const length = search.windowLength === 0 ? rest : Math.min(rest, search.windowLength);
  const string = search.string as Uint8Array;
  return findBytes(nvm, recordAddress(nvm, file, number) + search.windowOffset, length, string, 0, string.length) >= 0;
}

function resolve(context: CommandContext, reference: Uint8Array): CardFile | undefined {
  if (reference.length === 1) return context.channel.directory.bySfi[(reference[0] as number) >> 3];
  return fileByIdentifier(context, bigEndian(reference, 0, 2));
}

/** @returns null for a template that says too little, too much, or something else */
function parse(reader: TlvReader): Search | null {
  const search: Search = { files: [], string: null, firstMatchOnly: false, windowOffset: 0, windowLength: 0 };
  const inside = onlyObject(reader, TAG.RECORD_HANDLING);
  let configured = false;
  while (inside?.next()) {
    if (inside.tag === TAG.FILE_REFERENCE && isFileReference(inside.value())) {
      search.files.push(inside.value());
    } else if (inside.tag === TAG.CONFIGURATION && !configured) {
      configured = true;
      if (!parseConfiguration(inside.enter(), search)) return null;
    } else if (inside.tag === TAG.STRINGS && search.string === null) {
      search.string = parseString(inside.enter());
    } else return null;
  }
  return search.files.length > 0 && search.string !== null ? search : null;
}

/** A reader inside the one object that there is, or null when it is another or not alone. */
function onlyObject(reader: TlvReader, tag: number): TlvReader | null {
  if (!reader.next() || reader.tag !== tag) return null;
  const inside = reader.enter();
  return reader.next() ? null : inside;
}

function isFileReference(reference: Uint8Array): boolean {
  return reference.length === 2 || (reference.length === 1 && ((reference[0] as number) & 0x07) === 0);
}

function parseConfiguration(reader: TlvReader, search: Search): boolean {
  while (reader.next()) {
    if (reader.tag === TAG.CONFIGURATION_PARAMETER && reader.valueLength === 1) {
      const parameter = reader.value()[0];
      if (parameter !== SEARCH_ALL && parameter !== FIRST_MATCH) return false;
      search.firstMatchOnly = parameter === FIRST_MATCH;
    } else if (reader.tag === TAG.WINDOW) {
      const window = reader.enter();
      search.windowOffset = integer(window);
      search.windowLength = integer(window);
      if (search.windowOffset < 0 || search.windowLength < 0 || window.next()) return false;
    } else return false;
  }
  return true;
}

/** The next object as a number, or -1 when it is none. */
function integer(reader: TlvReader): number {
  if (!reader.next() || reader.tag !== TAG.INTEGER) return -1;
  const size = reader.valueLength;
  return size > 0 && size <= LONGEST_INTEGER ? bigEndian(reader.value(), 0, size) : -1;
}

function parseString(reader: TlvReader): Uint8Array | null {
  const inside = onlyObject(reader, TAG.STRING_TEMPLATE);
  if (inside === null || !inside.next() || inside.tag !== TAG.STRING || inside.valueLength === 0) return null;
  const string = inside.value();
  return inside.next() ? null : string;
}
