/** A piece of the region of the bodies. */
export interface Extent {
  readonly address: number;
  readonly length: number;
}

/**
 * The first gap of at least `length` bytes between what is taken, or -1. Nothing but the file table says what is free:
 * there is no list of free pieces that could disagree with it.
 * @param taken in any order, not overlapping, within the region
 */
export function findSpace(region: Extent, taken: readonly Extent[], length: number): number {
  let free = region.address;
  for (const { address, length: used } of taken.toSorted((a, b) => a.address - b.address)) {
    if (address - free >= length) return free;
    free = address + used;
  }
  return region.address + region.length - free >= length ? free : -1;
}
