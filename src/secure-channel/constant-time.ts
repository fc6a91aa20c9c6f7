/**
 * Whether two spans of `length` bytes are the same, in a time that does not depend on where they differ.
 * For tokens and MACs: their length is public, their bytes are not.
 */
export function equalInConstantTime(
  a: Uint8Array,
  aOffset: number,
  b: Uint8Array,
  bOffset: number,
  length: number,
): boolean {
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= (a[aOffset + i] as number) ^ (b[bOffset + i] as number);
  return difference === 0;
}
