import { crc32 } from '../../hal/crc32.ts';
import type { Nvm } from '../../hal/nvm.ts';

/**
 * The journal: a ring of records in a region of the memory. A record holds all that one transaction writes; once it
 * is durable, the transaction has happened, whether or not its bytes have reached their places.
 *
 * The region is cut into lines of 16 bytes. A record starts on a line of its own, marked A5:
 * `A5 sequence(4) length(4) CRC-32(4) 00 00 00`, and its content follows in lines marked 5A of 15 bytes each. Because
 * the first byte of every line is ours, no data that a reader sends can be taken for a record. The content is entries
 * of `address(4) length(4) bytes`; the CRC is over sequence, length and content.
 *
 * Each record is written behind the one before it, so that the whole region wears alike.
 */
const LINE = 16;
const LINE_DATA = LINE - 1;
const START = 0xa5;
const MORE = 0x5a;
const HEADER = { SEQUENCE: 1, LENGTH: 5, CRC: 9 } as const;
/** Bytes of an entry before its data. */
export const ENTRY_HEADER = 8;
/** Shortest region: two records of a few bytes. */
const SMALLEST_REGION = 8 * LINE;

/** Where the journal lies. */
export interface JournalRegion {
  readonly address: number;
  readonly size: number;
  /** Lowest address that a record may write to; 0 by default. */
  readonly lowest?: number;
}

/** A region that can hold two transactions, each of which writes up to `bytes` in a few places. */
export function journalRegionSize(bytes: number): number {
  return Math.max(SMALLEST_REGION, 2 * recordLines(bytes + 4 * ENTRY_HEADER) * LINE);
}

/** Longest content of one record: two must fit, for at boot the last two are done again. */
export function largestContent(region: JournalRegion): number {
  return (Math.floor(region.size / LINE / 2) - 1) * LINE_DATA;
}

function recordLines(contentLength: number): number {
  return 1 + Math.ceil(contentLength / LINE_DATA);
}

export class Journal {
  readonly #nvm: Nvm;
  readonly #address: number;
  readonly #lines: number;
  readonly #line = new Uint8Array(LINE);
  /** The line after the last record. */
  #next = 0;
  #sequence = 0;
  #lastLines = 0;

  constructor(nvm: Nvm, region: JournalRegion) {
    this.#nvm = nvm;
    this.#address = region.address;
    this.#lines = Math.floor(region.size / LINE);
  }

  /** Writes a record; it counts from the next flush on. Content: `scratch[0 … length)`, see {@link Journal}. */
  append(content: Uint8Array, length: number): void {
    const line = this.#line;
    const sequence = this.#sequence + 1;
    line.fill(0);
    line[0] = START;
    putU32(line, HEADER.SEQUENCE, sequence);
    putU32(line, HEADER.LENGTH, length);
    putU32(line, HEADER.CRC, checksum(sequence, content, length));
    this.#put(0);
    line[0] = MORE;
    for (let at = 0, index = 1; at < length; at += LINE_DATA, index++) {
      for (let i = 0; i < LINE_DATA; i++) line[1 + i] = at + i < length ? (content[at + i] as number) : 0;
      this.#put(index);
    }
    this.#lastLines = recordLines(length);
    this.#next = (this.#next + this.#lastLines) % this.#lines;
    this.#sequence = sequence;
  }

  /** Takes back the record that was appended last and could not be made durable: it must not come true later. */
  withdraw(): void {
    this.#next = (this.#next - this.#lastLines + this.#lines) % this.#lines;
    this.#sequence--;
    this.#line.fill(0);
    this.#put(0);
  }

  /**
   * Finds the last two records that are whole, the older one first; they are to be written to their places again.
   * A record that was torn is as if it had never been begun.
   */
  recover(): Uint8Array[] {
    let newest: FoundRecord | null = null;
    let before: FoundRecord | null = null;
    for (let index = 0; index < this.#lines; index++) {
      if (this.#nvm.readByte(this.#address + index * LINE) !== START) continue;
      const found = this.#read(index);
      if (found === null) continue;
      if (newest === null || found.sequence > newest.sequence) {
        before = newest;
        newest = found;
      } else if (before === null || found.sequence > before.sequence) before = found;
    }
    if (newest === null) return [];
    this.#sequence = newest.sequence;
    this.#next = (newest.index + recordLines(newest.content.length)) % this.#lines;
    // One that is not the very one before has long been in its place, and newer ones after it.
    const follows = before !== null && before.sequence === newest.sequence - 1;
    return follows ? [(before as FoundRecord).content, newest.content] : [newest.content];
  }

  #read(index: number): FoundRecord | null {
    const line = this.#line;
    this.#get(index);
    const sequence = getU32(line, HEADER.SEQUENCE);
    const length = getU32(line, HEADER.LENGTH);
    const expected = getU32(line, HEADER.CRC);
    if (recordLines(length) > this.#lines / 2 || !this.#isWhole(index, recordLines(length))) return null;
    const content = new Uint8Array(length);
    for (let at = 0, next = index + 1; at < length; at += LINE_DATA, next++) {
      this.#get(next % this.#lines);
      content.set(line.subarray(1, 1 + Math.min(LINE_DATA, length - at)), at);
    }
    return checksum(sequence, content, length) === expected ? { index, sequence, content } : null;
  }

  /** Whether as many lines as a record says it has follow its first one: before there is memory for its content. */
  #isWhole(index: number, lines: number): boolean {
    for (let next = index + 1; next < index + lines; next++) {
      if (this.#nvm.readByte(this.#address + (next % this.#lines) * LINE) !== MORE) return false;
    }
    return true;
  }

  #put(offset: number): void {
    const index = (this.#next + offset) % this.#lines;
    this.#nvm.write(this.#address + index * LINE, this.#line, 0, LINE);
  }

  #get(index: number): void {
    this.#nvm.read(this.#address + index * LINE, this.#line, 0, LINE);
  }
}

interface FoundRecord {
  readonly index: number;
  readonly sequence: number;
  readonly content: Uint8Array;
}

function checksum(sequence: number, content: Uint8Array, length: number): number {
  // The sequence number and the length, folded in by hand, so that the CRC needs no copy of the content.
  return (crc32(content, 0, length) ^ Math.imul(sequence, 0x9e3779b1) ^ Math.imul(length, 0x85ebca6b)) >>> 0;
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}

export function getU32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return ((high << 16) | low) >>> 0;
}
