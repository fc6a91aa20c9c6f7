import type { Nvm } from '../../hal/nvm.ts';

/** What becomes of the bytes that are there when others are written onto them. */
export const ACTION = { REPLACE: 0, AND: 1, OR: 2, XOR: 3 } as const;

/** An erased byte. Writing is a logical OR, so that an erased byte takes any value. */
export const ERASED_BYTE = 0x00;

/**
 * Work on bytes of the image, in steps of the caller's scratch buffer, which is zeroed again. Nothing here looks at
 * bounds but those of the memory itself.
 */

/** Combines `length` bytes of `source` with the stored ones. */
export function combineBytes(
  nvm: Nvm,
  address: number,
  action: number,
  source: Uint8Array,
  offset: number,
  length: number,
  scratch: Uint8Array,
): void {
  if (action === ACTION.REPLACE) {
    nvm.write(address, source, offset, length);
    return;
  }
  for (let done = 0; done < length; done += scratch.length) {
    const step = Math.min(scratch.length, length - done);
    nvm.read(address + done, scratch, 0, step);
    for (let i = 0; i < step; i++) {
      const stored = scratch[i] as number;
      const given = source[offset + done + i] as number;
      scratch[i] = action === ACTION.AND ? stored & given : action === ACTION.OR ? stored | given : stored ^ given;
    }
    nvm.write(address + done, scratch, 0, step);
  }
  scratch.fill(0);
}

/** Sets bytes to the erased state. */
export function eraseBytes(nvm: Nvm, address: number, length: number, scratch: Uint8Array): void {
  scratch.fill(ERASED_BYTE);
  for (let done = 0; done < length; done += scratch.length) {
    nvm.write(address + done, scratch, 0, Math.min(scratch.length, length - done));
  }
  scratch.fill(0);
}

/** Moves bytes to a lower address; the two places may overlap. */
export function moveBytesDown(nvm: Nvm, from: number, to: number, length: number, scratch: Uint8Array): void {
  for (let done = 0; done < length; done += scratch.length) {
    const step = Math.min(scratch.length, length - done);
    nvm.read(from + done, scratch, 0, step);
    nvm.write(to + done, scratch, 0, step);
  }
  scratch.fill(0);
}

/**
 * First place of a byte string, which is not empty, within `length` stored bytes.
 * @returns its distance from `address`, or -1
 */
export function findBytes(
  nvm: Nvm,
  address: number,
  length: number,
  wanted: Uint8Array,
  wantedOffset: number,
  wantedLength: number,
): number {
  const first = wanted[wantedOffset] as number;
  for (let at = 0; at + wantedLength <= length; at++) {
    if (nvm.readByte(address + at) !== first) continue;
    let same = 1;
    while (same < wantedLength && nvm.readByte(address + at + same) === wanted[wantedOffset + same]) same++;
    if (same === wantedLength) return at;
  }
  return -1;
}

/** First place of one byte value within `length` stored bytes, or -1. */
export function findByte(nvm: Nvm, address: number, length: number, value: number): number {
  for (let at = 0; at < length; at++) if (nvm.readByte(address + at) === value) return at;
  return -1;
}

export function readU16(nvm: Nvm, address: number): number {
  return (nvm.readByte(address) << 8) | nvm.readByte(address + 1);
}

export function writeU16(nvm: Nvm, address: number, value: number, scratch: Uint8Array): void {
  scratch[0] = value >> 8;
  scratch[1] = value & 0xff;
  nvm.write(address, scratch, 0, 2);
}
