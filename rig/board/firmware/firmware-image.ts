import { CannotRun } from '../../console/failure.ts';

/** Bytes and where they go. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export type FirmwareFormat = 'BIN' | 'HEX' | 'ELF' | 'UF2';

/** What a firmware file says, checked. */
export interface FirmwareImage {
  /** The file, as typed. */
  readonly source: string;
  readonly format: FirmwareFormat;
  /** By address; none overlap, none touch. At least one. */
  readonly segments: readonly Segment[];
  /** Family identifiers of a UF2 file; empty for the other formats. */
  readonly families: readonly number[];
}

/** Bytes of the largest file, and of the largest memory, that any supported board has. */
export const LARGEST_FIRMWARE_FILE: number = 64 * 1024 * 1024;
export const LARGEST_FIRMWARE: number = 16 * 1024 * 1024;

const ADDRESS_SPACE = 2 ** 32;

/**
 * Sorts segments and joins those that touch.
 * @param source names the file in messages
 * @throws {CannotRun} two overlap, one leaves the address space, all are empty, or they hold more than any board
 */
export function joinSegments(segments: readonly Segment[], source: string): readonly Segment[] {
  const sorted = segments.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.address - b.address);
  if (sorted.length === 0) throw new CannotRun(`${source}: the file has nothing to write`);
  const total = sorted.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total > LARGEST_FIRMWARE) {
    throw new CannotRun(`${source}: ${total} bytes are more than any board has (${LARGEST_FIRMWARE} at most)`);
  }
  const joined: { address: number; parts: Uint8Array[]; end: number }[] = [];
  for (const { address, bytes } of sorted) {
    if (address + bytes.length > ADDRESS_SPACE) {
      throw new CannotRun(`${source}: ${bytes.length} bytes at ${hexAddress(address)} end beyond the address space`);
    }
    const last = joined.at(-1);
    if (last !== undefined && address < last.end) {
      throw new CannotRun(`${source}: the byte at ${hexAddress(address)} is given twice`);
    }
    if (last !== undefined && address === last.end) {
      last.parts.push(bytes);
      last.end += bytes.length;
    } else {
      joined.push({ address, parts: [bytes], end: address + bytes.length });
    }
  }
  return joined.map(({ address, parts }) => ({ address, bytes: concatenated(parts) }));
}

/** Bytes that are to be written. */
export function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** `0x08000000` */
export function hexAddress(address: number): string {
  return `0x${address.toString(16).toUpperCase().padStart(8, '0')}`;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
