/** Where the parts of a command APDU lie, as far as its length fits its own length fields. */
export interface CommandLayout {
  readonly dataOffset: number;
  readonly dataLength: number;
  /** Most bytes of data that the answer may have: 1 to 65,536; 0 without Le, null when malformed. */
  readonly ne: number | null;
}

/**
 * Reads the length fields of any bytes that were sent as a command.
 *
 * What does not fit is still looked at for secrets: all the bytes after the header then count as data.
 */
export function commandLayout(command: Uint8Array): CommandLayout {
  const size = command.length;
  if (size <= 4) return { dataOffset: size, dataLength: 0, ne: size === 4 ? 0 : null };
  const first = command[4] as number;
  if (size === 5) return { dataOffset: 5, dataLength: 0, ne: first === 0 ? 256 : first };
  if (first !== 0) {
    if (size === 5 + first) return { dataOffset: 5, dataLength: first, ne: 0 };
    const le = command[size - 1] as number;
    if (size === 6 + first) return { dataOffset: 5, dataLength: first, ne: le === 0 ? 256 : le };
  } else if (size >= 7) {
    const second = uint16(command, 5);
    if (size === 7) return { dataOffset: 7, dataLength: 0, ne: second === 0 ? 65_536 : second };
    if (second !== 0 && size === 7 + second) return { dataOffset: 7, dataLength: second, ne: 0 };
    const le = uint16(command, size - 2);
    if (second !== 0 && size === 9 + second) {
      return { dataOffset: 7, dataLength: second, ne: le === 0 ? 65_536 : le };
    }
  }
  return { dataOffset: 4, dataLength: size - 4, ne: null };
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}
