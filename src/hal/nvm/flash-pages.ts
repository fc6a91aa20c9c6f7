import { crc32 } from '../crc32.ts';
import { HalError } from '../errors.ts';
import type { Flash } from '../flash.ts';

/*
 * The pages of a log on flash, and the records in them. All numbers are little-endian.
 *
 * page:    "VNVM" · sequence u32 · erasures u32 · base u32 · CRC-32 of these 16 bytes · FF up to a granule · records
 * record:  length u16 · kind u16 · address u32 · data · CRC-32 of all before it · FF up to a granule
 *
 * Sequence numbers of pages grow by one; base is that of the page in which the last whole snapshot began when this page
 * was begun, 0 before the first. Records of a page are read until one that is not whole: a loss of power ends the page,
 * and what came later stands on the next one.
 *
 * The content is that of the last whole snapshot (every byte from 0 on, between its first and its last record) and of
 * all data records after it, in their order. A snapshot begins on a page of its own; one that was interrupted counts for
 * nothing, and its pages are free.
 */
export const MAGIC: readonly number[] = [0x56, 0x4e, 0x56, 0x4d];
export const PAGE_HEADER = 20;
export const RECORD_HEADER = 8;
export const RECORD_TAIL = 4;
export const KIND = { data: 1, snapshotStart: 2, snapshotData: 3, snapshotEnd: 4 } as const;

/** What the header of a page says. */
export interface PageHeader {
  readonly page: number;
  readonly sequence: number;
  readonly erasures: number;
  readonly base: number;
}

export interface FoundContent {
  /** Of the page in which the last whole snapshot begins; 0: the flash holds no memory yet. */
  readonly base: number;
  readonly lastSequence: number;
  readonly mostErasures: number;
  /** Sequences of the pages of which something is still needed. */
  readonly needed: ReadonlySet<number>;
  /** Writes what the records say. */
  restore(target: Uint8Array): void;
}

interface RecordPlace {
  readonly kind: number;
  readonly address: number;
  /** Of the data, in the flash. */
  readonly at: number;
  readonly length: number;
  readonly sequence: number;
}

/** The header of a page; null when it is erased, broken, or of something else. */
export function readPage({ bytes, pageSize }: Flash, page: number): PageHeader | null {
  const start = page * pageSize;
  if (MAGIC.some((byte, i) => bytes[start + i] !== byte)) return null;
  if (number(bytes, start + 16, RECORD_TAIL) !== crc32(bytes, start, 16)) return null;
  return {
    page,
    sequence: number(bytes, start + 4, 4),
    erasures: number(bytes, start + 8, 4),
    base: number(bytes, start + 12, 4),
  };
}

/**
 * Reads all pages.
 * @param size of the memory
 * @throws {HalError} `damaged`: there was a whole snapshot, which is no longer there; or one of another size
 */
export function findContent(flash: Flash, size: number): FoundContent {
  const pages: PageHeader[] = [];
  for (let page = 0; page < flash.pages; page++) {
    const header = readPage(flash, page);
    if (header !== null) pages.push(header);
  }
  pages.sort((a, b) => a.sequence - b.sequence);
  const records = pages.flatMap((header) => recordsOf(flash, header));
  const { start, end } = lastSnapshot(records, size);
  if (start < 0 && pages.some(({ base }) => base > 0)) {
    throw new HalError('damaged', 'the flash holds a memory of which parts are missing');
  }
  const content =
    start < 0 ? [] : records.filter(({ kind }, i) => (i >= start && i <= end) || (i > end && kind === KIND.data));
  return {
    base: start < 0 ? 0 : (records[start] as RecordPlace).sequence,
    lastSequence: pages.at(-1)?.sequence ?? 0,
    mostErasures: pages.reduce((most, { erasures }) => Math.max(most, erasures), 0),
    needed: new Set(content.map(({ sequence }) => sequence)),
    restore: (target) => {
      for (const { address, at, length } of content) {
        for (let i = 0; i < length; i++) target[address + i] = flash.bytes[at + i] as number;
      }
    },
  };
}

function recordsOf({ bytes, pageSize, granule }: Flash, { page, sequence }: PageHeader): RecordPlace[] {
  const rounded = (length: number): number => Math.ceil(length / granule) * granule;
  const end = (page + 1) * pageSize;
  const found: RecordPlace[] = [];
  for (let at = page * pageSize + rounded(PAGE_HEADER); at + RECORD_HEADER + RECORD_TAIL <= end; ) {
    const length = number(bytes, at, 2);
    const covered = RECORD_HEADER + length;
    if (at + covered + RECORD_TAIL > end) break;
    if (number(bytes, at + covered, RECORD_TAIL) !== crc32(bytes, at, covered)) break;
    const [kind, address] = [number(bytes, at + 2, 2), number(bytes, at + 4, 4)];
    found.push({ kind, address, at: at + RECORD_HEADER, length, sequence });
    at += rounded(covered + RECORD_TAIL);
  }
  return found;
}

/** @returns places of the first and the last record of the last whole snapshot; -1: there is none */
function lastSnapshot(records: readonly RecordPlace[], size: number): { readonly start: number; readonly end: number } {
  let last = { start: -1, end: -1 };
  let [start, reached] = [-1, 0];
  records.forEach(({ kind, address, length }, i) => {
    if (kind === KIND.snapshotStart) [start, reached] = [i, 0];
    else if (kind === KIND.snapshotData && address === reached) reached += length;
    else if (kind === KIND.snapshotEnd && start >= 0) {
      if (address !== size) throw new HalError('damaged', `the flash holds a memory of ${address} bytes, not ${size}`);
      if (reached === size) last = { start, end: i };
      start = -1;
    } else if (kind === KIND.data && address + length > size) {
      throw new HalError('damaged', `the flash holds a memory of another size than ${size} bytes`);
    }
  });
  return last;
}

function number(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

export function putNumber(bytes: Uint8Array, at: number, value: number, size: number): void {
  for (let i = 0; i < size; i++) bytes[at + i] = Math.floor(value / 256 ** i) & 0xff;
}
