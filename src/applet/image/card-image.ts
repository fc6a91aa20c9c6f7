import type { Nvm } from '../../hal/nvm.ts';
import type { SecurityEnvironment } from '../access/access-control.ts';
import type { CardFile } from '../files/card-file.ts';
import type { CardKey } from '../keys/key-store.ts';
import type { Pin } from '../pin/pin-store.ts';
import { type CardObject, readCardObject } from './card-object.ts';
import { readPins } from './code-table.ts';
import { readEnvironments } from './environment-table.ts';
import { readFiles } from './file-table.ts';
import { readKeys } from './key-table.ts';
import { type FileRegions, readSuperblock } from './superblock.ts';

export { ImageError } from './image-error.ts';

/** What boot takes from an image; data of files and counters stay there. */
export interface CardImage extends CardObject {
  readonly version: number;
  /** The MF first, and every DF before its children. */
  readonly files: readonly CardFile[];
  readonly regions: FileRegions;
  /** Address of the card object. */
  readonly card: number;
  readonly pins: readonly Pin[];
  readonly environments: readonly SecurityEnvironment[];
  readonly keys: readonly CardKey[];
  /** Address of the trust points, or null for a card that trusts nobody. */
  readonly trust: number | null;
  /** Longest data that one command can answer. */
  readonly largestData: number;
}

/** Room for the longest control information, whatever the files. */
const LEAST_DATA = 256;
/** No file that can be created answers more: two bytes of length, and a few of tag and length around it. */
const MOST_NEW_DATA = 65_544;
/** Bytes of a BER-TLV length of up to 65,535. */
const LARGEST_LENGTH_FIELD = 3;

/**
 * Checks an image and takes from it what a card needs to run. Nothing that the image says is trusted: not an address,
 * a size or a count that would reach outside of it, nor a value that no card writes.
 * @throws {ImageError}
 */
export function openImage(nvm: Nvm): CardImage {
  const superblock = readSuperblock(nvm);
  const regions = superblock.files;
  const files = readFiles(nvm, regions);
  const pins = readPins(nvm, superblock.pins, files);
  const { keys, trust } = readKeys(nvm, superblock.keys, files);
  return {
    ...readCardObject(nvm, superblock.card),
    version: superblock.version,
    files,
    regions,
    card: superblock.card,
    pins,
    environments: readEnvironments(nvm, superblock.environments, { files, pins, keys }),
    keys,
    trust,
    largestData: files.reduce(
      (largest, file) => Math.max(largest, largestAnswer(file)),
      Math.max(LEAST_DATA, Math.min(regions.bodiesSize, MOST_NEW_DATA)),
    ),
  };
}

/** A file as a whole, with tag and length when it comes inside a data object. */
function largestAnswer(file: CardFile): number {
  return 1 + LARGEST_LENGTH_FIELD + (file.hasRecords ? file.recordSize * file.capacity : file.dataSize);
}
