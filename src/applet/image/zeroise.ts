import { crc32 } from '../../hal/crc32.ts';
import type { TransactionalNvm } from '../nvm/transactional-nvm.ts';
import { bodySize, type FileSizes } from './file-entry.ts';
import {
  ATTRIBUTES_CRC_SIZE,
  BODY,
  CARD,
  FILE,
  FILE_KIND,
  type FileKind,
  KEY,
  KEY_REGION,
  LARGEST_KEY_VALUE,
  PIN,
} from './layout.ts';
import { readSuperblock } from './superblock.ts';

const PIECE = 256;
const ZEROS: Uint8Array = new Uint8Array(PIECE);
/** Where the state of a body begins that is not its life cycle. */
const COUNTS = BODY.LIFE_CYCLE + 2;

/** The card's secret, 00, with the checksum of the card object: in the open transaction, the one that terminates the card. */
export function eraseSecret(nvm: TransactionalNvm, card: number): void {
  const object = new Uint8Array(CARD.CRC + 4);
  nvm.read(card, object, 0, CARD.CRC);
  object.fill(0, CARD.SECRET, CARD.INTERFACE);
  new DataView(object.buffer).setUint32(CARD.CRC, crc32(object, 0, CARD.CRC));
  nvm.write(card + CARD.SECRET, object, CARD.SECRET, object.length - CARD.SECRET);
  object.fill(0);
}

/**
 * Overwrites all that a terminated card has held: contents of files, what deleted files have left, hashes of codes, values
 * of keys, the journal. Names, rules and sizes of files stay, and the serial number.
 *
 * A card is too large for one transaction. What is cut short here is finished at the next start, before anything but the
 * superblock and the file table is believed; on a card where nothing is left it writes nothing.
 * @throws {ImageError} no superblock; {HalError} `storage`
 */
export function zeroise(nvm: TransactionalNvm): void {
  const { files, pins, keys, journal } = readSuperblock(nvm);
  // The card is terminated for good before the first byte goes.
  nvm.settle();
  let at = files.bodies;
  for (const [from, to] of kept(nvm, files.table, files.entries)) {
    erase(nvm, at, from);
    at = to;
  }
  erase(nvm, at, files.bodies + files.bodiesSize);
  for (let i = 0; i < pins.entries; i++) {
    const entry = pins.address + i * PIN.SIZE;
    erase(nvm, entry + PIN.HASH, entry + PIN.SIZE);
  }
  const count = keys === null ? 0 : nvm.readByte(keys.address + KEY_REGION.COUNT);
  for (let i = 0; i < count; i++) eraseKey(nvm, (keys?.address ?? 0) + KEY_REGION.SIZE + i * KEY.SIZE);
  nvm.settle();
  // Last: until here it can still say that the card is terminated.
  if (journal !== null) erase(nvm, journal.address, journal.address + journal.size);
  nvm.settle();
}

/** What stays among the bodies, in order: life cycles, and rules behind the data with their checksum. */
function kept(nvm: TransactionalNvm, table: number, entries: number): (readonly [from: number, to: number])[] {
  const spans: (readonly [from: number, to: number])[] = [];
  const entry = new Uint8Array(FILE.SIZE);
  const view = new DataView(entry.buffer);
  for (let i = 0; i < entries; i++) {
    nvm.read(table + i * FILE.SIZE, entry, 0, FILE.SIZE);
    if (entry[FILE.KIND] === FILE_KIND.FREE) continue;
    const body = view.getUint32(FILE.BODY);
    spans.push([body, body + COUNTS]);
    const length = view.getUint16(FILE.ATTRIBUTES_LENGTH);
    if (length === 0) continue;
    const sizes: FileSizes = {
      kind: entry[FILE.KIND] as FileKind,
      recordSize: view.getUint16(FILE.RECORD_SIZE),
      capacity: view.getUint16(FILE.CAPACITY),
      dataSize: view.getUint32(FILE.DATA_SIZE),
    };
    const behind = body + BODY.DATA + bodySize(sizes);
    spans.push([behind, behind + length + ATTRIBUTES_CRC_SIZE]);
  }
  return spans.sort(([a], [b]) => a - b);
}

/** A key on a curve is then as one that was not generated yet. No AES key may be missing: its value is 00. */
function eraseKey(nvm: TransactionalNvm, entry: number): void {
  const isAes = nvm.readByte(entry + KEY.KIND) === 1;
  const value = new Uint8Array(KEY.SIZE - KEY.PRESENT);
  if (isAes) {
    value[0] = 1;
    const crc = crc32(ZEROS, 0, LARGEST_KEY_VALUE);
    new DataView(value.buffer).setUint32(KEY.VALUE_CRC - KEY.PRESENT, crc);
  }
  overwrite(nvm, entry + KEY.PRESENT, value, value.length);
}

function erase(nvm: TransactionalNvm, from: number, to: number): void {
  for (let at = from; at < to; at += PIECE) overwrite(nvm, at, ZEROS, Math.min(PIECE, to - at));
}

/** Memory wears: what is there already is not written. */
function overwrite(nvm: TransactionalNvm, address: number, bytes: Uint8Array, length: number): void {
  for (let i = 0; i < length; i++) {
    if (nvm.readByte(address + i) === bytes[i]) continue;
    nvm.overwrite(address, bytes, 0, length);
    return;
  }
}
