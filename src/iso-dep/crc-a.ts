/** CRC_A of ISO/IEC 14443-3: initial value 6363, polynomial x^16 + x^12 + x^5 + 1 reflected, sent low byte first. */

const INITIAL = 0x6363;

const TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  return crc;
});

/** @returns the CRC as a number; its low byte goes first on air */
export function crcA(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset): number {
  let crc = INITIAL;
  for (let i = offset; i < offset + length; i++) {
    crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  return crc;
}

/** Whether the last two of `length` bytes are the CRC_A of those before. False for fewer than three bytes. */
export function endsInCrcA(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset): boolean {
  if (length < 3) return false;
  const at = offset + length - 2;
  return crcA(bytes, offset, length - 2) === ((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
}

/** A new array: the frame with its CRC_A. */
export function withCrcA(frame: Uint8Array): Uint8Array {
  const crc = crcA(frame);
  const whole = new Uint8Array(frame.length + 2);
  whole.set(frame);
  whole[frame.length] = crc & 0xff;
  whole[frame.length + 1] = crc >> 8;
  return whole;
}

/** Writes the CRC_A behind the first `length` bytes of `frame`. @returns the length with it */
export function appendCrcA(frame: Uint8Array, length: number): number {
  const crc = crcA(frame, 0, length);
  frame[length] = crc & 0xff;
  frame[length + 1] = crc >> 8;
  return length + 2;
}
