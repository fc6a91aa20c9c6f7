/**
 * Commands under secure messaging, both directions (ISO/IEC 7816-4; BSI TR-03110-3 F.3.1, F.4.2; ICAO Doc 9303-11).
 *
 * 1. The counter is raised.
 * 2. Data are padded and encrypted: `87 L 01 cryptogram`, and for an odd instruction `85 L cryptogram`.
 * 3. An Le becomes `97 01 xx` or `97 02 xxxx`, as it was written.
 * 4. MAC over counter ‖ header, padded ‖ the objects, padded where there are any: `8E 08 …`, the last object.
 * 5. The new Le is 00, or 0000 in an extended command.
 *
 * Channels 0 to 3: CLA with both bits of 0C, the header is in the MAC. Channels 4 to 19: the class byte cannot say that
 * the header is authenticated, so that the first object is `89 04 CLA INS P1 P2`, which must be there and be the same.
 */
import { type CommandApdu, encodeCommand, isInterindustry, LARGEST_NC, LARGEST_NE, SW } from '../apdu/index.ts';
import { ChannelError } from './channel-error.ts';
import { equalInConstantTime } from './constant-time.ts';
import { DataObjectCursor, DO, headerLength, PADDED, putHeader } from './data-objects.ts';
import { BLOCK_SIZE, MAC_LENGTH, pad, paddedLength, type SecureSession, unpaddedLength } from './secure-session.ts';

const HEADER_LENGTH = 4;

/** Whether an interindustry class byte announces the secure messaging of this room. Any other kind is not supported. */
export function announcesSecureMessaging(cla: number): boolean {
  if (!isInterindustry(cla)) return false;
  return (cla & 0x40) !== 0 ? (cla & 0x20) !== 0 : (cla & 0x0c) === 0x0c;
}

/** The class byte with secure messaging announced; chaining and channel stay. */
export function protectedClass(cla: number): number {
  return (cla & 0x40) !== 0 ? cla | 0x20 : cla | 0x0c;
}

/** The class byte without its secure messaging; chaining and channel stay. */
export function plainClass(cla: number): number {
  return (cla & 0x40) !== 0 ? cla & ~0x20 & 0xff : cla & ~0x0c & 0xff;
}

/** Whether the command header comes as an object of its own. */
function headerIsObject(cla: number): boolean {
  return (cla & 0x40) !== 0;
}

/** How the terminal writes a protected command. */
export interface ProtectionOptions {
  /** Extended length whenever there is an Le, and not only where it is needed; some readers do so. Default false. */
  readonly extended?: boolean;
}

/**
 * The terminal's side: the protected form of a plain command.
 * @param command the plain command, parsed
 * @throws {ChannelError} `exhausted`: no session any more
 * @throws {RangeError} a command that is no interindustry one, is malformed, is protected already or gets too long
 */
export function protectCommand(
  session: SecureSession,
  command: CommandApdu,
  options: ProtectionOptions = {},
): Uint8Array {
  const { cla, ins, p1, p2, nc, ne } = command;
  if (command.encoding === 'malformed') throw new RangeError('the command is malformed');
  if (!isInterindustry(cla)) throw new RangeError('only interindustry commands can be protected');
  if (plainClass(cla) !== cla) throw new RangeError('the command announces secure messaging already');
  const odd = (ins & 1) !== 0;
  const sealed = nc === 0 ? 0 : paddedLength(nc) + (odd ? 0 : 1);
  const leLength = ne === 0 ? 0 : command.extended ? 2 : 1;
  const headerObject = headerIsObject(cla) ? 2 + HEADER_LENGTH : 0;
  const objects = headerObject + (nc === 0 ? 0 : headerLength(sealed) + sealed) + (leLength === 0 ? 0 : 2 + leLength);
  const length = objects + 2 + MAC_LENGTH;
  if (length > LARGEST_NC) throw new RangeError(`${nc} bytes of data are too many for a protected command`);
  if (!session.begin()) throw new ChannelError('exhausted', 'the channel is closed');

  const header = Uint8Array.of(protectedClass(cla), ins, p1, p2);
  const data = new Uint8Array(length);
  let at = 0;
  if (headerObject > 0) {
    at = putHeader(data, at, DO.HEADER, HEADER_LENGTH);
    data.set(header, at);
    at += HEADER_LENGTH;
  }
  if (nc > 0) {
    at = putHeader(data, at, odd ? DO.CRYPTOGRAM_TLV : DO.CRYPTOGRAM, sealed);
    if (!odd) data[at++] = PADDED;
    data.set(command.bytes.subarray(command.dataOffset, command.dataOffset + nc), at);
    const padded = paddedLength(nc);
    pad(data, at + nc, padded - nc);
    session.encrypt(data, at, padded);
    at += padded;
  }
  if (leLength > 0) {
    at = putHeader(data, at, DO.LE, leLength);
    if (leLength === 2) data[at++] = (ne >> 8) & 0xff;
    data[at++] = ne & 0xff;
  }
  session.authenticate(header, 0, HEADER_LENGTH);
  session.padAuthenticated();
  session.authenticate(data, 0, objects);
  session.padAuthenticated();
  at = putHeader(data, at, DO.MAC, MAC_LENGTH);
  session.checksum(data, at);
  // An extended Le of the answer is needed where the plain command had one, and wherever the data field is long.
  const extended = length > 255 || command.extended || (options.extended === true && ne > 0);
  return encodeCommand({
    cla: header[0] as number,
    ins,
    p1,
    p2,
    data,
    ne: extended ? LARGEST_NE : 256,
    extended,
  });
}

const cursor = new DataObjectCursor();
const expectedMac = new Uint8Array(MAC_LENGTH);
const header = new Uint8Array(HEADER_LENGTH);

/**
 * The card's side: checks a protected command and makes it the plain one, in place. The data go into `plain`, which
 * the card made once; the command's own buffer is the reader's and is left alone. Nothing is allocated here.
 *
 * The fields of `command` are afterwards those of the plain command: class without secure messaging, data field,
 * Ne and case. Note the outer `ne` and `extended` before: they say how the protected answer may travel.
 *
 * @param plain at least as long as the longest data field that the card takes
 * @returns 9000; or 6987 (an object is missing), 6988 (an object is incorrect): the session is closed then, and the
 *   status word goes out in clear
 */
export function unprotectCommand(session: SecureSession, command: CommandApdu, plain: Uint8Array): number {
  const status = check(session, command, plain);
  if (status !== SW.OK) session.close();
  return status;
}

function check(session: SecureSession, command: CommandApdu, plain: Uint8Array): number {
  const { bytes, dataOffset, nc, cla, ins } = command;
  if (nc === 0) return SW.SM_OBJECTS_MISSING;
  header[0] = cla;
  header[1] = ins;
  header[2] = command.p1;
  header[3] = command.p2;
  const odd = (ins & 1) !== 0;

  // The objects in their order, each once: [89] [87 or 85] [97] 8E. The MAC alone is judged missing or incorrect.
  let sealedOffset = -1;
  let sealedLength = 0;
  let leOffset = -1;
  let leLength = 0;
  let headerSeen = false;
  cursor.over(bytes, dataOffset, nc);
  let found = cursor.next();
  if (found && cursor.is(DO.HEADER)) {
    if (cursor.length !== HEADER_LENGTH) return SW.SM_OBJECTS_INCORRECT;
    if (!equalInConstantTime(bytes, cursor.offset, header, 0, HEADER_LENGTH)) return SW.SM_OBJECTS_INCORRECT;
    headerSeen = true;
    found = cursor.next();
  }
  if (found && (cursor.is(DO.CRYPTOGRAM) || cursor.is(DO.CRYPTOGRAM_TLV))) {
    if (cursor.is(DO.CRYPTOGRAM_TLV) !== odd) return SW.SM_OBJECTS_INCORRECT;
    sealedOffset = cursor.offset;
    sealedLength = cursor.length;
    found = cursor.next();
  }
  if (found && cursor.is(DO.LE)) {
    leOffset = cursor.offset;
    leLength = cursor.length;
    if (leLength !== 1 && leLength !== 2) return SW.SM_OBJECTS_INCORRECT;
    found = cursor.next();
  }
  if (!found) return cursor.atEnd ? SW.SM_OBJECTS_MISSING : SW.SM_OBJECTS_INCORRECT;
  if (!cursor.is(DO.MAC) || cursor.length !== MAC_LENGTH || !cursor.atEnd) return SW.SM_OBJECTS_INCORRECT;
  if (headerIsObject(cla) && !headerSeen) return SW.SM_OBJECTS_MISSING;

  if (!session.begin()) return SW.SM_OBJECTS_INCORRECT;
  session.authenticate(header, 0, HEADER_LENGTH);
  session.padAuthenticated();
  session.authenticate(bytes, dataOffset, cursor.start - dataOffset);
  session.padAuthenticated();
  session.checksum(expectedMac, 0);
  const authentic = equalInConstantTime(expectedMac, 0, bytes, cursor.offset, MAC_LENGTH);
  expectedMac.fill(0);
  if (!authentic) return SW.SM_OBJECTS_INCORRECT;

  let length = 0;
  if (sealedOffset >= 0) {
    if (!odd) {
      if (sealedLength === 0 || bytes[sealedOffset] !== PADDED) return SW.SM_OBJECTS_INCORRECT;
      sealedOffset++;
      sealedLength--;
    }
    if (sealedLength === 0 || sealedLength % BLOCK_SIZE !== 0) return SW.SM_OBJECTS_INCORRECT;
    if (sealedLength > plain.length) return SW.WRONG_LENGTH;
    for (let i = 0; i < sealedLength; i++) plain[i] = bytes[sealedOffset + i] as number;
    session.decrypt(plain, 0, sealedLength);
    length = unpaddedLength(plain, 0, sealedLength);
    if (length < 0) return SW.SM_OBJECTS_INCORRECT;
    // A cryptogram of nothing is no data field: case 1 and 2 have no such object.
    if (length === 0) return SW.SM_OBJECTS_INCORRECT;
  }

  command.cla = plainClass(cla);
  command.bytes = plain;
  command.dataOffset = 0;
  command.nc = length;
  command.ne = 0;
  // By the form of its Le, so that 97 01 00 beside a long data field still asks for all there is.
  command.extended = leLength === 2 || (leLength === 0 && length > 255);
  if (leLength === 1) command.ne = bytes[leOffset] === 0 ? 256 : (bytes[leOffset] as number);
  if (leLength === 2) {
    const le = ((bytes[leOffset] as number) << 8) | (bytes[leOffset + 1] as number);
    command.ne = le === 0 ? LARGEST_NE : le;
  }
  command.encoding = encodingOf(length, command.ne, command.extended || length > 255);
  return SW.OK;
}

function encodingOf(nc: number, ne: number, extended: boolean): CommandApdu['encoding'] {
  if (nc === 0 && ne === 0) return '1';
  if (nc === 0) return extended ? '2E' : '2S';
  if (ne === 0) return extended ? '3E' : '3S';
  return extended ? '4E' : '4S';
}
