/**
 * Non-volatile memory of a fixed size, read and written by byte address.
 *
 * A write may be torn at any byte by a loss of power, and nothing is durable before `flush` returns.
 * All calls are synchronous and copy. A view of the memory itself is handed out where it lies in RAM, and only to be
 * read: see `bytes`.
 */
export interface Nvm {
  /** Bytes. */
  readonly size: number;
  /** What an erased byte reads as: 0xFF or 0x00. */
  readonly eraseValue: number;
  /** Smallest unit that the hardware writes, in bytes; 1 when any byte can be written alone. */
  readonly writeGranule: number;
  /**
   * The memory itself, as `read` would show it at any moment, the same array for as long as the object lives: for reads
   * that are to cost little. Never to be written.
   * Absent where each read has to be asked for.
   */
  readonly bytes?: Uint8Array;
  /**
   * Copies `length` bytes from address `address` to `target[targetOffset…]`.
   * @throws {RangeError} outside the memory or the target
   */
  read(address: number, target: Uint8Array, targetOffset: number, length: number): void;
  /** One byte. @throws {RangeError} outside the memory */
  readByte(address: number): number;
  /**
   * Copies `length` bytes from `source[sourceOffset…]` to address `address`.
   * @throws {RangeError} outside the memory or the source
   * @throws {HalError} `storage`
   */
  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void;
  /**
   * Returns when everything written so far would survive a loss of power.
   * @throws {HalError} `storage`: what was stored before is still whole
   */
  flush(): void;
}
