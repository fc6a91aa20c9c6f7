import { crc32 } from '../../hal/crc32.ts';
import { SpecificationError } from './specification-error.ts';

const ERASED = 0xff;

/** An image under construction, all FF at first. */
export class ImageWriter {
  readonly image: Uint8Array;

  constructor(size: number) {
    this.image = new Uint8Array(size).fill(ERASED);
  }

  byte(at: number, value: number): void {
    this.image[at] = value;
  }

  u16(at: number, value: number): void {
    this.image[at] = value >> 8;
    this.image[at + 1] = value & 0xff;
  }

  u32(at: number, value: number): void {
    this.u16(at, value >>> 16);
    this.u16(at + 2, value & 0xffff);
  }

  bytes(at: number, bytes: Uint8Array): void {
    this.image.set(bytes, at);
  }

  text(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) this.image[at + i] = text.charCodeAt(i);
  }

  fill(at: number, length: number, value: number): void {
    this.image.fill(value, at, at + length);
  }

  /** CRC-32 over what comes before it in the entry that starts at `start`. */
  checksum(start: number, crcAt: number): void {
    this.u32(start + crcAt, crc32(this.image, start, crcAt));
  }
}

/** @throws {SpecificationError} a value out of its range */
export function limit(value: number, least: number, most: number, what: string): void {
  if (value < least || value > most) throw new SpecificationError(`${what}: ${value}, allowed ${least} to ${most}`);
}

/** A file identifier as people write it. */
export function fidInHex(fid: number): string {
  return fid.toString(16).toUpperCase().padStart(4, '0');
}
