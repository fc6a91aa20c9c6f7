import { closeSync, createReadStream, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { removeQuietly, writeAll } from '../../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../../src/hal/nvm/storage-error.ts';
import type { ReplayEntry } from './model.ts';

/** Characters gathered before they are written. */
const BATCH_LENGTH = 65_536;

/**
 * The entries of one replay, on disk until all reports are written: there may be millions of them, and a report wants
 * the summary first. Entries that go in are redacted already where that is wanted.
 */
export class EntryFile {
  readonly path: string;
  readonly #descriptor: number;
  #pending = '';
  #open = true;
  #count = 0;

  /** @throws {HalError} `storage` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'wx', 0o600);
    } catch (cause) {
      throw storageError('cannot write', path, cause);
    }
  }

  get count(): number {
    return this.#count;
  }

  /** @throws {HalError} `storage` */
  add(entry: ReplayEntry): void {
    this.#count++;
    this.#pending += `${JSON.stringify(entry)}\n`;
    if (this.#pending.length >= BATCH_LENGTH) this.#write();
  }

  /** Nothing can be added afterwards. @throws {HalError} `storage` */
  close(): void {
    if (!this.#open) return;
    this.#write();
    this.#open = false;
    closeSync(this.#descriptor);
  }

  /** In their order, as often as one likes; closes it for writing. */
  async *entries(): AsyncGenerator<ReplayEntry, void, undefined> {
    for await (const line of this.lines()) yield JSON.parse(line) as ReplayEntry;
  }

  /** The same as JSON texts. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    this.close();
    yield* createInterface({ input: createReadStream(this.path), crlfDelay: Number.POSITIVE_INFINITY });
  }

  discard(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
    removeQuietly(this.path);
  }

  #write(): void {
    try {
      writeAll(this.#descriptor, Buffer.from(this.#pending));
    } catch (cause) {
      throw storageError('cannot write', this.path, cause);
    }
    this.#pending = '';
  }
}
