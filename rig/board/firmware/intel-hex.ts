import { CannotRun } from '../../console/failure.ts';
import { joinSegments, type Segment } from './firmware-image.ts';

/** Record types of Intel's Hexadecimal Object File Format. */
const RECORD = { data: 0, end: 1, extendedSegment: 2, startSegment: 3, extendedLinear: 4, startLinear: 5 } as const;

/** Bytes of data that each type but `data` has. */
const LENGTHS: Readonly<Record<number, number>> = {
  [RECORD.end]: 0,
  [RECORD.extendedSegment]: 2,
  [RECORD.startSegment]: 4,
  [RECORD.extendedLinear]: 2,
  [RECORD.startLinear]: 4,
};

/** Length, address, type, checksum. */
const FIXED_BYTES = 5;
const OFFSETS = 0x10000;

/**
 * Reads a file of Intel HEX. Everything is checked: digits, lengths, checksums, types, order, overlaps, and that the end
 * record is there and is the end.
 * @param file names it in messages
 * @throws {CannotRun} one sentence with the line
 */
export function readIntelHex(text: string, file: string): readonly Segment[] {
  const segments: Segment[] = [];
  let base = 0;
  let endedAt: number | null = null;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (line === '') continue;
    const fail = (words: string): never => {
      throw new CannotRun(`${file}, line ${i + 1}: ${words}`);
    };
    if (endedAt !== null) fail(`the end record stands in line ${endedAt}, and something follows it`);
    const record = recordOf(line, fail);
    const offset = (record[1]! << 8) | record[2]!;
    const type = record[3]!;
    const data = record.subarray(4, record.length - 1);
    if (type === RECORD.data) {
      if (offset + data.length > OFFSETS) fail('its data run over the end of their 64 KiB');
      segments.push({ address: base + offset, bytes: data });
      continue;
    }
    const length = LENGTHS[type];
    if (length === undefined) fail(`there is no record type ${type.toString(16).toUpperCase().padStart(2, '0')}`);
    if (data.length !== length) fail(`a record of this type has ${length} bytes of data, not ${data.length}`);
    if (type === RECORD.end) endedAt = i + 1;
    else if (type === RECORD.extendedSegment) base = ((data[0]! << 8) | data[1]!) * 16;
    else if (type === RECORD.extendedLinear) base = ((data[0]! << 8) | data[1]!) * OFFSETS;
    // Where a program starts is in its vector table: start records say nothing that is used.
  }
  if (endedAt === null) throw new CannotRun(`${file}: the end record (:00000001FF) is missing: the file is cut off`);
  return joinSegments(segments, file);
}

function recordOf(line: string, fail: (words: string) => never): Uint8Array {
  if (!line.startsWith(':')) fail('a record begins with a colon');
  const digits = line.slice(1);
  if (!/^[0-9A-Fa-f]*$/.test(digits)) fail('a record has hexadecimal digits only');
  if (digits.length % 2 !== 0) fail('a hexadecimal digit is missing: the number of digits is odd');
  const bytes = Uint8Array.from(Buffer.from(digits, 'hex'));
  if (bytes.length < FIXED_BYTES) fail('a record has length, address, type and checksum');
  if (bytes.length !== bytes[0]! + FIXED_BYTES) {
    fail(`the record says that it has ${bytes[0]} bytes of data, and has ${bytes.length - FIXED_BYTES}`);
  }
  // The sum of all bytes, checksum included, is 0 modulo 256.
  if (bytes.reduce((sum, byte) => sum + byte, 0) % 256 !== 0) fail('the checksum is wrong');
  return bytes;
}
