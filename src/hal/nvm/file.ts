import { readFileSync, realpathSync, statSync } from 'node:fs';
import { HalError } from '../errors.ts';
import type { Nvm } from '../nvm.ts';
import { checkSpan } from '../span.ts';
import { type Container, decodeContainer, encodeContainerHeader, LARGEST_CONTENTS } from './container.ts';
import { FileLock } from './file-lock.ts';
import { MemoryNvm, type NvmTraits } from './memory.ts';
import { removeDeadCopies, replaceFile } from './replace-file.ts';
import { storageError, systemErrorCode } from './storage-error.ts';
import { endOfLinks, writeTarget } from './write-target.ts';

/**
 * Nvm in a file, for one process at a time.
 *
 * The whole image is held in memory; `flush` replaces the file by a new one, if anything has changed.
 */
export class FileNvm implements Nvm {
  /** As it was given. */
  readonly path: string;
  readonly size: number;
  readonly eraseValue: number;
  readonly writeGranule: number;
  readonly #target: string;
  readonly #lock: FileLock;
  readonly #memory: MemoryNvm;
  #changed = false;
  #open = true;

  private constructor(path: string, target: string, lock: FileLock, container: Container) {
    this.path = path;
    this.#target = target;
    this.#lock = lock;
    this.#memory = new MemoryNvm(container.contents, container);
    this.size = this.#memory.size;
    this.eraseValue = this.#memory.eraseValue;
    this.writeGranule = this.#memory.writeGranule;
  }

  /**
   * Opens an image and locks it. What killed processes left beside it is cleaned away.
   * @param cure what to do about a damaged image, where it is not `vitap card build`
   * @throws {HalError} `storage` missing, unreadable or with a second hard link; `damaged`, `busy`
   */
  static open(path: string, cure?: string): FileNvm {
    const target = realPath(path);
    // Before the lock: it is a file beside the name, and does not belong into the folder of the devices.
    refuseSpecialFile(path);
    return FileNvm.#locked(target, (lock) => {
      refuseSecondName(path, target);
      return new FileNvm(path, target, lock, readContainer(path, cure));
    });
  }

  /**
   * Makes an image of the given contents, in the place of the file of that name if there is one, and opens it.
   * @throws {HalError} `storage`, `busy`
   */
  static create(path: string, contents: Uint8Array, traits: NvmTraits = {}): FileNvm {
    if (contents.length < 1 || contents.length > LARGEST_CONTENTS) {
      throw new RangeError(`an image holds 1 to ${LARGEST_CONTENTS} bytes, not ${contents.length}`);
    }
    if (writeTarget(path).kind !== 'file') {
      throw new HalError('storage', `${path} is no plain file, and a card is kept in one`);
    }
    const target = realPathOrNew(path);
    return FileNvm.#locked(target, (lock) => {
      const container = {
        contents,
        eraseValue: traits.eraseValue ?? 0xff,
        writeGranule: traits.writeGranule ?? 1,
      };
      const nvm = new FileNvm(path, target, lock, container);
      nvm.#store();
      return nvm;
    });
  }

  /**
   * What an image holds now, as a memory of its own: no lock is taken and nothing goes back to the file.
   * @throws {HalError} `storage` missing or unreadable, `damaged`
   */
  static load(path: string): MemoryNvm {
    const container = readContainer(path);
    return new MemoryNvm(container.contents, container);
  }

  static #locked(target: string, open: (lock: FileLock) => FileNvm): FileNvm {
    const lock = FileLock.acquire(target);
    try {
      removeDeadCopies(target);
      return open(lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    this.#checkOpen();
    this.#memory.read(address, target, targetOffset, length);
  }

  readByte(address: number): number {
    this.#checkOpen();
    return this.#memory.readByte(address);
  }

  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    this.#checkOpen();
    checkSpan('memory', this.size, address, length);
    checkSpan('source', source.length, sourceOffset, length);
    for (let i = 0; !this.#changed && i < length; i++) {
      this.#changed = this.#memory.readByte(address + i) !== source[sourceOffset + i];
    }
    this.#memory.write(address, source, sourceOffset, length);
  }

  flush(): void {
    this.#checkOpen();
    if (this.#changed) this.#store();
  }

  /**
   * Flushes and gives the file free. Harmless the second time.
   * @throws {HalError} `storage`: the file is free, but holds what it held after the last flush
   */
  close(): void {
    if (!this.#open) return;
    try {
      this.flush();
    } finally {
      this.#open = false;
      this.#lock.release();
    }
  }

  #store(): void {
    const contents = this.#memory.snapshot();
    replaceFile(this.#target, [
      encodeContainerHeader({ contents, eraseValue: this.eraseValue, writeGranule: this.writeGranule }),
      contents,
    ]);
    this.#changed = false;
  }

  #checkOpen(): void {
    if (!this.#open) throw new Error(`${this.path} was closed`);
  }
}

/**
 * The lock is beside one name, and `flush` gives one name a new file: under the other the card would be used at the
 * same time, and would keep its old state and its old tries.
 */
function refuseSecondName(path: string, target: string): void {
  const status = statSync(target);
  if (!status.isFile() || status.nlink < 2) return;
  throw new HalError(
    'storage',
    `${path} has ${status.nlink} names (hard links), and a card must have one: remove the others, or make it a file of its own with \`cp\``,
  );
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw missingOrUnreadable(path, cause);
  }
}

function realPathOrNew(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return endOfLinks(path);
    throw storageError('cannot write', path, cause);
  }
}

function refuseSpecialFile(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isFile() || status.isDirectory()) return;
  throw new HalError('damaged', `${path} is not a card image: it is not a plain file`);
}

function readContainer(path: string, cure?: string): Container {
  refuseSpecialFile(path);
  let file: Uint8Array;
  try {
    const { size } = statSync(path);
    // Nothing of ours is as long, and such a file should not be read to find that out.
    if (size > 2 * LARGEST_CONTENTS) {
      throw new HalError('damaged', `${path} is not a card image: ${size} bytes are more than any image has`);
    }
    file = readFileSync(path);
  } catch (cause) {
    if (cause instanceof HalError) throw cause;
    throw missingOrUnreadable(path, cause);
  }
  return decodeContainer(file, path, cure);
}

function missingOrUnreadable(path: string, cause: unknown): HalError {
  if (systemErrorCode(cause) === 'ENOENT') {
    return new HalError('storage', `there is no card image ${path}: make one with \`vitap card build\``, { cause });
  }
  return storageError('cannot read', path, cause);
}
