import { FROM_HOST } from '../pn532/host-frame.ts';

/** A command frame as the reader's firmware writes it to its PN532: up to 254 bytes with the command code. */
export function withSum(payload: Uint8Array): Uint8Array {
  const length = payload.length + 1;
  if (length > 0xff) throw new RangeError(`the firmware sends normal frames only, not ${length} bytes`);
  const sum = payload.reduce((total, byte) => total + byte, FROM_HOST);
  return Uint8Array.of(0x00, 0x00, 0xff, length, -length & 0xff, FROM_HOST, ...payload, -sum & 0xff, 0x00);
}
