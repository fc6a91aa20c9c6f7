/** What the C port gives the program: `port/main.c` fills it. */
export interface Board {
  /** Takes what has arrived, at most `target.length` bytes. @returns how many */
  uartRead(uart: number, target: Uint8Array): number;
  /** Returns when the last byte is in the transmitter. */
  uartWrite(uart: number, source: Uint8Array, offset: number, length: number): void;
  /** @returns whether the UART has that rate now */
  uartRate(uart: number, baud: number): boolean;
  /** Bytes that were lost because nothing took them in time. */
  uartLost(uart: number): number;
  /** Since the start. */
  microseconds(): number;
  /** @returns false: the board has no source of unpredictable bytes */
  random(target: Uint8Array): boolean;
  /** The card's image as it was built. */
  readonly image: ArrayBuffer;
  /** Pages of flash for the card's memory, and the size of one. */
  readonly flashPages: number;
  /** Whether these bytes stand there. */
  flashHolds(address: number, source: Uint8Array, offset: number, length: number): boolean;
  readonly flashPage: number;
  readonly flashGranule: number;
  /** Bytes of a granule that was cut short by a loss of power may be any. */
  flashRead(address: number, target: Uint8Array, offset: number, length: number): void;
  flashErase(page: number): boolean;
  /** Whole granules, into erased ones. @returns false: the flash refused */
  flashWrite(address: number, source: Uint8Array, offset: number, length: number): boolean;
  /** Bytes of RAM: the most that the heap took from the board, in use in the engine; the stack's most and size; variables. */
  memory(): readonly [taken: number, used: number, stackUsed: number, stackSize: number, staticSize: number];
  /** CRC-32 as of `src/hal/crc32.ts`. */
  crc32(bytes: Uint8Array, offset: number, length: number, before: number): number;
  restart(): void;
}

export const board: Board = (globalThis as unknown as { readonly board: Board }).board;
