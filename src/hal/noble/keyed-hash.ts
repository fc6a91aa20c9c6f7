import type { KeyedHash } from '../crypto.ts';
import { checkSpan } from '../span.ts';

/** The part of a noble hash object that is used here. */
interface HashState {
  update(data: Uint8Array): unknown;
  digestInto(target: Uint8Array): void;
  _cloneInto(target?: HashState): HashState;
}

/** A hash of noble. */
export interface HashFunction {
  (data: Uint8Array): Uint8Array;
  readonly blockLen: number;
  readonly outputLen: number;
  create(): HashState;
}

/**
 * Messages are absorbed in pieces of at most half a block, through views that exist already: a view of the caller's
 * buffer, or a whole block, would each make the library allocate.
 */
const PIECE_SIZE = 32;
const piece = new Uint8Array(PIECE_SIZE);
const pieces: readonly Uint8Array[] = Array.from({ length: PIECE_SIZE + 1 }, (_, length) => piece.subarray(0, length));

/** HMAC of RFC 2104, the padded key absorbed into both hashes once. */
export class NobleKeyedHash implements KeyedHash {
  readonly size: number;
  readonly #inner: HashState;
  readonly #outer: HashState;
  readonly #innerWork: HashState;
  readonly #outerWork: HashState;
  readonly #result: Uint8Array;

  constructor(hash: HashFunction, key: Uint8Array) {
    this.size = hash.outputLen;
    const padded = new Uint8Array(hash.blockLen);
    padded.set(key.length > hash.blockLen ? hash(key) : key);
    this.#inner = hash.create();
    this.#inner.update(padded.map((byte) => byte ^ 0x36));
    this.#outer = hash.create();
    this.#outer.update(padded.map((byte) => byte ^ 0x5c));
    this.#innerWork = this.#inner._cloneInto();
    this.#outerWork = this.#outer._cloneInto();
    this.#result = new Uint8Array(this.size);
  }

  digest(data: Uint8Array, offset: number, length: number, target: Uint8Array, targetOffset: number): void {
    checkSpan('data', data.length, offset, length);
    checkSpan('target', target.length, targetOffset, this.size);
    const inner = this.#inner._cloneInto(this.#innerWork);
    for (let position = 0; position < length; position += PIECE_SIZE) {
      const size = Math.min(PIECE_SIZE, length - position);
      for (let i = 0; i < size; i++) piece[i] = data[offset + position + i] as number;
      inner.update(pieces[size] as Uint8Array);
    }
    // The message may be a code.
    piece.fill(0);
    this.#finish(inner);
    const outer = this.#outer._cloneInto(this.#outerWork);
    outer.update(this.#result);
    this.#finish(outer);
    for (let i = 0; i < this.size; i++) target[targetOffset + i] = this.#result[i] as number;
  }

  #finish(state: HashState): void {
    // Into its own block buffer the library needs no view to be made. A version without such a buffer works as well.
    const own = (state as { readonly buffer?: unknown }).buffer;
    const place = own instanceof Uint8Array && own.length >= this.size ? own : this.#result;
    state.digestInto(place);
    if (place === this.#result) return;
    for (let i = 0; i < this.size; i++) this.#result[i] = place[i] as number;
  }
}
