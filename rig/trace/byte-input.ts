import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { storageError } from '../../src/hal/nvm/storage-error.ts';
import { CannotRun } from '../console/failure.ts';
import { type ByteInput, HEAD_LENGTH } from './stream.ts';

const READ_SIZE = 262_144;

/** A file or standard input. Whoever does not read it to its end calls `close`. */
export interface OpenInput extends ByteInput {
  close(): Promise<void>;
}

/** @param path `-` is standard input @throws {HalError} `storage`, from `head` and `chunks` too */
export async function openInput(path: string): Promise<OpenInput> {
  if (path === '-') return new ChunkInput('standard input', process.stdin as AsyncIterable<Uint8Array>);
  return new ChunkInput(path, await fileChunks(path));
}

/** Bytes in memory, cut into pieces of `size`. */
export function bytesInput(bytes: Uint8Array, name: string, size: number = READ_SIZE): OpenInput {
  return new ChunkInput(name, piecesOf(bytes, size));
}

class ChunkInput implements OpenInput {
  readonly name: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #seen: Uint8Array[] = [];
  #seenLength = 0;

  constructor(name: string, chunks: AsyncIterable<Uint8Array>) {
    this.name = name;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async head(): Promise<Uint8Array> {
    while (this.#seenLength < HEAD_LENGTH) {
      const next = await this.#next();
      if (next === null) break;
      this.#seen.push(next);
      this.#seenLength += next.length;
    }
    return Buffer.concat(this.#seen, Math.min(this.#seenLength, HEAD_LENGTH));
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let seen = this.#seen.shift(); seen !== undefined; seen = this.#seen.shift()) yield seen;
      for (let next = await this.#next(); next !== null; next = await this.#next()) yield next;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const next = await this.#read();
      if (next.done === true) return null;
      if (next.value.length > 0) return next.value;
    }
  }

  async #read(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#chunks.next();
    } catch (cause) {
      throw storageError('cannot read', this.name, cause);
    }
  }
}

async function fileChunks(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    // Without O_NONBLOCK to open a FIFO that nobody writes to waits for ever.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await file.stat();
    if (!status.isFile()) {
      await file.close();
      if (status.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      throw new CannotRun(`${path}: a trace is read from a plain file, and this is none; - is standard input`);
    }
    return file.createReadStream({ highWaterMark: READ_SIZE });
  } catch (cause) {
    if (cause instanceof CannotRun) throw cause;
    throw storageError('cannot read', path, cause);
  }
}

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
