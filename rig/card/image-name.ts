import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileNvm } from '../../src/hal/nvm/file.ts';
import { removeQuietly, writeAll } from '../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../src/hal/nvm/storage-error.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';
import { stateFolder } from '../console/state-folder.ts';

/** In the station's state folder. */
const KEY_FILE = 'image-name.key';
const KEY_BYTES = 32;
const SHORTEST_KEY = 16;
const LONGEST_KEY = 4096;
const KEY_ID_BYTES = 8;

/**
 * What a card image is called where others can read it. A plain hash would not do: whoever has the profile makes the
 * image with every code there is, and compares.
 */
export interface ImageName {
  /** HMAC-SHA-256 over the contents under the lab's key; 64 hexadecimal digits, lower case. */
  readonly hmac: string;
  /** Tells, without telling the key, whether two names are under the same one; 16 hexadecimal digits. */
  readonly key: string;
}

/** Names images under a key that never leaves the lab. */
export class ImageNames {
  readonly #key: Uint8Array;
  readonly #keyId: string;

  constructor(key: Uint8Array) {
    this.#key = key;
    this.#keyId = this.#hmac('key', new Uint8Array(0)).slice(0, 2 * KEY_ID_BYTES);
  }

  of(contents: Uint8Array): ImageName {
    return { hmac: this.#hmac('image', contents), key: this.#keyId };
  }

  #hmac(label: string, bytes: Uint8Array): string {
    return createHmac('sha256', this.#key).update(`vitap ${label}\0`).update(bytes).digest('hex');
  }
}

/**
 * @param file the lab's key; null takes the one in the state folder, which is made on first use, for its owner alone
 * @throws {CannotRun} no key of this length; {HalError} `storage`; the errors of the file system
 */
export function imageNames(file: string | null, env: Readonly<Record<string, string | undefined>>): ImageNames {
  const path = file ?? join(stateFolder(env), KEY_FILE);
  if (file === null && !existsSync(path)) makeKey(path);
  refuseSharedKey(path, 'this key');
  const key = readInputFile(path, 'a key for the names of images');
  if (key.length < SHORTEST_KEY || key.length > LONGEST_KEY) {
    throw new CannotRun(
      `${path} has ${key.length} bytes; a key for the names of images has ${SHORTEST_KEY} to ${LONGEST_KEY}, best made by a random generator`,
    );
  }
  return new ImageNames(key);
}

/** The contents of an image file, without the container around them. @throws {HalError} `storage`, `damaged` */
export function contentsOf(path: string): Uint8Array {
  const nvm = FileNvm.load(path);
  const contents = new Uint8Array(nvm.size);
  nvm.read(0, contents, 0, contents.length);
  return contents;
}

/** Two processes may do this at once: the name appears with all of the key behind it, and the first one counts. */
function makeKey(path: string): void {
  makeFolder(dirname(path), PRIVATE);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    removeQuietly(temporary);
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(descriptor, randomBytes(KEY_BYTES));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(temporary, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw storageError('cannot make', path, cause, '--image-key FILE names a key elsewhere');
    }
  } finally {
    removeQuietly(temporary);
  }
}
