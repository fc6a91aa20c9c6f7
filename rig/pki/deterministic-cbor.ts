import { decode, encode } from 'cborg';

/** The bytes are not the one encoding of their value. One clause of a sentence, without the value. */
export class CborError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CborError';
  }
}

/** Shortest lengths and numbers, keys of maps sorted: deterministic CBOR of RFC 8949. Maps are `Map`s. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value);
}

/**
 * Decodes, and encodes again: shortest lengths, no indefinite ones, nothing twice, nothing behind. Two byte strings never
 * mean the same value.
 * @param what names the bytes in an error: `the payload`
 * @param keys `as-they-come` accepts maps in any order, for what others made; each is still a fixed order of bytes
 * @returns maps as `Map`, whole numbers as number or bigint
 * @throws {CborError}
 */
export function decodeCbor(bytes: Uint8Array, what: string, keys: 'sorted' | 'as-they-come' = 'sorted'): unknown {
  let value: unknown;
  let again: Uint8Array;
  try {
    value = decode(bytes, { strict: true, useMaps: true, rejectDuplicateMapKeys: true });
    again = keys === 'sorted' ? encode(value) : encode(value, { mapSorter: () => 0 });
  } catch (cause) {
    // Thousands of arrays inside each other are CBOR, and end the stack: they are refused with the rest.
    throw new CborError(`${what} is not CBOR that anybody sends`, { cause });
  }
  if (Buffer.compare(again, bytes) !== 0) throw new CborError(`${what} is not in deterministic CBOR`);
  return value;
}
