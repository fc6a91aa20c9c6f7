import type { CardInterface } from '../../hal/card-link.ts';
import type { Nvm } from '../../hal/nvm.ts';
import type { SecurityEnvironment } from '../access/access-control.ts';
import type { CardFile } from '../files/card-file.ts';
import { LIFE_CYCLE } from '../files/life-cycle.ts';
import { LARGEST_CODE, type Pin } from '../pin/pin-store.ts';
import { type FileRegions, readFiles, readRegions } from './file-table.ts';
import { ImageError } from './image-error.ts';
import { CARD, ENVIRONMENT, IMAGE_MAGIC, IMAGE_VERSION, INTERFACES, NO_PARENT, PIN, SUPERBLOCK } from './layout.ts';
import { Section } from './section.ts';
import type { HolderSpecification, LinkPersonality } from './specification.ts';

export { ImageError } from './image-error.ts';

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
  readonly regions: FileRegions;
  /** Address of the card object. */
  readonly card: number;
  readonly pins: readonly Pin[];
  readonly environments: readonly SecurityEnvironment[];
  /** Longest data that one command can answer. */
  readonly largestData: number;
}

/** Room for the longest control information, whatever the files. */
const LEAST_DATA = 256;
/** No file that can be created answers more: two bytes of length, and a few of tag and length around it. */
const MOST_NEW_DATA = 65_544;
/** Bytes of a BER-TLV length of up to 65,535. */
const LARGEST_LENGTH_FIELD = 3;

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

  const cardAt = superblock.u32(SUPERBLOCK.CARD);
  const card = new Section(nvm, cardAt, CARD.SIZE);
  card.check(CARD.CRC, 'card object');
  const lifeCycle = card.byte(CARD.LIFE_CYCLE);
  const known = lifeCycle === LIFE_CYCLE.ACTIVATED || lifeCycle === LIFE_CYCLE.TERMINATED;
  if (!known || (lifeCycle ^ card.byte(CARD.LIFE_CYCLE + 1)) !== 0xff) {
    throw new ImageError('the card image is damaged: life cycle of the card');
  }
  const regions = readRegions(superblock);
  if (regions.bodies + regions.bodiesSize > size) throw new ImageError('the card image is truncated or damaged');
  const files = readFiles(nvm, regions);
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
    regions,
    card: cardAt,
    pins,
    environments: readEnvironments(nvm, superblock, files, pins),
    largestData: files.reduce(
      (largest, file) => Math.max(largest, largestAnswer(file)),
      Math.max(LEAST_DATA, Math.min(regions.bodiesSize, MOST_NEW_DATA)),
    ),
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

function readPins(nvm: Nvm, superblock: Section, files: readonly CardFile[]): Pin[] {
  const pins: Pin[] = [];
  const count = superblock.u16(SUPERBLOCK.PIN_COUNT);
  const byIndex = new Map(files.map((file) => [file.index, file]));
  for (let slot = 0; slot < count; slot++) {
    const address = superblock.u32(SUPERBLOCK.PINS) + slot * PIN.SIZE;
    const entry = new Section(nvm, address, PIN.SIZE);
    entry.check(PIN.CRC, `entry of code ${slot}`);
    if (entry.u16(PIN.DIRECTORY) === NO_PARENT) continue;
    const directory = byIndex.get(entry.u16(PIN.DIRECTORY));
    const tries = entry.byte(PIN.TRIES);
    const lengths = Math.max(entry.byte(PIN.MAX_LENGTH), entry.byte(PIN.PADDED_LENGTH));
    const countable = tries >= 1 && tries <= 15 && entry.byte(PIN.TRIES_LEFT) <= tries;
    const sound = directory !== undefined && slot < 31 && countable && lengths <= LARGEST_CODE;
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
  const byIndex = new Map(files.map((file) => [file.index, file]));
  for (let i = 0; i < count; i++) {
    const address = superblock.u32(SUPERBLOCK.ENVIRONMENTS) + i * ENVIRONMENT.SIZE;
    const entry = new Section(nvm, address, ENVIRONMENT.SIZE);
    entry.check(ENVIRONMENT.CRC, `security environment ${i}`);
    if (entry.u16(ENVIRONMENT.DIRECTORY) === NO_PARENT) continue;
    const directory = byIndex.get(entry.u16(ENVIRONMENT.DIRECTORY));
    const pin = pins.find((each) => each.slot === entry.byte(ENVIRONMENT.PIN));
    if (directory === undefined || pin === undefined) {
      throw new ImageError(`the card image is damaged: security environment ${i} makes no sense`);
    }
    const byte = entry.byte(ENVIRONMENT.ID);
    environments.push({ directory, id: byte & 0x0f, pin, by: byte >> 4 === 0 ? 'verify' : 'holder', address });
  }
  return environments;
}

/** A file as a whole, with tag and length when it comes inside a data object. */
function largestAnswer(file: CardFile): number {
  return 1 + LARGEST_LENGTH_FIELD + (file.hasRecords ? file.recordSize * file.capacity : file.dataSize);
}

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) if (byte !== 0) text += String.fromCharCode(byte);
  return text;
}
