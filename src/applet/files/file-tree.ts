import type { CardFile } from './card-file.ts';

/** Occurrence asked for in b2b1 of P2 of SELECT. */
export const OCCURRENCE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3 } as const;

/** File identifier of the master file. */
export const MASTER_FILE_ID = 0x3f00;
/** Reserved for "the current DF" in paths. */
export const CURRENT_DF_ID = 0x3fff;

/** A file and all that is below it, each DF before its children. */
export function subtree(file: CardFile): CardFile[] {
  const files = [file];
  for (let i = 0; i < files.length; i++) files.push(...(files[i] as CardFile).children.values());
  return files;
}

/** All the files of the card, and the ways in which SELECT finds one. */
export class FileTree {
  readonly masterFile: CardFile;
  readonly #files: Set<CardFile>;
  /** DFs with a name, by the bytes of it: a name comes before every longer one that starts with it. */
  readonly #named: CardFile[];

  constructor(files: readonly CardFile[]) {
    this.#files = new Set(files);
    this.masterFile = files[0] as CardFile;
    this.#named = files.filter((file) => file.name !== null);
    this.#rank();
  }

  /** Every file, in no order but that the MF is the first. */
  get files(): readonly CardFile[] {
    return [...this.#files];
  }

  /** Puts a file among its siblings, and all that is below it into the tree. */
  add(file: CardFile): void {
    file.parent.children.set(file.fid, file);
    if (file.sfi !== 0) file.parent.bySfi[file.sfi] = file;
    for (const each of subtree(file)) {
      this.#files.add(each);
      if (each.name !== null) this.#named.push(each);
    }
    this.#rank();
  }

  /** Takes a file away, and all that is below it. */
  remove(file: CardFile): void {
    file.parent.children.delete(file.fid);
    if (file.sfi !== 0) file.parent.bySfi[file.sfi] = undefined;
    for (const each of subtree(file)) {
      this.#files.delete(each);
      if (each.name !== null) this.#named.splice(this.#named.indexOf(each), 1);
    }
    this.#rank();
  }

  /** Lowest place in a table of so many entries that no file has, or -1. */
  firstFreeIndex(entries: number): number {
    const taken = new Set<number>();
    for (const file of this.#files) taken.add(file.index);
    for (let index = 0; index < entries; index++) if (!taken.has(index)) return index;
    return -1;
  }

  /** Whether a DF has exactly this name. */
  hasName(name: Uint8Array): boolean {
    const rank = this.#firstMatch(name, 0, name.length);
    return rank >= 0 && this.#named[rank]?.name?.length === name.length;
  }

  /**
   * By file identifier without saying what it is: the MF, then a child of the current DF, the current DF itself,
   * its parent, a child of its parent.
   */
  byIdentifier(current: CardFile, fid: number): CardFile | null {
    if (fid === MASTER_FILE_ID) return this.masterFile;
    const child = current.children.get(fid);
    if (child !== undefined) return child;
    if (current.fid === fid) return current;
    const parent = current.parent;
    return parent.fid === fid ? parent : (parent.children.get(fid) ?? null);
  }

  childDirectory(current: CardFile, fid: number): CardFile | null {
    const child = current.children.get(fid);
    return child?.isDirectory ? child : null;
  }

  childElementary(current: CardFile, fid: number): CardFile | null {
    const child = current.children.get(fid);
    return child !== undefined && !child.isDirectory ? child : null;
  }

  /** By a path of file identifiers, `length` bytes (even), from `start`. */
  byPath(start: CardFile, path: Uint8Array, offset: number, length: number): CardFile | null {
    let file = start;
    for (let i = 0; i < length; i += 2) {
      const fid = ((path[offset + i] as number) << 8) | (path[offset + i + 1] as number);
      const child = file.children.get(fid);
      if (child === undefined) return null;
      file = child;
    }
    return file;
  }

  /**
   * By DF name, which may be cut short on the right: then several DFs can match, in the order of their names.
   * @param occurrence {@link OCCURRENCE}; next and previous count from `current`
   */
  byName(name: Uint8Array, offset: number, length: number, occurrence: number, current: CardFile): CardFile | null {
    const first = this.#firstMatch(name, offset, length);
    if (first < 0) return null;
    if (occurrence === OCCURRENCE.FIRST) return this.#named[first] as CardFile;
    const from = current.application.nameRank;
    const inside = occurrence !== OCCURRENCE.LAST && from >= 0 && this.#matches(from, name, offset, length);
    if (!inside) {
      const rank = occurrence === OCCURRENCE.NEXT ? first : this.#lastMatch(first, name, offset, length);
      return this.#named[rank] as CardFile;
    }
    const rank = occurrence === OCCURRENCE.NEXT ? from + 1 : from - 1;
    return this.#matches(rank, name, offset, length) ? (this.#named[rank] as CardFile) : null;
  }

  #rank(): void {
    this.#named.sort((a, b) => compareBytes(a.name as Uint8Array, b.name as Uint8Array));
    this.#named.forEach((file, rank) => {
      file.nameRank = rank;
    });
  }

  #firstMatch(name: Uint8Array, offset: number, length: number): number {
    let low = 0;
    let high = this.#named.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareStart(this.#named[middle]?.name as Uint8Array, name, offset, length) < 0) low = middle + 1;
      else high = middle;
    }
    return this.#matches(low, name, offset, length) ? low : -1;
  }

  #lastMatch(first: number, name: Uint8Array, offset: number, length: number): number {
    let last = first;
    while (this.#matches(last + 1, name, offset, length)) last++;
    return last;
  }

  #matches(rank: number, name: Uint8Array, offset: number, length: number): boolean {
    const file = this.#named[rank];
    return file !== undefined && compareStart(file.name as Uint8Array, name, offset, length) === 0;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** Compares the start of `full` with the name asked for: 0 when `full` begins with it. */
function compareStart(full: Uint8Array, name: Uint8Array, offset: number, length: number): number {
  const shared = Math.min(full.length, length);
  for (let i = 0; i < shared; i++) {
    const difference = (full[i] as number) - (name[offset + i] as number);
    if (difference !== 0) return difference;
  }
  return full.length < length ? -1 : 0;
}
