import { copyBytes, TlvError, TlvReader, TlvWriter } from '../../apdu/index.ts';
import { CardDataError } from './card-data-error.ts';

/** Discretionary data (ISO/IEC 7816-4). */
const HELD = 0x53;
/** Tag, and a length of up to 65,535. */
const LONGEST_HEADER = 4;

/**
 * Content of a transparent file whose value is written after the card was made, and varies in length: an object 53, then 00.
 * E005 PRESENCE, E006 CREDENTIAL and E007 SDJWT of the phone are such files.
 * @param size of the file, in bytes
 * @throws {CardDataError} the value does not fit
 */
export function encodeHeld(value: Uint8Array, size: number): Uint8Array {
  const writer = new TlvWriter(value.length + LONGEST_HEADER);
  writer.primitive(HELD, value);
  const object = writer.finish();
  if (object.length > size)
    throw new CardDataError('a file of the phone', HELD, `${value.length} bytes do not fit into a file of ${size}`);
  const content = new Uint8Array(size);
  content.set(object);
  return content;
}

/**
 * What such a file holds; null: nothing was written into it yet.
 * @throws {CardDataError} something else than an object 53
 */
export function readHeld(content: Uint8Array): Uint8Array | null {
  if (content.every((byte) => byte === 0)) return null;
  try {
    const reader = new TlvReader(content);
    if (reader.next() && reader.tag === HELD) {
      return copyBytes(content, reader.valueOffset, reader.valueOffset + reader.valueLength);
    }
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
  }
  throw new CardDataError('a file of the phone', HELD, 'it does not begin with this object');
}
