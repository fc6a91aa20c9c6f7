/** Unpredictable bytes, or in a replay the same ones again. */
export interface Random {
  /** Fills `target[offset … offset + length)`. @throws {RangeError} outside the target */
  fill(target: Uint8Array, offset: number, length: number): void;
}
