import { toHex } from '../../apdu/hex.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import type { Nvm } from '../../hal/nvm.ts';
import type { SecurityEnvironment } from '../access/access-control.ts';
import { CardFile } from '../files/card-file.ts';
import type { Pin } from '../pin/pin-store.ts';
import { crc32 } from './crc32.ts';
import {
  BODY,
  CARD,
  ENVIRONMENT,
  FILE,
  FILE_KIND,
  type FileKind,
  IMAGE_MAGIC,
  IMAGE_VERSION,
  NO_PARENT,
  PIN,
  SLOT_LENGTH_SIZE,
  SUPERBLOCK,
} from './layout.ts';
import type { HolderSpecification, LinkPersonality } from './specification.ts';

/** The memory holds no image that this card can run, with one sentence that says why. */
export class ImageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImageError';
  }
}

/** What boot takes from an image; data of files and counters stay there. */
export interface CardImage {
  readonly version: number;
  readonly profile: string;
  readonly serial: Uint8Array;
  readonly secret: Uint8Array;
  readonly interface: CardInterface;
  readonly link: LinkPersonality;
  readonly holder: HolderSpecification | null;
  /** The MF first, and every DF before its children. */
  readonly files: readonly CardFile[];
  readonly pins: readonly Pin[];
  readonly environments: readonly SecurityEnvironment[];
  /** Longest data that one command can answer. */
  readonly largestData: number;
}

/** Room for the longest control information, whatever the files. */
const LEAST_DATA = 256;
/** Bytes of a BER-TLV length of up to 65,535. */
const LARGEST_LENGTH_FIELD = 3;
const INTERFACES: readonly CardInterface[] = ['contact', 'contactless', 'wired'];

/** Checks an image and takes from it what a card needs to run. @throws {ImageError} */
export function openImage(nvm: Nvm): CardImage {
  if (nvm.size < SUPERBLOCK.SIZE) throw new ImageError(`the card image is truncated: ${nvm.size} bytes`);
  const superblock = new Section(nvm, 0, SUPERBLOCK.SIZE);
  if (!IMAGE_MAGIC.every((byte, i) => superblock.byte(i) === byte)) throw new ImageError('this is not a card image');
  const version = superblock.u16(SUPERBLOCK.VERSION);
  if (version !== IMAGE_VERSION) {
    throw new ImageError(`the card image has format version ${version}; this card reads version ${IMAGE_VERSION}`);
  }
  superblock.check(SUPERBLOCK.CRC, 'superblock');
  const size = superblock.u32(SUPERBLOCK.IMAGE_SIZE);
  if (size > nvm.size) throw new ImageError(`the card image is truncated: ${nvm.size} of ${size} bytes`);

  const card = new Section(nvm, superblock.u32(SUPERBLOCK.CARD), CARD.SIZE);
  card.check(CARD.CRC, 'card object');
  const files = readFiles(nvm, superblock, size);
  const pins = readPins(nvm, superblock, files);
  const face = INTERFACES[card.byte(CARD.INTERFACE)];
  if (face === undefined) throw new ImageError('the card image names an unknown interface');
  return {
    version,
    profile: ascii(card.bytes(CARD.PROFILE, 16)),
    serial: card.bytes(CARD.SERIAL, card.byte(CARD.SERIAL_LENGTH)),
    secret: card.bytes(CARD.SECRET, 32),
    interface: face,
    link: readLink(card),
    holder:
      card.byte(CARD.HOLDER) === 1
        ? { windowSeconds: card.u16(CARD.WINDOW_SECONDS), uses: card.byte(CARD.WINDOW_USES) }
        : null,
    files,
    pins,
    environments: readEnvironments(nvm, superblock, files, pins),
    largestData: Math.max(LEAST_DATA, ...files.map((file) => largestAnswer(file))),
  };
}

function readLink(card: Section): LinkPersonality {
  const atrLength = card.byte(CARD.ATR_LENGTH);
  const uidLength = card.byte(CARD.UID_LENGTH);
  return {
    protocol: card.byte(CARD.PROTOCOL) === 0 ? 'T=0' : 'T=1',
    historicalBytes: card.bytes(CARD.HISTORICAL, card.byte(CARD.HISTORICAL_LENGTH)),
    atr: atrLength === 0 ? null : card.bytes(CARD.ATR, atrLength),
    uid: uidLength === 0 ? null : card.bytes(CARD.UID, uidLength),
  };
}

function readFiles(nvm: Nvm, superblock: Section, imageSize: number): CardFile[] {
  const count = superblock.u16(SUPERBLOCK.FILE_COUNT);
  if (count === 0) throw new ImageError('the card image has no master file');
  const files: CardFile[] = [];
  for (let index = 0; index < count; index++) {
    const entry = new Section(nvm, superblock.u32(SUPERBLOCK.FILES) + index * FILE.SIZE, FILE.SIZE);
    entry.check(FILE.CRC, `entry of file ${index}`);
    const parentIndex = entry.u16(FILE.PARENT);
    const parent = parentIndex === NO_PARENT ? null : (files[parentIndex] ?? null);
    const kind = entry.byte(FILE.KIND) as FileKind;
    const file = new CardFile(
      {
        index,
        kind,
        flags: entry.byte(FILE.FLAGS),
        fid: entry.u16(FILE.FID),
        sfi: entry.byte(FILE.SFI),
        name: optional(entry, FILE.NAME, FILE.NAME_LENGTH),
        label: optional(entry, FILE.LABEL, FILE.LABEL_LENGTH),
        rules: entry.bytes(FILE.RULES, 21),
        recordSize: entry.u16(FILE.RECORD_SIZE),
        capacity: entry.u16(FILE.CAPACITY),
        body: entry.u32(FILE.BODY),
        dataSize: entry.u32(FILE.DATA_SIZE),
      },
      parent,
    );
    const sound =
      kind >= FILE_KIND.DIRECTORY &&
      kind <= FILE_KIND.BER_TLV &&
      (index === 0) === (parent === null) &&
      file.data + bodySize(file) <= imageSize;
    if (!sound) throw new ImageError(`the card image is damaged: file ${index} makes no sense`);
    checkRecords(nvm, file);
    files.push(file);
    if (parent !== null) {
      parent.children.set(file.fid, file);
      if (file.sfi !== 0) parent.bySfi[file.sfi] = file;
    }
  }
  // A hole would make look-ups by SFI slower than by index.
  for (const file of files) if (file.isDirectory) for (let sfi = 0; sfi < 32; sfi++) file.bySfi[sfi] ??= undefined;
  return files;
}

/** Counts and lengths that a read would trust. */
function checkRecords(nvm: Nvm, file: CardFile): void {
  if (file.hasDataObjects && new Section(nvm, file.body, BODY.DATA).u16(BODY.USED) > file.dataSize) {
    throw new ImageError(`the card image is damaged: data objects of file ${toHex(fidBytes(file.fid))}`);
  }
  if (!file.hasRecords) return;
  const state = new Section(nvm, file.body, BODY.DATA);
  const count = state.u16(BODY.RECORD_COUNT);
  let sound = count <= file.capacity && state.u16(BODY.NEWEST) < file.capacity;
  if (file.kind === FILE_KIND.LINEAR_VARIABLE) {
    const slotSize = file.recordSize + SLOT_LENGTH_SIZE;
    for (let slot = 0; slot < count && sound; slot++) {
      const address = file.data + slot * slotSize;
      sound = ((nvm.readByte(address) << 8) | nvm.readByte(address + 1)) <= file.recordSize;
    }
  }
  if (!sound) throw new ImageError(`the card image is damaged: records of file ${toHex(fidBytes(file.fid))}`);
}

function readPins(nvm: Nvm, superblock: Section, files: readonly CardFile[]): Pin[] {
  const pins: Pin[] = [];
  const count = superblock.u16(SUPERBLOCK.PIN_COUNT);
  for (let slot = 0; slot < count; slot++) {
    const address = superblock.u32(SUPERBLOCK.PINS) + slot * PIN.SIZE;
    const entry = new Section(nvm, address, PIN.SIZE);
    entry.check(PIN.CRC, `entry of code ${slot}`);
    const directory = files[entry.u16(PIN.DIRECTORY)];
    const sound = directory !== undefined && slot < 31 && entry.byte(PIN.TRIES_LEFT) <= entry.byte(PIN.TRIES);
    if (!sound) throw new ImageError(`the card image is damaged: code ${slot} makes no sense`);
    pins.push({
      slot,
      reference: entry.byte(PIN.REFERENCE),
      directory,
      cardWide: (entry.byte(PIN.REFERENCE) & 0x80) === 0,
      minLength: entry.byte(PIN.MIN_LENGTH),
      maxLength: entry.byte(PIN.MAX_LENGTH),
      paddedLength: entry.byte(PIN.PADDED_LENGTH),
      paddingByte: entry.byte(PIN.PADDING),
      tries: entry.byte(PIN.TRIES),
      access: entry.bytes(PIN.ACCESS, 3),
      unlocksHolder: (entry.byte(PIN.FLAGS) & 1) !== 0,
      canBeDisabled: (entry.byte(PIN.FLAGS) & 2) !== 0,
      unblockedBy: entry.byte(PIN.UNBLOCKED_BY),
      address,
    });
  }
  return pins;
}

function readEnvironments(
  nvm: Nvm,
  superblock: Section,
  files: readonly CardFile[],
  pins: readonly Pin[],
): SecurityEnvironment[] {
  const environments: SecurityEnvironment[] = [];
  const count = superblock.u16(SUPERBLOCK.ENVIRONMENT_COUNT);
  for (let i = 0; i < count; i++) {
    const address = superblock.u32(SUPERBLOCK.ENVIRONMENTS) + i * ENVIRONMENT.SIZE;
    const entry = new Section(nvm, address, ENVIRONMENT.SIZE);
    entry.check(ENVIRONMENT.CRC, `security environment ${i}`);
    const directory = files[entry.u16(ENVIRONMENT.DIRECTORY)];
    const pin = pins[entry.byte(ENVIRONMENT.PIN)];
    if (directory === undefined || pin === undefined) {
      throw new ImageError(`the card image is damaged: security environment ${i} makes no sense`);
    }
    const byte = entry.byte(ENVIRONMENT.ID);
    environments.push({ directory, id: byte & 0x0f, pin, by: byte >> 4 === 0 ? 'verify' : 'holder' });
  }
  return environments;
}

/** Bytes that a file's data or slots take. */
export function bodySize(file: Pick<CardFile, 'kind' | 'dataSize' | 'capacity' | 'recordSize'>): number {
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

/** A file as a whole, with tag and length when it comes inside a data object. */
function largestAnswer(file: CardFile): number {
  return 1 + LARGEST_LENGTH_FIELD + (file.hasRecords ? file.recordSize * file.capacity : file.dataSize);
}

function optional(entry: Section, at: number, lengthAt: number): Uint8Array | null {
  const length = entry.byte(lengthAt);
  return length === 0 ? null : entry.bytes(at, length);
}

function fidBytes(fid: number): Uint8Array {
  return new Uint8Array([fid >> 8, fid & 0xff]);
}

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) if (byte !== 0) text += String.fromCharCode(byte);
  return text;
}

/** A table entry copied out of the memory, with its CRC-32 last among what it covers. */
class Section {
  readonly #bytes: Uint8Array;

  constructor(nvm: Nvm, address: number, size: number) {
    if (address + size > nvm.size) throw new ImageError('the card image is truncated or damaged');
    this.#bytes = new Uint8Array(size);
    nvm.read(address, this.#bytes, 0, size);
  }

  check(crcAt: number, what: string): void {
    if (crc32(this.#bytes, 0, crcAt) !== this.u32(crcAt)) {
      throw new ImageError(`the card image is damaged: ${what} fails its checksum`);
    }
  }

  byte(at: number): number {
    return this.#bytes[at] as number;
  }

  u16(at: number): number {
    return (this.byte(at) << 8) | this.byte(at + 1);
  }

  u32(at: number): number {
    return ((this.u16(at) << 16) | this.u16(at + 2)) >>> 0;
  }

  bytes(at: number, length: number): Uint8Array {
    if (at + length > this.#bytes.length) throw new ImageError('the card image is damaged: a length is too large');
    return this.#bytes.slice(at, at + length);
  }
}
