import type { KeyedHashes } from '../../hal/crypto.ts';
import { PASSWORD } from '../../secure-channel/index.ts';
import { AccessRuleError } from '../access/access-rule.ts';
import { readAttributes } from '../access/security-attribute.ts';
import { LIFE_CYCLE } from '../files/life-cycle.ts';
import { journalRegionSize } from '../nvm/journal.ts';
import { CODE_HASH_LENGTH, LARGEST_CODE, PIN_STATE, storedCode } from '../pin/pin-store.ts';
import { encodeAttributeObjects } from './attributes.ts';
import { checkSpecification } from './check-specification.ts';
import { crc32 } from './crc32.ts';
import {
  bodySize,
  encodeAttributes,
  encodeFileEntry,
  encodeState,
  extentSize,
  type FileSizes,
  freeFileEntry,
} from './file-entry.ts';
import {
  BODY,
  CARD,
  ENVIRONMENT,
  FILE,
  FILE_KIND,
  type FileKind,
  FLAG_NAME_ONLY,
  IMAGE_MAGIC,
  IMAGE_VERSION,
  INTERFACE_INDEX,
  LARGEST_CAPACITY,
  LARGEST_FILE,
  NO_PARENT,
  PIN,
  SLOT_LENGTH_SIZE,
  SUPERBLOCK,
} from './layout.ts';
import type {
  CardSpecification,
  DirectorySpecification,
  FileSpecification,
  LifeCycleState,
  PinSpecification,
  SecurityEnvironmentSpecification,
} from './specification.ts';
import { SpecificationError } from './specification-error.ts';

export { SpecificationError };

const ERASED = 0xff;
/** The table counts in two bytes, and the last number means "none". */
const MOST_FILES = 0xffff;
/** An image is held in memory as a whole. */
const MOST_IMAGE_BYTES = 64 * 1024 * 1024;
const MOST_FREE_BYTES = 16 * 1024 * 1024;
/** Room for a short command's data field on a card of small files. */
const LEAST_TRANSACTION = 256;
const KINDS: Readonly<Record<FileSpecification['kind'], FileKind>> = {
  directory: FILE_KIND.DIRECTORY,
  transparent: FILE_KIND.TRANSPARENT,
  'linear-fixed': FILE_KIND.LINEAR_FIXED,
  'linear-variable': FILE_KIND.LINEAR_VARIABLE,
  cyclic: FILE_KIND.CYCLIC,
  'ber-tlv': FILE_KIND.BER_TLV,
};

const LIFE_CYCLES: Readonly<Record<LifeCycleState, number>> = {
  creation: LIFE_CYCLE.CREATION,
  initialisation: LIFE_CYCLE.INITIALISATION,
  activated: LIFE_CYCLE.ACTIVATED,
  deactivated: LIFE_CYCLE.DEACTIVATED,
  terminated: LIFE_CYCLE.TERMINATED,
};

interface PlacedFile {
  readonly index: number;
  readonly parent: number;
  readonly spec: FileSpecification;
  /** Rules that are not compact, as they stand behind the data. */
  readonly attributes: Uint8Array;
}

/**
 * Writes a new card: the image of a card that was never used, all files activated, all counters full.
 * @returns the image, ready for a memory of its size
 * @throws {SpecificationError}
 */
export function personalise(spec: CardSpecification, crypto: KeyedHashes): Uint8Array {
  const files = place(spec.masterFile);
  checkSpecification(spec);
  const pins = files.flatMap(({ index, spec: file }) =>
    file.kind === 'directory' ? file.pins.map((pin) => ({ directory: index, pin })) : [],
  );
  const environments = files.flatMap(({ index, spec: file }) =>
    file.kind === 'directory' ? file.environments.map((environment) => ({ directory: index, environment })) : [],
  );
  if (pins.length > 31) throw new SpecificationError(`${pins.length} codes; a card holds at most 31`);

  const cardAt = SUPERBLOCK.SIZE;
  const filesAt = cardAt + CARD.SIZE;
  const freeEntries = spec.freeEntries ?? 0;
  const freeBytes = spec.freeBytes ?? 0;
  limit(files.length + freeEntries, 1, MOST_FILES, 'files of the card, free entries included');
  limit(freeBytes, 0, MOST_FREE_BYTES, 'free bytes');
  const pinsAt = filesAt + (files.length + freeEntries) * FILE.SIZE;
  const environmentsAt = pinsAt + pins.length * PIN.SIZE;
  const bodiesAt = environmentsAt + environments.length * ENVIRONMENT.SIZE;
  const bodies: number[] = [];
  let end = bodiesAt;
  for (const { spec: file, attributes } of files) {
    bodies.push(end);
    end += extentSize(sizes(file), attributes.length);
  }
  end += freeBytes;
  const bodiesSize = end - bodiesAt;

  const journalAt = end;
  const journalSize = journalRegionSize(
    largestTransaction(
      files.map(({ spec: file }) => sizes(file)),
      freeBytes,
    ),
  );
  end += journalSize;

  limit(end, 1, MOST_IMAGE_BYTES, 'bytes of the image');
  const image = new ImageWriter(end);
  image.bytes(0, IMAGE_MAGIC);
  image.u16(SUPERBLOCK.VERSION, IMAGE_VERSION);
  image.u16(SUPERBLOCK.FILE_COUNT, files.length + freeEntries);
  image.u16(SUPERBLOCK.PIN_COUNT, pins.length);
  image.u16(SUPERBLOCK.ENVIRONMENT_COUNT, environments.length);
  image.u32(SUPERBLOCK.IMAGE_SIZE, end);
  image.u32(SUPERBLOCK.CARD, cardAt);
  image.u32(SUPERBLOCK.FILES, filesAt);
  image.u32(SUPERBLOCK.PINS, pinsAt);
  image.u32(SUPERBLOCK.ENVIRONMENTS, environmentsAt);
  image.u32(SUPERBLOCK.BODIES, bodiesAt);
  image.u32(SUPERBLOCK.BODIES_SIZE, bodiesSize);
  image.u32(SUPERBLOCK.JOURNAL, journalAt);
  image.u32(SUPERBLOCK.JOURNAL_SIZE, journalSize);
  image.checksum(0, SUPERBLOCK.CRC);

  writeCard(image, cardAt, spec);
  files.forEach((file, i) => {
    writeFile(image, filesAt + i * FILE.SIZE, file, bodies[i] as number);
  });
  for (let i = files.length; i < files.length + freeEntries; i++) {
    image.bytes(filesAt + i * FILE.SIZE, freeFileEntry());
  }
  pins.forEach(({ directory, pin }, i) => {
    writePin(image, pinsAt + i * PIN.SIZE, directory, pin, spec.secret, crypto);
  });
  environments.forEach(({ directory, environment }, i) => {
    const slot = slotOf(pins, files, directory, environment);
    const at = environmentsAt + i * ENVIRONMENT.SIZE;
    image.u16(at + ENVIRONMENT.DIRECTORY, directory);
    image.byte(at + ENVIRONMENT.ID, (environment.by === 'holder' ? 0x10 : 0) | environment.id);
    image.byte(at + ENVIRONMENT.PIN, slot);
    image.checksum(at, ENVIRONMENT.CRC);
  });
  return image.image;
}

/** Every DF before its children, the MF first. */
function place(masterFile: DirectorySpecification): PlacedFile[] {
  if (masterFile.fid !== 0x3f00) throw new SpecificationError('the master file has identifier 3F00');
  const files: PlacedFile[] = [{ index: 0, parent: NO_PARENT, spec: masterFile, attributes: attributesOf(masterFile) }];
  for (let i = 0; i < files.length; i++) {
    const { spec } = files[i] as PlacedFile;
    if (spec.kind !== 'directory') continue;
    const fids = new Set<number>();
    const sfis = new Set<number>();
    for (const child of spec.children) {
      if (fids.has(child.fid)) throw new SpecificationError(`two files ${hex(child.fid)} in ${hex(spec.fid)}`);
      fids.add(child.fid);
      if (child.kind !== 'directory' && child.sfi !== null) {
        if (child.sfi < 1 || child.sfi > 30) throw new SpecificationError(`${hex(child.fid)}: an SFI is 1 to 30`);
        if (sfis.has(child.sfi)) throw new SpecificationError(`two files with SFI ${child.sfi} in ${hex(spec.fid)}`);
        sfis.add(child.sfi);
      }
      files.push({ index: files.length, parent: i, spec: child, attributes: attributesOf(child) });
    }
  }
  return files;
}

/** @throws {SpecificationError} rules that the card could not judge */
function attributesOf(spec: FileSpecification): Uint8Array {
  const bytes = encodeAttributeObjects(spec.attributes);
  try {
    readAttributes(bytes);
  } catch (error) {
    if (!(error instanceof AccessRuleError)) throw error;
    throw new SpecificationError(`access rules of ${hex(spec.fid)}: ${error.message}`);
  }
  return bytes;
}

function sizes(spec: FileSpecification): FileSizes {
  const kind = KINDS[spec.kind];
  switch (spec.kind) {
    case 'directory':
      return { kind, dataSize: 0, capacity: 0, recordSize: 0 };
    case 'transparent':
      return { kind, dataSize: spec.content.length, capacity: 0, recordSize: 0 };
    case 'ber-tlv':
      return { kind, dataSize: spec.capacity, capacity: 0, recordSize: 0 };
    default:
      return { kind, dataSize: 0, capacity: spec.capacity, recordSize: spec.recordSize };
  }
}

/** The most that one command writes: a whole file erased or created, with the tables that go with it. */
function largestTransaction(files: readonly FileSizes[], freeBytes: number): number {
  const least = Math.max(LEAST_TRANSACTION, Math.min(freeBytes, BODY.DATA + LARGEST_FILE));
  return files.reduce((most, file) => Math.max(most, BODY.DATA + bodySize(file)), least) + 2 * FILE.SIZE;
}

function writeCard(image: ImageWriter, at: number, spec: CardSpecification): void {
  const { link } = spec;
  if (!/^[\x20-\x7e]{1,16}$/.test(spec.profile))
    throw new SpecificationError('a profile name has 1 to 16 ASCII characters');
  limit(spec.serial.length, 1, 16, 'serial number');
  limit(spec.secret.length, 32, 32, 'card secret');
  limit(link.historicalBytes.length, 0, 15, 'historical bytes');
  image.fill(at, CARD.SIZE, 0);
  image.text(at + CARD.PROFILE, spec.profile);
  image.byte(at + CARD.SERIAL_LENGTH, spec.serial.length);
  image.bytes(at + CARD.SERIAL, spec.serial);
  image.bytes(at + CARD.SECRET, spec.secret);
  image.byte(at + CARD.INTERFACE, INTERFACE_INDEX[spec.interface]);
  image.byte(at + CARD.PROTOCOL, link.protocol === 'T=0' ? 0 : 1);
  image.byte(at + CARD.HISTORICAL_LENGTH, link.historicalBytes.length);
  image.bytes(at + CARD.HISTORICAL, link.historicalBytes);
  if (link.atr !== null) {
    limit(link.atr.length, 2, 33, 'ATR');
    image.byte(at + CARD.ATR_LENGTH, link.atr.length);
    image.bytes(at + CARD.ATR, link.atr);
  }
  if (link.uid !== null) {
    if (![4, 7, 10].includes(link.uid.length)) throw new SpecificationError('a UID has 4, 7 or 10 bytes');
    image.byte(at + CARD.UID_LENGTH, link.uid.length);
    image.bytes(at + CARD.UID, link.uid);
  }
  if (spec.holder !== null) {
    limit(spec.holder.windowSeconds, 1, 3600, 'seconds of the presentation window');
    limit(spec.holder.uses, 1, 255, 'uses of the presentation window');
    image.byte(at + CARD.HOLDER, 1);
    image.u16(at + CARD.WINDOW_SECONDS, spec.holder.windowSeconds);
    image.byte(at + CARD.WINDOW_USES, spec.holder.uses);
  }
  image.checksum(at, CARD.CRC);
  image.byte(at + CARD.LIFE_CYCLE, LIFE_CYCLE.ACTIVATED);
  image.byte(at + CARD.LIFE_CYCLE + 1, ~LIFE_CYCLE.ACTIVATED & 0xff);
}

function writeFile(image: ImageWriter, at: number, file: PlacedFile, body: number): void {
  const { spec, attributes } = file;
  const directory = spec.kind === 'directory' ? spec : null;
  image.bytes(
    at,
    encodeFileEntry({
      ...sizes(spec),
      flags: directory?.fci === 'name' ? FLAG_NAME_ONLY : 0,
      fid: spec.fid,
      parent: file.parent,
      sfi: spec.kind === 'directory' ? 0 : (spec.sfi ?? 0),
      name: checkedName(directory?.name, `name of ${hex(spec.fid)}`),
      label: checkedName(directory?.label, `label of ${hex(spec.fid)}`),
      rules: Uint8Array.from([...spec.access.contact, ...spec.access.contactless, ...spec.access.wired]),
      attributes,
      body,
    }),
  );
  image.bytes(body, encodeState(LIFE_CYCLES[spec.lifeCycle ?? 'activated']));
  image.bytes(body + BODY.DATA + bodySize(sizes(spec)), encodeAttributes(attributes));
  if (spec.kind === 'transparent') {
    limit(spec.content.length, 1, LARGEST_FILE, `content of ${hex(spec.fid)}`);
    image.bytes(body + BODY.DATA, spec.content);
  } else if (spec.kind === 'ber-tlv') {
    limit(spec.capacity, 1, LARGEST_FILE, `capacity of ${hex(spec.fid)}`);
    limit(spec.content.length, 0, spec.capacity, `content of ${hex(spec.fid)}`);
    image.u16(body + BODY.USED, spec.content.length);
    image.bytes(body + BODY.DATA, spec.content);
  } else if (spec.kind !== 'directory') {
    writeRecords(image, body, spec);
  }
}

function writeRecords(
  image: ImageWriter,
  body: number,
  spec: Exclude<FileSpecification, { kind: 'directory' | 'transparent' | 'ber-tlv' }>,
): void {
  limit(spec.recordSize, 1, LARGEST_FILE, `record size of ${hex(spec.fid)}`);
  limit(spec.capacity, 1, LARGEST_CAPACITY, `records of ${hex(spec.fid)}`);
  limit(spec.records.length, 0, spec.capacity, `records in ${hex(spec.fid)}`);
  const count = spec.records.length;
  image.u16(body + BODY.RECORD_COUNT, count);
  // In a cyclic file the slots were filled in the order of time: the newest, record 1, is in the last one used.
  image.u16(body + BODY.NEWEST, spec.kind === 'cyclic' && count > 0 ? count - 1 : 0);
  const variable = spec.kind === 'linear-variable';
  const slotSize = spec.recordSize + (variable ? SLOT_LENGTH_SIZE : 0);
  if (variable) for (let slot = 0; slot < spec.capacity; slot++) image.u16(body + BODY.DATA + slot * slotSize, 0);
  spec.records.forEach((record, i) => {
    const what = `record ${i + 1} of ${hex(spec.fid)}`;
    if (variable) limit(record.length, 1, spec.recordSize, what);
    else limit(record.length, spec.recordSize, spec.recordSize, what);
    const slot = spec.kind === 'cyclic' ? count - 1 - i : i;
    const at = body + BODY.DATA + slot * slotSize;
    if (variable) image.u16(at, record.length);
    image.bytes(at + (variable ? SLOT_LENGTH_SIZE : 0), record);
  });
}

function writePin(
  image: ImageWriter,
  at: number,
  directory: number,
  pin: PinSpecification,
  secret: Uint8Array,
  crypto: KeyedHashes,
): void {
  const name = `code ${pin.reference.toString(16).toUpperCase()}`;
  const local = (pin.reference & 0x80) !== 0;
  const password = pin.password === undefined ? 0 : PASSWORD[pin.password];
  limit(pin.triesLeft ?? pin.tries, 0, pin.tries, `tries left of ${name}`);
  limit(pin.reference & 0x7f, 1, 0x1f, `reference of ${name}`);
  if (local === (directory === 0)) {
    throw new SpecificationError(`${name}: references 01 to 1F belong to the MF, 81 to 9F to another DF`);
  }
  limit(pin.tries, 1, 15, `tries of ${name}`);
  limit(pin.code.length, pin.minLength, pin.maxLength, `length of ${name}`);
  limit(pin.paddedLength, 0, LARGEST_CODE, `padded length of ${name}`);
  limit(pin.maxLength, 1, pin.paddedLength === 0 ? LARGEST_CODE : pin.paddedLength, `greatest length of ${name}`);
  const block = new Uint8Array(pin.paddedLength === 0 ? pin.code.length : pin.paddedLength).fill(pin.paddingByte);
  block.set(pin.code);

  image.fill(at, PIN.SIZE, 0);
  image.byte(at + PIN.REFERENCE, pin.reference);
  image.byte(at + PIN.FLAGS, (pin.unlocksHolder ? 1 : 0) | (pin.canBeDisabled === true ? 2 : 0));
  image.u16(at + PIN.DIRECTORY, directory);
  image.byte(at + PIN.MIN_LENGTH, pin.minLength);
  image.byte(at + PIN.MAX_LENGTH, pin.maxLength);
  image.byte(at + PIN.PADDED_LENGTH, pin.paddedLength);
  image.byte(at + PIN.PADDING, pin.paddingByte);
  image.byte(at + PIN.TRIES, pin.tries);
  for (const cardInterface of ['contact', 'contactless', 'wired'] as const) {
    image.byte(at + PIN.ACCESS + INTERFACE_INDEX[cardInterface], pin.access[cardInterface]);
  }
  image.byte(at + PIN.UNBLOCKED_BY, pin.unblockedBy ?? 0);
  image.byte(at + PIN.PASSWORD, password);
  image.checksum(at, PIN.CRC);
  image.byte(at + PIN.TRIES_LEFT, pin.triesLeft ?? pin.tries);
  image.byte(at + PIN.STATE, pin.deactivated === true ? PIN_STATE.DEACTIVATED : 0);

  const hash = new Uint8Array(CODE_HASH_LENGTH);
  const scratch = new Uint8Array(3 + LARGEST_CODE);
  const code = { reference: pin.reference, directory: { index: directory }, password };
  storedCode(crypto.keyedHash('sha-256', secret), scratch, code, block, 0, block.length, hash);
  image.bytes(at + PIN.HASH, hash);
}

/** Slot of the code that an environment means: of its own directory, or of the card. */
function slotOf(
  pins: readonly { readonly directory: number; readonly pin: PinSpecification }[],
  files: readonly PlacedFile[],
  directory: number,
  environment: SecurityEnvironmentSpecification,
): number {
  limit(environment.id, 1, 14, 'number of a security environment');
  for (let at = directory; at !== NO_PARENT; at = (files[at] as PlacedFile).parent) {
    const slot = pins.findIndex((entry) => entry.directory === at && entry.pin.reference === environment.pin);
    if (slot >= 0) return slot;
  }
  throw new SpecificationError(`security environment ${environment.id} names a code that is not there`);
}

function checkedName(name: Uint8Array | null | undefined, what: string): Uint8Array | null {
  if (name === null || name === undefined) return null;
  limit(name.length, 1, 16, what);
  return name;
}

function limit(value: number, least: number, most: number, what: string): void {
  if (value < least || value > most) throw new SpecificationError(`${what}: ${value}, allowed ${least} to ${most}`);
}

function hex(fid: number): string {
  return fid.toString(16).toUpperCase().padStart(4, '0');
}

class ImageWriter {
  readonly image: Uint8Array;

  constructor(size: number) {
    this.image = new Uint8Array(size).fill(ERASED);
  }

  byte(at: number, value: number): void {
    this.image[at] = value;
  }

  u16(at: number, value: number): void {
    this.image[at] = value >> 8;
    this.image[at + 1] = value & 0xff;
  }

  u32(at: number, value: number): void {
    this.u16(at, value >>> 16);
    this.u16(at + 2, value & 0xffff);
  }

  bytes(at: number, bytes: Uint8Array): void {
    this.image.set(bytes, at);
  }

  text(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) this.image[at + i] = text.charCodeAt(i);
  }

  fill(at: number, length: number, value: number): void {
    this.image.fill(value, at, at + length);
  }

  /** CRC-32 over what comes before it in the entry that starts at `start`. */
  checksum(start: number, crcAt: number): void {
    this.u32(start + crcAt, crc32(this.image, start, crcAt));
  }
}
