import type { Nvm } from '../../hal/nvm.ts';
import { ImageError } from './image-error.ts';
import { CARD, ENVIRONMENT, FILE, IMAGE_MAGIC, IMAGE_VERSION, PIN, SUPERBLOCK } from './layout.ts';
import { Section } from './section.ts';

/** Where the file table and the bodies lie. */
export interface FileRegions {
  /** Address of the file table. */
  readonly table: number;
  /** Entries of the table, free ones included. */
  readonly entries: number;
  /** Address of the bodies. */
  readonly bodies: number;
  /** Bytes of the bodies, free space included. */
  readonly bodiesSize: number;
}

/** A table of entries of one size. */
export interface TableRegion {
  readonly address: number;
  readonly entries: number;
}

/** Keys and trust points. */
export interface KeyRegion {
  readonly address: number;
  readonly size: number;
}

/** What the superblock says: every region lies within the image, and none over another. */
export interface Superblock {
  readonly version: number;
  /** Address of the card object. */
  readonly card: number;
  readonly files: FileRegions;
  readonly pins: TableRegion;
  readonly environments: TableRegion;
  /** Null for a card without keys. */
  readonly keys: KeyRegion | null;
  /** Address and size of the journal, or null for an image without one. */
  readonly journal: { readonly address: number; readonly size: number } | null;
}

/** The security status has one bit for each code. */
const MOST_PINS = 31;
/** Where an image from before there were keys has nothing. */
const ERASED = 0xffff_ffff;
/** Two records of a few bytes. */
const SMALLEST_JOURNAL = 128;

/**
 * Reads the superblock and holds every address, size and count in it against the memory and against each other.
 * @throws {ImageError}
 */
export function readSuperblock(nvm: Nvm): Superblock {
  if (nvm.size < SUPERBLOCK.SIZE) throw new ImageError(`the card image is truncated: ${nvm.size} bytes`);
  const section = new Section(nvm, 0, SUPERBLOCK.SIZE);
  if (!IMAGE_MAGIC.every((byte, i) => section.byte(i) === byte)) throw new ImageError('this is not a card image');
  const version = section.u16(SUPERBLOCK.VERSION);
  if (version !== IMAGE_VERSION) {
    throw new ImageError(`the card image has format version ${version}; this card reads version ${IMAGE_VERSION}`);
  }
  section.check(SUPERBLOCK.CRC, 'superblock');
  const size = section.u32(SUPERBLOCK.IMAGE_SIZE);
  if (size > nvm.size) throw new ImageError(`the card image is truncated: ${nvm.size} of ${size} bytes`);
  const journal = { address: section.u32(SUPERBLOCK.JOURNAL), size: section.u32(SUPERBLOCK.JOURNAL_SIZE) };
  const keys = { address: section.u32(SUPERBLOCK.KEYS), size: section.u32(SUPERBLOCK.KEYS_SIZE) };
  const superblock: Superblock = {
    version,
    card: section.u32(SUPERBLOCK.CARD),
    files: {
      table: section.u32(SUPERBLOCK.FILES),
      entries: section.u16(SUPERBLOCK.FILE_COUNT),
      bodies: section.u32(SUPERBLOCK.BODIES),
      bodiesSize: section.u32(SUPERBLOCK.BODIES_SIZE),
    },
    pins: { address: section.u32(SUPERBLOCK.PINS), entries: section.u16(SUPERBLOCK.PIN_COUNT) },
    environments: { address: section.u32(SUPERBLOCK.ENVIRONMENTS), entries: section.u16(SUPERBLOCK.ENVIRONMENT_COUNT) },
    keys: keys.size === 0 || (keys.address === ERASED && keys.size === ERASED) ? null : keys,
    journal: journal.size === 0 ? null : journal,
  };
  checkRegions(superblock, size);
  return superblock;
}

function checkRegions(superblock: Superblock, size: number): void {
  const { card, files, pins, environments, keys, journal } = superblock;
  if (files.entries === 0) throw new ImageError('the card image has no master file');
  if (pins.entries > MOST_PINS) throw new ImageError(`the card image is damaged: ${pins.entries} codes`);
  if (journal !== null && journal.size < SMALLEST_JOURNAL) {
    throw new ImageError(`the card image is damaged: a journal of ${journal.size} bytes`);
  }
  const regions: readonly (readonly [name: string, address: number, size: number])[] = [
    ['superblock', 0, SUPERBLOCK.SIZE],
    ['card object', card, CARD.SIZE],
    ['file table', files.table, files.entries * FILE.SIZE],
    ['code table', pins.address, pins.entries * PIN.SIZE],
    ['environment table', environments.address, environments.entries * ENVIRONMENT.SIZE],
    ['key region', keys?.address ?? 0, keys?.size ?? 0],
    ['bodies', files.bodies, files.bodiesSize],
    ['journal', journal?.address ?? 0, journal?.size ?? 0],
  ];
  let end = 0;
  let before = '';
  for (const [name, address, length] of regions
    .filter(([, , length]) => length > 0)
    .toSorted(([, a], [, b]) => a - b)) {
    if (address < end) throw new ImageError(`the card image is damaged: its ${name} lies over its ${before}`);
    if (length > size - address) throw new ImageError(`the card image is damaged: its ${name} lies outside of it`);
    end = address + length;
    before = name;
  }
}
