/** Signed: an engine without a compiler computes with numbers beyond 31 bits as floating point, on a chip without a unit for it. */
const TABLE: Int32Array = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    table[n] = c;
  }
  return table;
}

/**
 * CRC-32 of ISO/IEC/IEEE 8802-3 (polynomial 04C11DB7, reflected), as unsigned 32 bits.
 * @param before that of the bytes before these
 */
export function crc32(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset, before = 0): number {
  let c = ~before;
  for (let i = offset; i < offset + length; i++) {
    c = (c >>> 8) ^ (TABLE[(c ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~c >>> 0;
}
