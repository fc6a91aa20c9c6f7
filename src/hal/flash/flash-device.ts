/** NOR flash as a microcontroller has it: erased by page, programmed by granule, each granule once after an erase. */
export interface FlashDevice {
  /** Bytes. */
  readonly pageSize: number;
  readonly pages: number;
  /** Bytes that are programmed together: 8, 16 or 32 on STM32. */
  readonly writeGranule: number;
  /** @param address from the start of the first page */
  read(address: number, target: Uint8Array, targetOffset: number, length: number): void;
  /**
   * Programs whole granules, in the order of their addresses. Power may fail between two of them, and within one.
   * @throws {HalError} `storage`
   */
  program(address: number, source: Uint8Array): void;
  /** Whether these bytes stand there, where the device can say so faster than by `read`. */
  holds?(address: number, source: Uint8Array): boolean;
  /** All bytes of the page are FF afterwards. @throws {HalError} `storage` */
  erase(page: number): void;
}
