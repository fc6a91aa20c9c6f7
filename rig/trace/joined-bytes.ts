/** What was kept of the piece before, and the piece from `from` to `to`; no copy where nothing was kept. */
export function joinedBytes(tail: Uint8Array, piece: Uint8Array, from: number, to: number): Uint8Array {
  if (tail.length === 0) return piece.subarray(from, to);
  const joined = new Uint8Array(tail.length + to - from);
  joined.set(tail);
  joined.set(piece.subarray(from, to), tail.length);
  return joined;
}
