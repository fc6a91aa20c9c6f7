import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { Nvm } from '../nvm.ts';
import { checkSpan } from '../span.ts';

/** How a memory reads when erased and what it writes at once; flash-like by default. */
export interface NvmTraits {
  /** 0xFF (default) or 0x00. */
  readonly eraseValue?: number;
  /** Bytes, default 1. Reported, not enforced: a write of any length is taken. */
  readonly writeGranule?: number;
}

/** Nvm in RAM: as durable as the process. No call allocates but `snapshot`. */
export class MemoryNvm implements Nvm {
  readonly size: number;
  readonly eraseValue: number;
  readonly writeGranule: number;
  readonly bytes: Uint8Array;

  /** @param content the size in bytes of an erased memory, or the bytes that it holds (copied) */
  constructor(content: number | Uint8Array, traits: NvmTraits = {}) {
    this.eraseValue = traits.eraseValue ?? 0xff;
    this.writeGranule = traits.writeGranule ?? 1;
    if (this.eraseValue !== 0xff && this.eraseValue !== 0x00) {
      throw new RangeError(`an erased byte reads as FF or 00, not ${this.eraseValue}`);
    }
    if (!Number.isInteger(this.writeGranule) || this.writeGranule < 1) {
      throw new RangeError(`a write granule is 1 byte or more, not ${this.writeGranule}`);
    }
    this.bytes = typeof content === 'number' ? new Uint8Array(content).fill(this.eraseValue) : new Uint8Array(content);
    this.size = this.bytes.length;
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('target', target.length, targetOffset, length);
    const bytes = this.bytes;
    // A loop: `set(subarray())` would make a view for every read.
    for (let i = 0; i < length; i++) target[targetOffset + i] = bytes[address + i] as number;
  }

  readByte(address: number): number {
    checkSpan('memory', this.size, address, 1);
    return this.bytes[address] as number;
  }

  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('source', source.length, sourceOffset, length);
    const bytes = this.bytes;
    for (let i = 0; i < length; i++) bytes[address + i] = source[sourceOffset + i] as number;
  }

  flush(): void {}

  /** A copy of all that it holds. */
  snapshot(): Uint8Array {
    return copyBytes(this.bytes);
  }
}
