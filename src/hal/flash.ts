/**
 * NOR flash as a microcontroller has it: pages that are erased as a whole, granules that are written once after that.
 *
 * Power may be lost in the middle of anything: a granule being written, and a page being erased, then read as anything.
 */
export interface Flash {
  /** Bytes of a page, and how many there are. */
  readonly pageSize: number;
  readonly pages: number;
  /** Bytes written at once, 1 or more; divides the page. */
  readonly granule: number;
  /** All of it, as it reads at any moment. Never to be written. */
  readonly bytes: Uint8Array;
  /** Makes a page read FF. @returns false: the page is bad */
  erase(page: number): boolean;
  /**
   * Writes whole granules that are erased, in order, at a multiple of the granule.
   * @returns false: the flash refused, and some of them may be written
   */
  write(address: number, source: Uint8Array, length: number): boolean;
}
