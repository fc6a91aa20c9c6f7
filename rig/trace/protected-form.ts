import { isInterindustry } from '../../src/apdu/class-byte.ts';
import { announcesSecureMessaging } from '../../src/secure-channel/index.ts';
import { commandLayout } from './command-layout.ts';

const HEADER = 0x89;
const CRYPTOGRAM = 0x87;
const CRYPTOGRAM_TLV = 0x85;
const LE = 0x97;
const STATUS = 0x99;
const MAC = 0x8e;
const MAC_LENGTH = 8;
const PADDED = 0x01;
/** Of AES; of DES, which other programs' traces may have. */
const BLOCKS: readonly number[] = [16, 8];

/**
 * Whether a command is protected as a whole: its class says so, and its data field is nothing but a cryptogram, an Le
 * and a MAC. There is then nothing in it for whoever has no key. A data field with anything in clear is none.
 */
export function isProtectedCommand(apdu: Uint8Array): boolean {
  const cla = apdu[0] ?? 0xff;
  if (!isInterindustry(cla) || !announcesSecureMessaging(cla)) return false;
  const { dataOffset, dataLength } = commandLayout(apdu);
  return isSealed(apdu, dataOffset, dataOffset + dataLength, [HEADER, CRYPTOGRAM, CRYPTOGRAM_TLV, LE]);
}

/** The same of an answer: a cryptogram, the status word and a MAC. @param length of its data field */
export function isProtectedResponse(apdu: Uint8Array, length: number): boolean {
  return isSealed(apdu, 0, length, [CRYPTOGRAM, CRYPTOGRAM_TLV, STATUS]);
}

/** Whether the beginning of a data field, of which more is to come, can be that of a protected answer. */
export function beginsSealed(bytes: Uint8Array): boolean {
  const [tag, first, second = 0, third = 0] = bytes;
  if (tag === undefined) return true;
  if (tag === STATUS || tag === MAC) return true;
  if (tag !== CRYPTOGRAM && tag !== CRYPTOGRAM_TLV) return false;
  if (first === undefined) return true;
  const header = first === 0x81 ? 3 : first === 0x82 ? 4 : 2;
  if (header === 2 && first > 0x7f) return false;
  const length = first === 0x81 ? second : first === 0x82 ? second * 256 + third : first;
  if (bytes.length <= header) return true;
  return hasForm(bytes, tag, header, length);
}

function isSealed(bytes: Uint8Array, from: number, end: number, allowed: readonly number[]): boolean {
  let at = from;
  let before = -1;
  while (at + 2 <= end) {
    const tag = bytes[at] as number;
    const first = bytes[at + 1] as number;
    let header = 2;
    let length = first;
    if (first === 0x81 || first === 0x82) {
      header += first & 0x0f;
      if (at + header > end) return false;
      length = 0;
      for (let i = 2; i < header; i++) length = length * 256 + (bytes[at + i] as number);
    } else if (first > 0x7f) return false;
    const value = at + header;
    at = value + length;
    if (tag === MAC) return length === MAC_LENGTH && at === end;
    const place = allowed.indexOf(tag);
    // In their order, each once; a cryptogram is 87 or 85.
    if (place <= before || at > end || !hasForm(bytes, tag, value, length)) return false;
    before = tag === CRYPTOGRAM ? allowed.indexOf(CRYPTOGRAM_TLV) : place;
  }
  return false;
}

function hasForm(bytes: Uint8Array, tag: number, value: number, length: number): boolean {
  switch (tag) {
    case HEADER:
      return length === 4;
    case CRYPTOGRAM:
      return bytes[value] === PADDED && isBlocks(length - 1);
    case CRYPTOGRAM_TLV:
      return isBlocks(length);
    case LE:
      return length === 1 || length === 2;
    default:
      return length === 2;
  }
}

function isBlocks(length: number): boolean {
  return length > 0 && BLOCKS.some((block) => length % block === 0);
}
