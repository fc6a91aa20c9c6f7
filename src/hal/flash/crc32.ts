const POLYNOMIAL = 0xedb88320;

/** A table of 16 entries: small, and fast enough for records. */
const NIBBLES: readonly number[] = Array.from({ length: 16 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 4; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
  return value >>> 0;
});

/** CRC-32 of ISO/IEC 13239 (as in Ethernet and ZIP). @param before that of the bytes before these */
export function crc32(bytes: Uint8Array, from: number, to: number, before = 0): number {
  let crc = ~before >>> 0;
  for (let i = from; i < to; i++) {
    crc ^= bytes[i] as number;
    crc = (crc >>> 4) ^ (NIBBLES[crc & 15] as number);
    crc = (crc >>> 4) ^ (NIBBLES[crc & 15] as number);
  }
  return ~crc >>> 0;
}
