import { once } from 'node:events';
import { closeSync, fsyncSync } from 'node:fs';
import { dirname } from 'node:path';
import { HalError } from '../../src/hal/errors.ts';
import { giveName, removeQuietly, syncFolder, writeAll } from '../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../src/hal/nvm/storage-error.ts';
import { openStream, writeTarget } from '../../src/hal/nvm/write-target.ts';
import type { AsyncByteSink } from './stream.ts';
import { openBeside } from './writer.ts';

/** Where a converted trace goes. */
export interface OutputFile extends AsyncByteSink {
  /** Finishes it under its name, or under another; a device or a pipe has but its own. @throws {HalError} `storage` */
  finish(name?: string): Promise<void>;
  /** Leaves nothing behind, as far as that can be. */
  discard(): void;
}

/**
 * A file that has a temporary name beside its own until it is finished. Symbolic links are followed; a device or a pipe
 * is written as it is, and so is standard output (`-`).
 * @throws {HalError} `storage`
 */
export function openOutput(path: string): OutputFile {
  if (path === '-') return new StandardOutput();
  return writeTarget(path).kind === 'file' ? new NewFile(path) : new Stream(path, openStream(path));
}

class NewFile implements OutputFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  #open = true;

  constructor(path: string) {
    this.#path = path;
    [this.#temporary, this.#descriptor] = openBeside(path);
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    try {
      writeAll(this.#descriptor, bytesOfChunk(chunk));
    } catch (cause) {
      throw storageError('cannot write', this.#path, cause, 'no file was made');
    }
  }

  async finish(name: string = this.#path): Promise<void> {
    let path: string;
    try {
      fsyncSync(this.#descriptor);
      this.#close();
      path = giveName(this.#temporary, name);
    } catch (cause) {
      this.discard();
      if (cause instanceof HalError) throw cause;
      throw storageError('cannot write', name, cause, 'no file was made');
    }
    syncFolder(dirname(path), name);
  }

  discard(): void {
    this.#close();
    removeQuietly(this.#temporary);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}

class Stream implements OutputFile {
  readonly #path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    try {
      writeAll(this.#descriptor, bytesOfChunk(chunk));
    } catch (cause) {
      throw storageError('cannot write', this.#path, cause);
    }
  }

  async finish(): Promise<void> {
    closeSync(this.#descriptor);
  }

  discard(): void {
    closeSync(this.#descriptor);
  }
}

class StandardOutput implements OutputFile {
  async write(chunk: Uint8Array | string): Promise<void> {
    if (!process.stdout.write(chunk) && !process.stdout.destroyed) {
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
    }
  }

  async finish(): Promise<void> {}

  discard(): void {}
}

function bytesOfChunk(chunk: Uint8Array | string): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
