/*
 * How the image of a card goes into a board that runs: begin (size and CRC-32), parts in order, end. Numbers have 32 bits, the
 * most significant byte first. Each is answered by five bytes: how it went, and a number.
 */

/** First byte of the answer. */
export const PUT_OUTCOME = {
  /** The number: bytes that are there; after the end the CRC-32 of what the flash gives back. */
  taken: 0x00,
  /** The number: bytes of the largest image. */
  tooLarge: 0x01,
  /** Not all has come, or not as it was sent. */
  torn: 0x02,
  /** It is not the image of a card that would start. */
  noCard: 0x03,
  /** The flash did not take it. */
  noFlash: 0x04,
} as const;

/** Bytes in one part: a message has 65,535 at most, and a board little memory for one. */
export const PUT_PART = 1024;

export interface PutAnswer {
  readonly outcome: number;
  readonly number: number;
}

export function putNumber(value: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

/** @returns -1: fewer than four bytes */
export function readNumber(bytes: Uint8Array, at: number): number {
  if (bytes.length < at + 4) return -1;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, false);
}

export function encodePut(outcome: number, number: number): Uint8Array {
  return Uint8Array.of(outcome, ...putNumber(number));
}

/** @returns null: not such an answer */
export function decodePut(answer: Uint8Array): PutAnswer | null {
  return answer.length === 5 ? { outcome: answer[0] as number, number: readNumber(answer, 1) } : null;
}
