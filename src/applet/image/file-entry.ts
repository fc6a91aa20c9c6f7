import { crc32 } from '../../hal/crc32.ts';
import { ATTRIBUTES_CRC_SIZE, BODY, FILE, FILE_KIND, type FileKind, SLOT_LENGTH_SIZE } from './layout.ts';

/** What decides how much room a file takes. */
export interface FileSizes {
  readonly kind: FileKind;
  readonly recordSize: number;
  readonly capacity: number;
  readonly dataSize: number;
}

/** A file as it is written into the file table. */
export interface FileEntryFields extends FileSizes {
  readonly flags: number;
  readonly fid: number;
  readonly parent: number;
  /** 0 for none. */
  readonly sfi: number;
  readonly name: Uint8Array | null;
  readonly label: Uint8Array | null;
  /** 21 security condition bytes: contact, contactless, wired. */
  readonly rules: Uint8Array;
  readonly attributes: Uint8Array;
  readonly body: number;
}

/** Bytes that a file's data or slots take. */
export function bodySize(file: FileSizes): number {
  switch (file.kind) {
    case FILE_KIND.DIRECTORY:
      return 0;
    case FILE_KIND.TRANSPARENT:
    case FILE_KIND.BER_TLV:
      return file.dataSize;
    case FILE_KIND.LINEAR_VARIABLE:
      return file.capacity * (file.recordSize + SLOT_LENGTH_SIZE);
    default:
      return file.capacity * file.recordSize;
  }
}

/** Bytes that a file takes among the bodies: state, data, and security attributes with their checksum. */
export function extentSize(file: FileSizes, attributesLength: number): number {
  return BODY.DATA + bodySize(file) + (attributesLength === 0 ? 0 : attributesLength + ATTRIBUTES_CRC_SIZE);
}

/** An entry of the file table, its CRC-32 included. */
export function encodeFileEntry(fields: FileEntryFields): Uint8Array {
  const entry = new Uint8Array(FILE.SIZE);
  const view = new DataView(entry.buffer);
  entry[FILE.KIND] = fields.kind;
  entry[FILE.FLAGS] = fields.flags;
  view.setUint16(FILE.FID, fields.fid);
  view.setUint16(FILE.PARENT, fields.parent);
  entry[FILE.SFI] = fields.sfi;
  if (fields.name !== null) {
    entry[FILE.NAME_LENGTH] = fields.name.length;
    entry.set(fields.name, FILE.NAME);
  }
  if (fields.label !== null) {
    entry[FILE.LABEL_LENGTH] = fields.label.length;
    entry.set(fields.label, FILE.LABEL);
  }
  entry.set(fields.rules, FILE.RULES);
  view.setUint16(FILE.ATTRIBUTES_LENGTH, fields.attributes.length);
  view.setUint16(FILE.RECORD_SIZE, fields.recordSize);
  view.setUint16(FILE.CAPACITY, fields.capacity);
  view.setUint32(FILE.BODY, fields.body);
  view.setUint32(FILE.DATA_SIZE, fields.dataSize);
  return withChecksum(entry, FILE.CRC);
}

/** An entry that no file has. */
export function freeFileEntry(): Uint8Array {
  return withChecksum(new Uint8Array(FILE.SIZE), FILE.CRC);
}

/** Security attributes as they stand behind the data, with their CRC-32; empty for none. */
export function encodeAttributes(attributes: Uint8Array): Uint8Array {
  if (attributes.length === 0) return attributes;
  const bytes = new Uint8Array(attributes.length + ATTRIBUTES_CRC_SIZE);
  bytes.set(attributes);
  return withChecksum(bytes, attributes.length);
}

/** State of a new body: life cycle with its complement, no record, nothing used. */
export function encodeState(lifeCycle: number): Uint8Array {
  const state = new Uint8Array(BODY.DATA);
  state[BODY.LIFE_CYCLE] = lifeCycle;
  state[BODY.LIFE_CYCLE + 1] = ~lifeCycle & 0xff;
  return state;
}

function withChecksum(bytes: Uint8Array, crcAt: number): Uint8Array {
  new DataView(bytes.buffer).setUint32(crcAt, crc32(bytes, 0, crcAt));
  return bytes;
}
