import { randomBytes } from 'node:crypto';

/**
 * Identifiers (UUID version 7, RFC 9562) for the runs of one campaign, in the order of the runs: the queue hands out what
 * came in one transaction by identifier.
 * @param now milliseconds since 1970
 */
export function runIds(count: number, now: number): readonly string[] {
  const bytes = randomBytes(16 * count);
  return Array.from({ length: count }, (_, place) => {
    const id = bytes.subarray(16 * place, 16 * (place + 1));
    id.writeUIntBE(now, 0, 6);
    // Version 7 and the upper 12 bits of the place; variant 10 and the lower 30 bits, of which 20 are enough.
    id.writeUInt16BE(0x7000 | ((place >>> 12) & 0xfff), 6);
    id.writeUInt16BE(0x8000 | (place & 0xfff), 8);
    const hex = id.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  });
}
