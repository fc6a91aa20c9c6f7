/**
 * Whether a byte is what cards fill with: ISO/IEC 7816-4 has 00 before, between and after data objects, its first
 * edition FF too, and erased memory is one of the two.
 */
export function isFiller(byte: number | undefined): boolean {
  return byte === 0x00 || byte === 0xff;
}

/** Where bytes end when what fills them up behind is left out. */
export function endWithoutFiller(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isFiller(bytes[end - 1])) end--;
  return end;
}
