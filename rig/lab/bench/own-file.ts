import { existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import type * as z from 'zod';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { storageError, systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';
import { readInputText } from '../../console/input-file.ts';

export interface OwnFileOptions<T> {
  readonly path: string;
  /** What it holds: `the first times of this bench`. */
  readonly what: string;
  readonly schema: z.ZodType<T>;
  /** Where there is no file. */
  readonly empty: T;
  say(text: string): void;
}

/** A file that a bench writes for itself. One that is damaged is put aside, and begun anew. */
export class OwnFile<T> {
  readonly #options: OwnFileOptions<T>;

  constructor(options: OwnFileOptions<T>) {
    this.#options = options;
  }

  /** @throws {HalError} `storage`: it is there and cannot be read, or cannot be put aside */
  read(): T {
    const { path, what, schema, empty } = this.#options;
    let content: unknown;
    try {
      content = JSON.parse(readInputText(path, what));
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return empty;
      if (code !== '' && code !== 'EISDIR') throw storageError('cannot read', path, error);
    }
    const read = schema.safeParse(content);
    if (read.success) return read.data;
    this.#putAside();
    return empty;
  }

  /** @throws {HalError} `storage` */
  write(value: T): void {
    replaceFile(this.#options.path, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
  }

  #putAside(): void {
    const { path, what, say } = this.#options;
    let aside = `${path}.damaged`;
    for (let i = 2; existsSync(aside); i++) aside = `${path}.damaged-${i}`;
    try {
      renameSync(path, aside);
    } catch (error) {
      throw storageError('cannot put aside', path, error);
    }
    say(`${path} is damaged: it is now ${basename(aside)}, and ${what} are begun anew`);
  }
}
