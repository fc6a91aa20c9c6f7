import { crc32 } from '../../hal/crc32.ts';
import type { SecurityEnvironment } from '../access/access-control.ts';
import type { SecurityAttributes } from '../access/security-attribute.ts';
import {
  bodySize,
  encodeAttributes,
  encodeFileEntry,
  encodeState,
  extentSize,
  type FileEntryFields,
} from '../image/file-entry.ts';
import { BODY, ENVIRONMENT, FILE, FILE_KIND, KEY, LARGEST_KEY_VALUE, NO_PARENT, PIN } from '../image/layout.ts';
import type { FileRegions } from '../image/superblock.ts';
import type { CardKey } from '../keys/key-store.ts';
import type { TransactionalNvm } from '../nvm/transactional-nvm.ts';
import type { Pin } from '../pin/pin-store.ts';
import { type Extent, findSpace } from './allocation.ts';
import { CardFile } from './card-file.ts';
import { type FileTree, subtree } from './file-tree.ts';

/** A file to be made; where its body lies and which entry it gets is decided here. */
export type NewFile = Omit<FileEntryFields, 'body' | 'parent' | 'flags' | 'label'> & {
  readonly compiled: SecurityAttributes;
  /** Byte of tag 8A. */
  readonly lifeCycle: number;
};

/** Bytes that a transaction takes besides what is written: address and length of each piece. */
const PIECE = 8;

/** Makes and removes files: their entries and bodies in the image, and their objects in the tree. */
export class FileStore {
  readonly #nvm: TransactionalNvm;
  readonly #tree: FileTree;
  readonly #regions: FileRegions;
  readonly #pins: readonly Pin[];
  readonly #environments: readonly SecurityEnvironment[];
  readonly #keys: readonly CardKey[];
  readonly #largestData: number;
  /** The file that was made or removed last: see {@link reconcile}. */
  #last: CardFile | null = null;

  constructor(
    nvm: TransactionalNvm,
    tree: FileTree,
    image: {
      readonly regions: FileRegions;
      readonly pins: readonly Pin[];
      readonly environments: readonly SecurityEnvironment[];
      readonly keys: readonly CardKey[];
      readonly largestData: number;
    },
  ) {
    this.#nvm = nvm;
    this.#tree = tree;
    this.#regions = image.regions;
    this.#pins = image.pins;
    this.#environments = image.environments;
    this.#keys = image.keys;
    this.#largestData = image.largestData;
  }

  /**
   * Makes a file in a directory, in the open transaction. A transparent one is all 00; others are empty.
   * @returns the file, or null when there is no room for its entry or for its body
   */
  create(directory: CardFile, file: NewFile): CardFile | null {
    const index = this.#tree.firstFreeIndex(this.#regions.entries);
    const length = extentSize(file, file.attributes.length);
    const body = findSpace(this.#bodies, this.#taken(), length);
    const answer = file.capacity > 0 ? file.capacity * file.recordSize : file.dataSize;
    if (index < 0 || body < 0 || answer + PIECE > this.#largestData) return null;
    const fields = { ...file, flags: 0, label: null, parent: directory.index, body };
    // What was there before is overwritten where it could be read again: nobody sees a deleted file's data.
    const cleared = file.kind === FILE_KIND.TRANSPARENT ? length : BODY.DATA;
    if (cleared + FILE.SIZE + file.attributes.length + 4 * PIECE > this.#nvm.capacity) return null;
    const state = new Uint8Array(cleared);
    state.set(encodeState(file.lifeCycle));
    this.#write(body, state);
    this.#write(body + BODY.DATA + bodySize(file), encodeAttributes(file.attributes));
    this.#write(this.#entryAddress(index), encodeFileEntry(fields));
    const made = new CardFile(
      { ...fields, index, attributeBytes: file.attributes, attributes: file.compiled },
      directory,
    );
    this.#tree.add(made);
    this.#last = made;
    return made;
  }

  /**
   * Removes a file and all that is below it, in the open transaction; codes, keys and security environments of a DF go
   * with it. Its data stay in the memory until the space is used again, out of everybody's reach.
   * @returns false when that is too much for one transaction
   */
  remove(file: CardFile): boolean {
    const gone = subtree(file);
    const pins = this.#pins.filter((pin) => gone.includes(pin.directory));
    const environments = this.#environments.filter((each) => gone.includes(each.directory));
    const keys = this.#keys.filter((key) => gone.includes(key.directory));
    const pieces = 2 * (gone.length + pins.length + environments.length + keys.length);
    const values = keys.length * (PIECE + LARGEST_KEY_VALUE);
    if (pieces * (PIECE + 4) + values > this.#nvm.capacity) return false;
    for (const each of gone) this.#change(this.#entryAddress(each.index), FILE.KIND, [FILE_KIND.FREE], FILE.CRC);
    const none = [NO_PARENT >> 8, NO_PARENT & 0xff];
    for (const pin of pins) this.#change(pin.address, PIN.DIRECTORY, none, PIN.CRC);
    for (const each of environments) this.#change(each.address, ENVIRONMENT.DIRECTORY, none, ENVIRONMENT.CRC);
    for (const key of keys) {
      this.#change(key.address, KEY.DIRECTORY, none, KEY.CRC);
      this.#write(key.address + KEY.VALUE, new Uint8Array(LARGEST_KEY_VALUE));
    }
    this.#tree.remove(file);
    this.#last = file;
    return true;
  }

  /** Makes the tree what the image says again, after a transaction that could not be ended. */
  reconcile(): void {
    const file = this.#last;
    if (file === null) return;
    const there = this.#nvm.readByte(this.#entryAddress(file.index) + FILE.KIND) !== FILE_KIND.FREE;
    const known = file.parent.children.get(file.fid) === file;
    if (there && !known) this.#tree.add(file);
    if (!there && known) this.#tree.remove(file);
    this.#last = null;
  }

  get #bodies(): Extent {
    return { address: this.#regions.bodies, length: this.#regions.bodiesSize };
  }

  #taken(): Extent[] {
    return this.#tree.files.map((file) => ({
      address: file.body,
      length: extentSize(file, file.attributeBytes.length),
    }));
  }

  #entryAddress(index: number): number {
    return this.#regions.table + index * FILE.SIZE;
  }

  #write(address: number, bytes: Uint8Array): void {
    this.#nvm.write(address, bytes, 0, bytes.length);
  }

  /** Changes a field of a table entry, and the checksum with it. */
  #change(address: number, at: number, value: readonly number[], crcAt: number): void {
    const entry = new Uint8Array(crcAt + 4);
    this.#nvm.read(address, entry, 0, crcAt);
    entry.set(value, at);
    new DataView(entry.buffer).setUint32(crcAt, crc32(entry, 0, crcAt));
    this.#nvm.write(address + at, entry, at, value.length);
    this.#nvm.write(address + crcAt, entry, crcAt, 4);
  }
}
