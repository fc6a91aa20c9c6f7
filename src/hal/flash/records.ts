import { crc32 } from '../crc32.ts';
import type { FlashDevice } from './flash-device.ts';

/*
 * What stands in a page, integers with the least significant byte first, everything padded to granules with FF.
 *
 * Page header, 24 bytes:
 *    0  4  magic "VLOG"
 *    4  4  sequence number, higher in every page that is begun
 *    8  4  sequence number of the page before it; 0: a snapshot begins here
 *   12  4  size of the memory
 *   16  4  bytes of the page before it that are in use, its header included; 0: not told
 *   20  4  CRC-32 of bytes 0 to 19
 *
 * Record:
 *    0  1  type: 1 data, 2 a page that is bad
 *    1  1  01: the last one of what is stored together
 *    2  2  length of the data
 *    4  4  address of the data, or number of the page
 *    8  4  CRC-32 of the page's sequence number, bytes 0 to 7 and the data
 *   12  …  data
 */
const MAGIC = 0x474f4c56;
export const PAGE_HEADER = 24;
export const RECORD_HEADER = 12;
export const RECORD = { data: 1, badPage: 2 } as const;
export const LAST = 1;
const LONGEST_DATA = 0xffff;

/** Pages kept free beyond those of a snapshot, for one that turns out bad while it is written. */
export const SPARE_PAGES = 1;

export interface PageHeader {
  readonly sequence: number;
  /** 0: a snapshot begins in this page. */
  readonly previous: number;
  readonly size: number;
  /** Bytes of the page before it that hold what counts: fewer mean damage. */
  readonly before: number;
}

export interface StoredRecord {
  readonly type: number;
  readonly last: boolean;
  readonly address: number;
  /** Where the data begin, in the page. */
  readonly dataAt: number;
  readonly length: number;
}

export function padded(length: number, granule: number): number {
  return Math.ceil(length / granule) * granule;
}

export function encodeHeader({ sequence, previous, size, before }: PageHeader, granule: number): Uint8Array {
  const bytes = new Uint8Array(padded(PAGE_HEADER, granule)).fill(0xff);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [MAGIC, sequence, previous, size, before].entries()) view.setUint32(4 * i, value, true);
  view.setUint32(20, crc32(bytes, 0, 20), true);
  return bytes;
}

/** @returns null for a page that is erased, torn, or something else */
export function decodeHeader(page: Uint8Array): PageHeader | null {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(20, true) !== crc32(page, 0, 20)) return null;
  const field = (at: number): number => view.getUint32(at, true);
  return { sequence: field(4), previous: field(8), size: field(12), before: field(16) };
}

/** @param sequence that of the page it goes into: a record of a page's earlier life does not fit it */
export function encodeRecord(
  type: number,
  last: boolean,
  address: number,
  source: Uint8Array,
  from: number,
  to: number,
  sequence: number,
  granule: number,
): Uint8Array {
  const length = to - from;
  if (length > LONGEST_DATA) throw new RangeError(`a record holds up to ${LONGEST_DATA} bytes, not ${length}`);
  const bytes = new Uint8Array(padded(RECORD_HEADER + length, granule)).fill(0xff);
  const view = new DataView(bytes.buffer);
  bytes[0] = type;
  bytes[1] = last ? LAST : 0;
  view.setUint16(2, length, true);
  view.setUint32(4, address, true);
  bytes.set(source.subarray(from, to), RECORD_HEADER);
  view.setUint32(8, recordCrc(bytes, 0, length, sequence), true);
  return bytes;
}

/** @returns null where no whole record stands */
export function decodeRecord(page: Uint8Array, at: number, sequence: number): StoredRecord | null {
  if (at + RECORD_HEADER > page.length) return null;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const length = view.getUint16(at + 2, true);
  if (at + RECORD_HEADER + length > page.length) return null;
  if (view.getUint32(at + 8, true) !== recordCrc(page, at, length, sequence)) return null;
  return {
    type: page[at] as number,
    last: page[at + 1] === LAST,
    address: view.getUint32(at + 4, true),
    dataAt: at + RECORD_HEADER,
    length,
  };
}

function recordCrc(bytes: Uint8Array, at: number, length: number, sequence: number): number {
  const own = Uint8Array.of(sequence & 0xff, (sequence >>> 8) & 0xff, (sequence >>> 16) & 0xff, sequence >>> 24);
  const header = crc32(bytes, at, 8, crc32(own));
  return crc32(bytes, at + RECORD_HEADER, length, header);
}

/** Pages that a snapshot takes at most. */
export function snapshotPages(
  size: number,
  { pageSize, writeGranule }: Pick<FlashDevice, 'pageSize' | 'writeGranule'>,
): number {
  const perPage = pageSize - padded(PAGE_HEADER, writeGranule) - padded(RECORD_HEADER, writeGranule) - writeGranule;
  return Math.max(1, Math.ceil(size / perPage));
}
