/**
 * A copy that shares no memory with the original: a plain Uint8Array, whatever kind of byte array was given. The only
 * way to copy bytes here. `slice` will not do: on a Node Buffer it gives a view, which changes when the owner of the
 * memory wipes it or uses it again (src/byte-slice.d.ts keeps the compiler from accepting it).
 * @param from place of the first byte, 0 when absent
 * @param to place after the last one, the end when absent; negative places count from the end
 */
export function copyBytes(bytes: Uint8Array, from?: number, to?: number): Uint8Array {
  const part = bytes.subarray(from, to);
  const copy = new Uint8Array(part.length);
  copy.set(part);
  return copy;
}
