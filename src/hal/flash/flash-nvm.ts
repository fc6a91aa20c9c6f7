import { sameBytes } from '../../apdu/same-bytes.ts';
import { HalError } from '../errors.ts';
import type { Nvm } from '../nvm.ts';
import { checkSpan } from '../span.ts';
import { damaged, refuseDamage } from './damage.ts';
import type { FlashDevice } from './flash-device.ts';
import {
  decodeHeader,
  decodeRecord,
  encodeHeader,
  encodeRecord,
  PAGE_HEADER,
  type PageHeader,
  padded,
  RECORD,
  RECORD_HEADER,
  SPARE_PAGES,
  snapshotPages,
} from './records.ts';

/** Bytes that changed: from, and before which. */
interface Span {
  from: number;
  to: number;
}

/** A page with a valid header. */
interface LogPage extends PageHeader {
  readonly page: number;
}

/** A chain of pages that begins with a whole snapshot. */
interface Chain {
  readonly pages: readonly LogPage[];
  readonly content: Uint8Array;
  readonly bad: ReadonlySet<number>;
  /** Bytes of the last page that are in use. */
  readonly used: number;
}

/**
 * Nvm in NOR flash, as a log: what changed since the last flush is appended to the current page, all of it or nothing.
 * When the pages run out, the whole content is written as a snapshot into the next ones, and the old ones are free.
 * Pages are used in turn, so they wear alike. A page that does not erase or program is set aside for good.
 *
 * The content lies in RAM as well: reads cost nothing. After power on the first flush begins a new page: a granule
 * whose programming was cut short may look erased and not be.
 */
export class FlashNvm implements Nvm {
  readonly size: number;
  readonly eraseValue = 0xff;
  readonly writeGranule = 1;
  readonly bytes: Uint8Array;
  readonly #device: FlashDevice;
  readonly #bad: Set<number>;
  #dirty: Span[] = [];
  /** Pages of the chain, in order. */
  #chain: number[];
  /** Highest sequence number that was ever seen. */
  #sequence: number;
  /** Of the last page of the chain. */
  #tip: number;
  /** Where the next record goes in the last page; its size: nowhere. */
  #at: number;
  /** Bytes of the last page that hold what counts. */
  #used: number;

  private constructor(
    device: FlashDevice,
    content: Uint8Array,
    bad: ReadonlySet<number>,
    seen: number,
    chain: Chain | null,
  ) {
    this.#device = device;
    this.bytes = content;
    this.size = content.length;
    this.#bad = new Set(bad);
    this.#sequence = seen;
    this.#chain = chain === null ? [] : chain.pages.map(({ page }) => page);
    this.#tip = chain === null ? 0 : chain.pages.at(-1)!.sequence;
    this.#at = device.pageSize;
    this.#used = chain?.used ?? 0;
  }

  /** Pages that a content of this size needs at least: two snapshots, a page of changes, and a spare one. */
  static pagesFor(size: number, device: Pick<FlashDevice, 'pageSize' | 'writeGranule'>): number {
    return 2 * snapshotPages(size, device) + 1 + SPARE_PAGES;
  }

  /**
   * Makes the memory anew; what the flash held is gone.
   * @throws {RangeError} too few pages; {HalError} `storage`
   */
  static create(device: FlashDevice, content: Uint8Array): FlashNvm {
    const least = FlashNvm.pagesFor(content.length, device);
    if (device.pages < least) {
      throw new RangeError(`${content.length} bytes need ${least} pages of ${device.pageSize}, not ${device.pages}`);
    }
    const seen = headersOf(device).reduce((most, { sequence }) => Math.max(most, sequence), 0);
    const nvm = new FlashNvm(device, copied(content, 0, content.length), new Set(), seen, null);
    nvm.#snapshot();
    return nvm;
  }

  /**
   * @returns null when the flash holds none, or one that was never made to its end
   * @throws {HalError} `damaged`: what was stored cannot all be read any more; an older state is never given for it
   */
  static open(device: FlashDevice): FlashNvm | null {
    const headers = headersOf(device).sort((a, b) => b.sequence - a.sequence);
    const seen = headers[0]?.sequence ?? 0;
    const tried = new Set<number>();
    for (const tip of headers) {
      if (tried.has(tip.sequence)) continue;
      const pages = chainTo(tip, headers);
      for (const { sequence } of pages ?? [tip]) tried.add(sequence);
      const chain = pages === null ? null : readChain(device, pages);
      // A snapshot that was cut short: the chain before it holds.
      if (chain === null) continue;
      refuseDamage(device, tip.sequence, new Set(chain.pages.map(({ page }) => page)));
      return new FlashNvm(device, chain.content, chain.bad, seen, chain);
    }
    refuseDamage(device, 0, new Set());
    return null;
  }

  /** Pages that are set aside. */
  get badPages(): readonly number[] {
    return [...this.#bad].sort((a, b) => a - b);
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('target', target.length, targetOffset, length);
    target.set(this.bytes.subarray(address, address + length), targetOffset);
  }

  readByte(address: number): number {
    checkSpan('memory', this.size, address, 1);
    return this.bytes[address] as number;
  }

  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('source', source.length, sourceOffset, length);
    let [first, last] = [-1, -1];
    for (let i = 0; i < length; i++) {
      const byte = source[sourceOffset + i] as number;
      if (this.bytes[address + i] === byte) continue;
      this.bytes[address + i] = byte;
      if (first < 0) first = address + i;
      last = address + i;
    }
    if (first >= 0) this.#mark(first, last + 1);
  }

  /**
   * Makes a memory with other content, of any size, in the same flash. This one counts until the other is whole, and
   * is not to be used afterwards.
   * @throws {RangeError} too few pages; {HalError} `storage`: this one stays
   */
  replaceBy(content: Uint8Array): FlashNvm {
    const least = FlashNvm.pagesFor(content.length, this.#device);
    if (this.#device.pages < least) {
      throw new RangeError(`${content.length} bytes need ${least} pages, not ${this.#device.pages}`);
    }
    this.flush();
    const needed = snapshotPages(content.length, this.#device) + SPARE_PAGES;
    if (this.#freePages([]).length < needed) this.#snapshot();
    const other = new FlashNvm(this.#device, copied(content, 0, content.length), this.#bad, this.#sequence, null);
    other.#chain = this.#chain;
    other.#tip = this.#tip;
    try {
      other.#snapshot();
      return other;
    } finally {
      // Page numbers that it has used, and pages that it found bad, are so for this one too.
      this.#sequence = other.#sequence;
      for (const page of other.#bad) this.#bad.add(page);
    }
  }

  flush(): void {
    if (this.#dirty.length === 0) return;
    if (!this.#append()) this.#snapshot();
    this.#dirty = [];
  }

  /** Spans that are nearer to each other than a record's header are one. */
  #mark(from: number, to: number): void {
    const apart: Span[] = [];
    for (const span of this.#dirty) {
      if (span.to + RECORD_HEADER < from || span.from > to + RECORD_HEADER) apart.push(span);
      else [from, to] = [Math.min(from, span.from), Math.max(to, span.to)];
    }
    this.#dirty = [...apart, { from, to }];
  }

  /** @returns false when the log has no room: nothing of it counts then */
  #append(): boolean {
    for (;;) {
      const needed = this.#dirty.reduce((sum, span) => sum + this.#room(span.to - span.from), 0);
      if (needed > this.#device.pageSize - padded(PAGE_HEADER, this.#device.writeGranule)) return false;
      if (this.#at + needed > this.#device.pageSize && !this.#nextPage(this.#tip, true)) return false;
      if (this.#dirty.every((span, i) => this.#put(span, i === this.#dirty.length - 1))) {
        this.#used = this.#at;
        return true;
      }
      // The page is bad from here on. What was put is without its end, and so does not count.
      this.#at = this.#device.pageSize;
    }
  }

  #snapshot(): void {
    const before = { chain: this.#chain, tip: this.#tip };
    for (;;) {
      this.#chain = [];
      if (this.#writeSnapshot(before.chain)) return;
      if (this.#freePages(before.chain).length === 0) {
        this.#chain = before.chain;
        this.#tip = before.tip;
        this.#at = this.#device.pageSize;
        throw new HalError('storage', 'no sound page of the flash is left for what is to be stored');
      }
    }
  }

  /** @returns false when a page turned out bad, or none is left */
  #writeSnapshot(old: readonly number[]): boolean {
    const { pageSize, writeGranule } = this.#device;
    if (!this.#nextPage(0, false, old)) return false;
    for (const page of this.#bad) if (!this.#putRecord(RECORD.badPage, false, page, 0, 0)) return false;
    for (let from = 0; from < this.size || from === 0; ) {
      const room = pageSize - this.#at - RECORD_HEADER;
      if (room < Math.min(writeGranule, Math.max(1, this.size - from))) {
        if (!this.#nextPage(this.#tip, false, old)) return false;
        continue;
      }
      const to = Math.min(this.size, from + room);
      if (!this.#putRecord(RECORD.data, to === this.size, from, from, to)) return false;
      this.#used = this.#at;
      from = to;
      if (this.size === 0) break;
    }
    return true;
  }

  #room(length: number): number {
    return padded(RECORD_HEADER + length, this.#device.writeGranule);
  }

  #put({ from, to }: Span, last: boolean): boolean {
    return this.#putRecord(RECORD.data, last, from, from, to);
  }

  #putRecord(type: number, last: boolean, address: number, from: number, to: number): boolean {
    const record = encodeRecord(type, last, address, this.bytes, from, to, this.#tip, this.#device.writeGranule);
    const page = this.#chain.at(-1)!;
    if (!this.#program(page, this.#at, record)) return false;
    this.#at += record.length;
    return true;
  }

  /**
   * Begins the next free page.
   * @param keepsRoom leaves enough for a snapshot
   * @param old pages of the chain that still counts
   */
  #nextPage(previous: number, keepsRoom: boolean, old: readonly number[] = []): boolean {
    const { pageSize, writeGranule } = this.#device;
    for (;;) {
      const free = this.#freePages(old);
      const reserve = keepsRoom ? snapshotPages(this.size, this.#device) + SPARE_PAGES : 0;
      const page = free[0];
      if (page === undefined || free.length <= reserve) return false;
      const header = encodeHeader(
        { sequence: this.#sequence + 1, previous, size: this.size, before: previous === 0 ? 0 : this.#used },
        writeGranule,
      );
      this.#sequence++;
      if (!this.#erase(page) || !this.#program(page, 0, header)) continue;
      this.#chain.push(page);
      this.#tip = this.#sequence;
      this.#at = header.length;
      this.#used = this.#at;
      return this.#at < pageSize;
    }
  }

  /** From the one behind the last used one on, around: all pages have their turn. */
  #freePages(old: readonly number[]): readonly number[] {
    const { pages } = this.#device;
    const start = (this.#chain.at(-1) ?? old.at(-1) ?? -1) + 1;
    return Array.from({ length: pages }, (_, i) => (start + i) % pages).filter(
      (page) => !this.#bad.has(page) && !this.#chain.includes(page) && !old.includes(page),
    );
  }

  #erase(page: number): boolean {
    try {
      this.#device.erase(page);
    } catch (error) {
      return this.#setAside(page, error);
    }
    return true;
  }

  /** Programs, and looks at what came of it. */
  #program(page: number, at: number, bytes: Uint8Array): boolean {
    const address = page * this.#device.pageSize + at;
    try {
      this.#device.program(address, bytes);
    } catch (error) {
      return this.#setAside(page, error);
    }
    return this.#holds(address, bytes) || this.#setAside(page, null);
  }

  #holds(address: number, bytes: Uint8Array): boolean {
    const device = this.#device;
    if (device.holds !== undefined) return device.holds(address, bytes);
    const there = new Uint8Array(bytes.length);
    device.read(address, there, 0, there.length);
    return sameBytes(there, bytes);
  }

  /** What it holds still counts; it takes nothing more. @throws what is no failure of the flash */
  #setAside(page: number, error: unknown): false {
    if (error !== null && !(error instanceof HalError)) throw error;
    this.#bad.add(page);
    return false;
  }
}

function headersOf(device: FlashDevice): LogPage[] {
  const bytes = new Uint8Array(PAGE_HEADER);
  const found: LogPage[] = [];
  for (let page = 0; page < device.pages; page++) {
    device.read(page * device.pageSize, bytes, 0, bytes.length);
    const header = decodeHeader(bytes);
    if (header !== null) found.push({ ...header, page });
  }
  return found;
}

/** @returns the pages from the snapshot to this one, or null when one is missing */
function chainTo(tip: LogPage, headers: readonly LogPage[]): readonly LogPage[] | null {
  const pages = [tip];
  while (pages[0]!.previous !== 0) {
    const { previous, size } = pages[0]!;
    const before = headers.find(({ sequence }) => sequence === previous);
    if (before === undefined || before.size !== size || before.sequence >= pages[0]!.sequence) return null;
    pages.unshift(before);
  }
  return pages;
}

/**
 * @returns null when the snapshot is not whole
 * @throws {HalError} `damaged`: a page holds less than the next one says of it
 */
function readChain(device: FlashDevice, pages: readonly LogPage[]): Chain | null {
  const content = new Uint8Array(pages[0]!.size).fill(0xff);
  const page = new Uint8Array(device.pageSize);
  const bad = new Set<number>();
  let pending: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  let whole = false;
  /** Bytes of the snapshot so far: it has all of them, one after the other. */
  let covered = 0;
  let used = 0;
  for (const [i, each] of pages.entries()) {
    device.read(each.page * device.pageSize, page, 0, page.length);
    // Changes that are stored together stand in one page; only a snapshot runs on.
    if (whole) pending = [];
    let at = padded(PAGE_HEADER, device.writeGranule);
    used = at;
    for (let record = decodeRecord(page, at, each.sequence); record !== null; ) {
      const { type, last, address, dataAt, length } = record;
      if (type === RECORD.badPage) bad.add(address);
      else if (address + length <= content.length) {
        if (!whole && address !== covered) return null;
        covered += length;
        pending.push({ address, bytes: copied(page, dataAt, length) });
        if (last) {
          if (!whole && covered !== content.length) return null;
          for (const change of pending) content.set(change.bytes, change.address);
          pending = [];
          whole = true;
        }
      }
      at += padded(RECORD_HEADER + length, device.writeGranule);
      if (last || !whole) used = at;
      record = decodeRecord(page, at, each.sequence);
    }
    const told = pages[i + 1]?.before ?? 0;
    if (whole && used < told) throw damaged(each.page);
  }
  return whole ? { pages, content, bad, used } : null;
}

function copied(bytes: Uint8Array, from: number, length: number): Uint8Array {
  const own = new Uint8Array(length);
  own.set(bytes.subarray(from, from + length));
  return own;
}
