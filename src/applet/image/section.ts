import { copyBytes } from '../../apdu/copy-bytes.ts';
import { crc32 } from '../../hal/crc32.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { ImageError } from './image-error.ts';

/** A table entry copied out of the memory, with its CRC-32 last among what it covers. */
export class Section {
  readonly #bytes: Uint8Array;

  /** @throws {ImageError} not in the memory */
  constructor(nvm: Nvm, address: number, size: number) {
    if (address + size > nvm.size) throw new ImageError('the card image is truncated or damaged');
    this.#bytes = new Uint8Array(size);
    nvm.read(address, this.#bytes, 0, size);
  }

  check(crcAt: number, what: string): void {
    if (crc32(this.#bytes, 0, crcAt) !== this.u32(crcAt)) {
      throw new ImageError(`the card image is damaged: ${what} fails its checksum`);
    }
  }

  byte(at: number): number {
    return this.#bytes[at] as number;
  }

  u16(at: number): number {
    return (this.byte(at) << 8) | this.byte(at + 1);
  }

  u32(at: number): number {
    return ((this.u16(at) << 16) | this.u16(at + 2)) >>> 0;
  }

  bytes(at: number, length: number): Uint8Array {
    if (at + length > this.#bytes.length) throw new ImageError('the card image is damaged: a length is too large');
    return copyBytes(this.#bytes, at, at + length);
  }
}
