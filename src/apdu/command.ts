/** Encodings of a command APDU (ISO/IEC 7816-3): S short, E extended; `malformed` when Lc, Le and length disagree. */
export type CommandCase = '1' | '2S' | '3S' | '4S' | '2E' | '3E' | '4E' | 'malformed';

/** Bytes of CLA INS P1 P2. */
export const HEADER_LENGTH = 4;
/** Longest data field: Lc has two bytes. */
export const LARGEST_NC = 65_535;
/** Largest Ne: Le 0000. */
export const LARGEST_NE = 65_536;

/**
 * A view of one command APDU, parsed in place and used again for the next: {@link parse} allocates nothing, and
 * the data field stays in the buffer that was given, at `dataOffset` for `nc` bytes.
 */
export class CommandApdu {
  /** The buffer given to {@link parse}; valid as long as its owner leaves it alone. */
  bytes: Uint8Array = new Uint8Array(0);
  cla = 0;
  ins = 0;
  p1 = 0;
  p2 = 0;
  /** Length of the data field, 0 when there is none. */
  nc = 0;
  /** Most bytes that the reader takes, 0 without Le; Le 00 is 256, extended 0000 is 65,536. */
  ne = 0;
  dataOffset = 0;
  extended = false;
  encoding: CommandCase = 'malformed';

  /**
   * @returns false when there is no whole header; true otherwise, also for a `malformed` encoding, so that class
   * and instruction can be judged before the length is
   */
  parse(bytes: Uint8Array, offset: number, length: number): boolean {
    this.bytes = bytes;
    this.nc = 0;
    this.ne = 0;
    this.dataOffset = offset;
    this.extended = false;
    this.encoding = 'malformed';
    if (length < HEADER_LENGTH) {
      this.cla = 0;
      this.ins = 0;
      this.p1 = 0;
      this.p2 = 0;
      return false;
    }
    this.cla = bytes[offset] as number;
    this.ins = bytes[offset + 1] as number;
    this.p1 = bytes[offset + 2] as number;
    this.p2 = bytes[offset + 3] as number;
    const body = offset + HEADER_LENGTH;
    const bodyLength = length - HEADER_LENGTH;
    if (bodyLength === 0) {
      this.encoding = '1';
      return true;
    }
    const first = bytes[body] as number;
    if (bodyLength === 1) {
      this.ne = first === 0 ? 256 : first;
      this.encoding = '2S';
    } else if (first !== 0) {
      this.#parseShort(body, bodyLength, first);
    } else if (bodyLength >= 3) {
      this.#parseExtended(body, bodyLength);
    }
    return true;
  }

  #parseShort(body: number, bodyLength: number, lc: number): void {
    const rest = bodyLength - 1 - lc;
    if (rest !== 0 && rest !== 1) return;
    this.nc = lc;
    this.dataOffset = body + 1;
    if (rest === 0) {
      this.encoding = '3S';
    } else {
      const le = this.bytes[body + 1 + lc] as number;
      this.ne = le === 0 ? 256 : le;
      this.encoding = '4S';
    }
  }

  #parseExtended(body: number, bodyLength: number): void {
    const bytes = this.bytes;
    const second = ((bytes[body + 1] as number) << 8) | (bytes[body + 2] as number);
    if (bodyLength === 3) {
      this.extended = true;
      this.ne = second === 0 ? LARGEST_NE : second;
      this.encoding = '2E';
      return;
    }
    // An extended Lc of 0 is no encoding: an absent data field has no Lc.
    if (second === 0) return;
    const rest = bodyLength - 3 - second;
    if (rest !== 0 && rest !== 2) return;
    this.extended = true;
    this.nc = second;
    this.dataOffset = body + 3;
    if (rest === 0) {
      this.encoding = '3E';
    } else {
      const at = body + 3 + second;
      const le = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      this.ne = le === 0 ? LARGEST_NE : le;
      this.encoding = '4E';
    }
  }
}

/** What a command APDU is made of. */
export interface CommandFields {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** 0 to 65,535 bytes. */
  readonly data?: Uint8Array;
  /** 0 or absent for no Le, up to 65,536. */
  readonly ne?: number;
  /** Forces extended length; otherwise it is used only where the short one does not do. */
  readonly extended?: boolean;
}

/**
 * Encodes a command APDU.
 * @throws {RangeError} a byte, Nc or Ne out of range
 */
export function encodeCommand(fields: CommandFields): Uint8Array {
  const { cla, ins, p1, p2, ne = 0 } = fields;
  const nc = fields.data?.length ?? 0;
  for (const byte of [cla, ins, p1, p2]) {
    if (!Number.isInteger(byte) || byte < 0 || byte > 0xff) throw new RangeError(`${byte} is not a byte`);
  }
  if (nc > LARGEST_NC) throw new RangeError(`Nc ${nc} is over ${LARGEST_NC}`);
  if (!Number.isInteger(ne) || ne < 0 || ne > LARGEST_NE) throw new RangeError(`Ne ${ne} is over ${LARGEST_NE}`);
  const extended = fields.extended === true || nc > 255 || ne > 256;
  const bytes: number[] = [cla, ins, p1, p2];
  if (extended && (nc > 0 || ne > 0)) bytes.push(0);
  if (nc > 0) {
    if (extended) bytes.push(nc >> 8);
    bytes.push(nc & 0xff);
  }
  const head = bytes.length;
  const leLength = ne === 0 ? 0 : extended ? 2 : 1;
  const apdu = new Uint8Array(head + nc + leLength);
  apdu.set(bytes);
  if (fields.data !== undefined) apdu.set(fields.data, head);
  if (leLength === 2) apdu[head + nc] = (ne >> 8) & 0xff;
  if (leLength > 0) apdu[head + nc + leLength - 1] = ne & 0xff;
  return apdu;
}
