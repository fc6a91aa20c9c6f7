/**
 * `slice` of bytes is refused by the compiler: on a Uint8Array it copies, on a Node Buffer, which is one too, it gives
 * a view. What it returns is of no use as bytes; `copyBytes` (src/apdu/copy-bytes.ts) copies always.
 */
interface Uint8Array<TArrayBuffer extends ArrayBufferLike> {
  slice(start?: number, end?: number): unknown;
}
