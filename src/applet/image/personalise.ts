import type { KeyedHashes } from '../../hal/crypto.ts';
import { journalRegionSize } from '../nvm/journal.ts';
import { writeCard } from './card-object-writer.ts';
import { checkSpecification } from './check-specification.ts';
import { writePin } from './code-writer.ts';
import { writeEnvironment } from './environment-writer.ts';
import { bodySize, extentSize, type FileSizes, freeFileEntry } from './file-entry.ts';
import { place, sizes } from './file-placement.ts';
import { writeFile } from './file-writer.ts';
import { ImageWriter, limit } from './image-writer.ts';
import { keyRegionSize, writeKeyRegion } from './key-writer.ts';
import {
  BODY,
  CARD,
  ENVIRONMENT,
  FILE,
  IMAGE_MAGIC,
  IMAGE_VERSION,
  LARGEST_FILE,
  PIN,
  SUPERBLOCK,
  TRUST,
} from './layout.ts';
import type { CardSpecification, DirectorySpecification } from './specification.ts';
import { SpecificationError } from './specification-error.ts';

export { SpecificationError };

/** The table counts in two bytes, and the last number means "none". */
const MOST_FILES = 0xffff;
/** An image is held in memory as a whole. */
const MOST_IMAGE_BYTES = 64 * 1024 * 1024;
const MOST_FREE_BYTES = 16 * 1024 * 1024;
/** Room for a short command's data field on a card of small files. */
const LEAST_TRANSACTION = 256;

/**
 * Writes a new card: the image of a card that was never used, all files activated, all counters full.
 * @returns the image, ready for a memory of its size
 * @throws {SpecificationError}
 */
export function personalise(spec: CardSpecification, crypto: KeyedHashes): Uint8Array {
  const files = place(spec.masterFile);
  checkSpecification(spec);
  const { freeEntries = 0, freeBytes = 0, trust = null } = spec;
  limit(files.length + freeEntries, 1, MOST_FILES, 'files of the card, free entries included');
  limit(freeBytes, 0, MOST_FREE_BYTES, 'free bytes');
  const directories = files.flatMap(({ index, spec: file }) => (file.kind === 'directory' ? [{ index, file }] : []));
  const inEach = <T>(of: (file: DirectorySpecification) => readonly T[]): { directory: number; of: T }[] =>
    directories.flatMap(({ index, file }) => of(file).map((each) => ({ directory: index, of: each })));
  const pins = inEach((file) => file.pins).map(({ directory, of }) => ({ directory, pin: of }));
  const environments = inEach((file) => file.environments);
  const keys = inEach((file) => file.keys ?? []).map(({ directory, of }) => ({ directory, key: of }));
  if (pins.length > 31) throw new SpecificationError(`${pins.length} codes; a card holds at most 31`);

  const next = regions(SUPERBLOCK.SIZE);
  const cardAt = next(CARD.SIZE);
  const filesAt = next((files.length + freeEntries) * FILE.SIZE);
  const pinsAt = next(pins.length * PIN.SIZE);
  const environmentsAt = next(environments.length * ENVIRONMENT.SIZE);
  const keysSize = keyRegionSize(keys, trust);
  const keysAt = next(keysSize);
  const bodies = files.map(({ spec: file, attributes }) => next(extentSize(sizes(file), attributes.length)));
  const bodiesAt = bodies[0] as number;
  const bodiesSize = next(freeBytes) + freeBytes - bodiesAt;
  const fileSizes = files.map(({ spec: file }) => sizes(file));
  const journalSize = journalRegionSize(largestTransaction(fileSizes, freeBytes, trust !== null));
  const journalAt = next(journalSize);
  const end = next(0);

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
  if (keysSize > 0) {
    image.u32(SUPERBLOCK.KEYS, keysAt);
    image.u32(SUPERBLOCK.KEYS_SIZE, keysSize);
  }
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
  environments.forEach(({ directory, of }, i) => {
    writeEnvironment(image, environmentsAt + i * ENVIRONMENT.SIZE, directory, of, { files, pins, keys });
  });
  if (keysSize > 0) writeKeyRegion(image, keysAt, keys, trust);
  return image.image;
}

/** Lays regions out one after the other: each call gives the address of one. */
function regions(start: number): (size: number) => number {
  let end = start;
  return (size) => {
    const at = end;
    end += size;
    return at;
  };
}

/** The most that one command writes: a whole file erased or created, with the tables that go with it. */
function largestTransaction(files: readonly FileSizes[], freeBytes: number, hasTrust: boolean): number {
  const other = hasTrust ? TRUST.SIZE : LEAST_TRANSACTION;
  const least = Math.max(other, Math.min(freeBytes, BODY.DATA + LARGEST_FILE));
  return files.reduce((most, file) => Math.max(most, BODY.DATA + bodySize(file)), least) + 2 * FILE.SIZE;
}
