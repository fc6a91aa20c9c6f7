import { counted } from '../../report/words.ts';
import { NdefError } from './ndef-error.ts';

/** Type name format: what the type of a record means (NFC Forum NDEF). */
export const TNF = {
  EMPTY: 0,
  WELL_KNOWN: 1,
  MIME: 2,
  ABSOLUTE_URI: 3,
  EXTERNAL: 4,
  UNKNOWN: 5,
  /** Inside a chunked record only. */
  UNCHANGED: 6,
  RESERVED: 7,
} as const;

/** A record, its chunks joined. */
export interface NdefRecord {
  readonly tnf: number;
  readonly type: Uint8Array;
  /** Null when the record has none. */
  readonly id: Uint8Array | null;
  readonly payload: Uint8Array;
}

const MESSAGE_BEGIN = 0x80;
const MESSAGE_END = 0x40;
const CHUNKED = 0x20;
const SHORT_RECORD = 0x10;
const ID_LENGTH = 0x08;
const TNF_MASK = 0x07;

interface RawRecord extends NdefRecord {
  readonly flags: number;
}

/**
 * The records of one NDEF message, which is all of `bytes`.
 * @throws {NdefError} anything that the NDEF specification does not allow
 */
export function decodeMessage(bytes: Uint8Array): NdefRecord[] {
  const raw = split(bytes);
  const records: NdefRecord[] = [];
  let chunks: RawRecord[] = [];
  for (const one of raw) {
    const chunked = (one.flags & CHUNKED) !== 0;
    if (chunks.length > 0) {
      if (one.tnf !== TNF.UNCHANGED || one.type.length > 0 || one.id !== null) {
        throw new NdefError('a chunk after the first has a type or an identifier of its own');
      }
      chunks.push(one);
    } else {
      if (one.tnf === TNF.UNCHANGED) throw new NdefError('a chunk stands where a record should begin');
      checkType(one);
      chunks = [one];
    }
    if (chunked) continue;
    const [first] = chunks as [RawRecord, ...RawRecord[]];
    records.push({ tnf: first.tnf, type: first.type, id: first.id, payload: join(chunks) });
    chunks = [];
  }
  if (chunks.length > 0) throw new NdefError('the message ends in the middle of a chunked record');
  return records;
}

/** One message of whole records, in the short form where it does. */
export function encodeMessage(records: readonly NdefRecord[]): Uint8Array {
  const bytes: number[] = [];
  records.forEach(({ tnf, type, id, payload }, index) => {
    const short = payload.length < 256;
    let flags = tnf;
    if (index === 0) flags |= MESSAGE_BEGIN;
    if (index === records.length - 1) flags |= MESSAGE_END;
    if (short) flags |= SHORT_RECORD;
    if (id !== null) flags |= ID_LENGTH;
    bytes.push(flags, type.length);
    const { length } = payload;
    if (short) bytes.push(length);
    else bytes.push((length >>> 24) & 0xff, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
    if (id !== null) bytes.push(id.length);
    for (const part of [type, id ?? [], payload]) for (const byte of part) bytes.push(byte);
  });
  return Uint8Array.from(bytes);
}

function split(bytes: Uint8Array): RawRecord[] {
  if (bytes.length === 0) throw new NdefError('an empty message: there is at least one record in one');
  const records: RawRecord[] = [];
  let at = 0;
  const take = (count: number, what: string): Uint8Array => {
    if (count > bytes.length - at)
      throw new NdefError(`${what} at byte ${at}: ${count} announced, ${bytes.length - at} there`);
    at += count;
    return bytes.subarray(at - count, at);
  };
  const number = (size: number, what: string): number => take(size, what).reduce((sum, byte) => sum * 256 + byte, 0);
  for (let ended = false; !ended; ) {
    if (at === bytes.length) throw new NdefError('the message ends without a record that says so');
    const flags = number(1, 'flags');
    if (((flags & MESSAGE_BEGIN) !== 0) !== (records.length === 0)) {
      throw new NdefError(
        `record ${records.length + 1} ${records.length === 0 ? 'does not begin' : 'begins'} a message`,
      );
    }
    const typeLength = number(1, 'length of the type');
    const payloadLength = number((flags & SHORT_RECORD) !== 0 ? 1 : 4, 'length of the payload');
    const idLength = (flags & ID_LENGTH) !== 0 ? number(1, 'length of the identifier') : null;
    const type = take(typeLength, 'type');
    const id = idLength === null ? null : take(idLength, 'identifier');
    const payload = take(payloadLength, 'payload');
    records.push({ flags, tnf: flags & TNF_MASK, type, id, payload });
    ended = (flags & MESSAGE_END) !== 0;
  }
  if (at < bytes.length) throw new NdefError(`${counted(bytes.length - at, 'byte')} after the last record`);
  return records;
}

function checkType({ tnf, type, id, payload }: NdefRecord): void {
  if (tnf === TNF.RESERVED) throw new NdefError('a type name format that is reserved');
  if (tnf === TNF.EMPTY && (type.length > 0 || id !== null || payload.length > 0)) {
    throw new NdefError('an empty record that is not empty');
  }
  if (tnf === TNF.UNKNOWN && type.length > 0) throw new NdefError('a record of unknown type that has a type');
}

function join(chunks: readonly RawRecord[]): Uint8Array {
  if (chunks.length === 1) return (chunks[0] as RawRecord).payload;
  return Uint8Array.from(chunks.flatMap(({ payload }) => [...payload]));
}
