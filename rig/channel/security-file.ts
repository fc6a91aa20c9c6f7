import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import { ChannelFailure } from './channel-failure.ts';
import type { CardAnswer } from './whole-answer.ts';

/** A transparent EF of the MF that says what security the card has. */
export interface SecurityFile {
  readonly name: string;
  /** Short identifier. */
  readonly sfi: number;
  readonly fid: number;
  /** Tag that its content begins with: another file may have the short identifier. */
  readonly tag: number;
  /** Bytes at most: what it says of its own length is not believed beyond that. */
  readonly most: number;
}

/** BSI TR-03110-3: in clear, before PACE. */
export const EF_CARD_ACCESS: SecurityFile = { name: 'EF.CardAccess', sfi: 0x1c, fid: 0x011c, tag: 0x31, most: 4096 };
/** The same, signed: inside the channel. */
export const EF_CARD_SECURITY: SecurityFile = {
  name: 'EF.CardSecurity',
  sfi: 0x1d,
  fid: 0x011d,
  tag: 0x30,
  most: 32_768,
};

export type Send = (command: Uint8Array) => Promise<CardAnswer>;

/** What a protected answer with a short Le has room for (223 bytes), and fewer exchanges than smaller pieces. */
const PIECE = 0xdf;

/**
 * Reads the file: its first object says how long it is, which is judged before more is read.
 * @returns null: the card has no such file
 * @throws {ChannelFailure} `damaged` (too long, no object, cut off), `refused`
 */
export async function readSecurityFile(send: Send, file: SecurityFile): Promise<Uint8Array | null> {
  const { name, sfi, fid, tag, most } = file;
  let first = await send(Uint8Array.of(0, INS.READ_BINARY, 0x80 | sfi, 0, PIECE));
  if (first.data.length > 0 && first.data[0] !== tag) {
    // EF.ATR/INFO has the short identifier of EF.CardSecurity on cards of IAS ECC.
    const { sw } = await send(Uint8Array.of(0, INS.SELECT, 0x02, 0x0c, 2, fid >> 8, fid & 0xff));
    if (sw === SW.FILE_NOT_FOUND) return null;
    if (sw === SW.OK) first = await send(Uint8Array.of(0, INS.READ_BINARY, 0, 0, PIECE));
  }
  if (first.sw === SW.FILE_NOT_FOUND) return null;
  if (first.data.length === 0) throw refusal(name, first.sw);
  const length = lengthOf(first.data);
  if (length === null) throw new ChannelFailure('damaged', `${name} does not begin with a data object`);
  if (length > most) {
    throw new ChannelFailure('damaged', `${name} says that it has ${length} bytes, and no card has more than ${most}`);
  }
  const content = new Uint8Array(length);
  content.set(first.data.subarray(0, length));
  let at = Math.min(first.data.length, length);
  while (at < length) {
    const le = Math.min(PIECE, length - at);
    const { data, sw } = await send(Uint8Array.of(0, INS.READ_BINARY, at >> 8, at & 0xff, le));
    if (data.length === 0 && sw !== SW.OK && sw !== SW.END_OF_FILE && sw !== SW.WRONG_OFFSET) throw refusal(name, sw);
    if (data.length === 0) {
      throw new ChannelFailure('damaged', `${name} ends after ${at} bytes, and says that it has ${length}`);
    }
    content.set(data.subarray(0, length - at), at);
    at += data.length;
  }
  return content;
}

function refusal(name: string, sw: number): ChannelFailure {
  return new ChannelFailure(
    'refused',
    `the card does not give ${name}: ${formatStatusWord(sw)} ${statusWordMeaning(sw)}`,
  );
}

/** Bytes of the first data object with its header, of one byte of tag; null where there is none. */
function lengthOf(bytes: Uint8Array): number | null {
  const first = bytes[1];
  if (first === undefined || ((bytes[0] as number) & 0x1f) === 0x1f) return null;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || bytes.length < 2 + count) return null;
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[2 + i] as number);
  return 2 + count + length;
}
