/**
 * Responses under secure messaging, both directions (ISO/IEC 7816-4; BSI TR-03110-3 F.3.2, F.4.2; ICAO Doc 9303-11).
 *
 * 1. The counter is raised.
 * 2. Data, where there are any, are padded and encrypted: `87 L 01 cryptogram`, for an odd instruction `85 L cryptogram`.
 * 3. `99 02 SW1 SW2`, always.
 * 4. MAC over counter ‖ the objects, padded: `8E 08 …`.
 * 5. The same status word follows in clear.
 */

import { copyBytes } from '../apdu/copy-bytes.ts';
import { SW } from '../apdu/index.ts';
import { ChannelError, refused } from './channel-error.ts';
import { equalInConstantTime } from './constant-time.ts';
import { DataObjectCursor, DO, headerLength, PADDED, putHeader } from './data-objects.ts';
import { BLOCK_SIZE, MAC_LENGTH, pad, paddedLength, type SecureSession, unpaddedLength } from './secure-session.ts';

/** `99 02 SW1 SW2` and `8E 08 …`: what every protected response has. */
const STATUS_AND_MAC = 4 + 2 + MAC_LENGTH;

/** Bytes of the protected data field for `length` bytes of data. */
export function protectedResponseLength(length: number, odd: boolean): number {
  if (length === 0) return STATUS_AND_MAC;
  const sealed = paddedLength(length) + (odd ? 0 : 1);
  return headerLength(sealed) + sealed + STATUS_AND_MAC;
}

/** Most bytes of data whose protected data field has at most `room` bytes, or -1 when not even a status word fits. */
export function largestProtectedData(room: number, odd: boolean): number {
  if (room < STATUS_AND_MAC) return -1;
  let length = room - STATUS_AND_MAC;
  while (length > 0 && protectedResponseLength(length, odd) > room) length--;
  return length;
}

/**
 * The card's side: protects a response in the card's own buffer, in place. Nothing is allocated here.
 * @param buffer holds the plain data from its first byte; needs room for {@link protectedResponseLength}
 * @param length bytes of plain data, 0 for none
 * @param status the plain status word; it goes into DO 99, and the caller puts it after the data in clear too
 * @param odd whether the instruction was odd
 * @returns bytes of the protected data field, from the first byte of the buffer; 0 when the session is closed
 * @throws {RangeError} no room: ask {@link largestProtectedData} before the command produces data
 */
export function protectResponse(
  session: SecureSession,
  buffer: Uint8Array,
  length: number,
  status: number,
  odd: boolean,
): number {
  if (protectedResponseLength(length, odd) > buffer.length) throw new RangeError('no room for a protected response');
  if (!session.begin()) return 0;
  let at = 0;
  if (length > 0) {
    const padded = paddedLength(length);
    const sealed = padded + (odd ? 0 : 1);
    const start = headerLength(sealed) + (odd ? 0 : 1);
    buffer.copyWithin(start, 0, length);
    pad(buffer, start + length, padded - length);
    session.encrypt(buffer, start, padded);
    at = putHeader(buffer, 0, odd ? DO.CRYPTOGRAM_TLV : DO.CRYPTOGRAM, sealed);
    if (!odd) buffer[at++] = PADDED;
    at += padded;
  }
  at = putHeader(buffer, at, DO.STATUS, 2);
  buffer[at++] = status >> 8;
  buffer[at++] = status & 0xff;
  session.authenticate(buffer, 0, at);
  session.padAuthenticated();
  at = putHeader(buffer, at, DO.MAC, MAC_LENGTH);
  session.checksum(buffer, at);
  return at + MAC_LENGTH;
}

/** A response that is believed. */
export interface PlainResponse {
  readonly data: Uint8Array;
  readonly status: number;
  /** False where the data came in a DO 81: authentic, but for everybody to read. */
  readonly confidential: boolean;
}

export interface ResponseOptions {
  /** Whether the command's instruction was odd. */
  readonly odd: boolean;
  /** Takes data in a DO 81 too, which are authenticated and not encrypted. Default false. */
  readonly plainValues?: boolean;
}

/**
 * The terminal's side: the plain response in a protected one. A plain answer is never believed, whatever it says.
 * @param response data field and status word as they were received
 * @throws {ChannelError} `refused` (6987 or 6988: the card found our command missing or incorrect), `plain`,
 *   `malformed`, `incorrect`, `exhausted`; the session is closed then
 */
export function unprotectResponse(
  session: SecureSession,
  response: Uint8Array,
  options: ResponseOptions,
): PlainResponse {
  try {
    return open(session, response, options);
  } catch (error) {
    session.close();
    throw error;
  }
}

function open(session: SecureSession, response: Uint8Array, { odd, plainValues }: ResponseOptions): PlainResponse {
  if (!session.open) throw new ChannelError('exhausted', 'the channel is closed');
  if (response.length < 2) throw new ChannelError('malformed', 'the answer has no status word');
  const end = response.length - 2;
  const outer = ((response[end] as number) << 8) | (response[end + 1] as number);
  if (end === 0) {
    // In clear the card can only say that it does not believe us. It is the end either way.
    if (outer === SW.SM_OBJECTS_MISSING || outer === SW.SM_OBJECTS_INCORRECT) throw refused('secure messaging', outer);
    throw new ChannelError('plain', 'a plain answer inside the channel is not believed', { status: outer });
  }

  const objects = new DataObjectCursor();
  objects.over(response, 0, end);
  let dataOffset = -1;
  let dataLength = 0;
  let dataTag = 0;
  let found = objects.next();
  if (found && !objects.is(DO.STATUS) && !objects.is(DO.MAC)) {
    dataTag = objects.tag;
    const expected = odd ? DO.CRYPTOGRAM_TLV : DO.CRYPTOGRAM;
    if (dataTag !== expected && !(dataTag === DO.PLAIN && plainValues === true)) {
      throw new ChannelError('incorrect', `the answer's first object is ${dataTag.toString(16).toUpperCase()}`);
    }
    dataOffset = objects.offset;
    dataLength = objects.length;
    found = objects.next();
  }
  if (!found || !objects.is(DO.STATUS)) {
    throw new ChannelError(objects.atEnd || found ? 'incorrect' : 'malformed', 'the answer has no DO 99');
  }
  const statusLength = objects.length;
  if (statusLength !== 2) throw new ChannelError('incorrect', `DO 99 has ${statusLength} bytes, not 2`);
  const status = ((response[objects.offset] as number) << 8) | (response[objects.offset + 1] as number);
  const authenticated = objects.position;
  if (!objects.next() || !objects.is(DO.MAC)) {
    throw new ChannelError(objects.atEnd ? 'incorrect' : 'malformed', 'the answer has no DO 8E');
  }
  if (objects.length !== MAC_LENGTH || !objects.atEnd) {
    throw new ChannelError('incorrect', `DO 8E is not ${MAC_LENGTH} bytes at the end of the answer`);
  }

  if (!session.begin()) throw new ChannelError('exhausted', 'the send sequence counter is at its end');
  session.authenticate(response, 0, authenticated);
  session.padAuthenticated();
  const mac = new Uint8Array(MAC_LENGTH);
  session.checksum(mac, 0);
  if (!equalInConstantTime(mac, 0, response, objects.offset, MAC_LENGTH)) {
    throw new ChannelError('incorrect', 'the MAC of the answer is wrong');
  }
  if (status !== outer) throw new ChannelError('incorrect', 'the status words inside and outside differ');

  if (dataOffset < 0) return { data: new Uint8Array(0), status, confidential: true };
  if (dataTag === DO.PLAIN) {
    return { data: copyBytes(response, dataOffset, dataOffset + dataLength), status, confidential: false };
  }
  if (dataTag === DO.CRYPTOGRAM) {
    if (dataLength === 0 || response[dataOffset] !== PADDED) {
      throw new ChannelError('incorrect', 'the padding-content indicator is not 01');
    }
    dataOffset++;
    dataLength--;
  }
  if (dataLength === 0 || dataLength % BLOCK_SIZE !== 0) {
    throw new ChannelError('incorrect', 'the cryptogram is not of whole blocks');
  }
  const data = copyBytes(response, dataOffset, dataOffset + dataLength);
  session.decrypt(data, 0, dataLength);
  const length = unpaddedLength(data, 0, dataLength);
  if (length < 0) throw new ChannelError('incorrect', 'the data are not padded');
  return { data: copyBytes(data, 0, length), status, confidential: true };
}
