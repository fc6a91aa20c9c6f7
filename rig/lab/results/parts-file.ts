import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** Bytes that are kept before they go to the disk, and that are read at a time. */
const CHUNK = 1_048_576;

/** A text that is made piece by piece and read once it is whole, on the disk in between. */
export class PartsFile {
  readonly #path: string;
  readonly #descriptor: number;
  #kept: string[] = [];
  #length = 0;

  /** @param path of a new file, in a folder that the caller takes away */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  add(text: string): void {
    this.#kept.push(text);
    this.#length += text.length;
    if (this.#length > CHUNK) this.#write();
  }

  /** All of it, in pieces; nothing is added afterwards. */
  *parts(): Generator<Uint8Array, void, undefined> {
    this.#write();
    closeSync(this.#descriptor);
    const reading = openSync(this.#path, 'r');
    try {
      for (;;) {
        const chunk = Buffer.alloc(CHUNK);
        const read = readSync(reading, chunk);
        if (read === 0) return;
        yield chunk.subarray(0, read);
      }
    } finally {
      closeSync(reading);
    }
  }

  #write(): void {
    const bytes = Buffer.from(this.#kept.join(''));
    this.#kept = [];
    this.#length = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
  }
}
