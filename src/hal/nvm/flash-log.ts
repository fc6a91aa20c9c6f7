import { crc32 } from '../crc32.ts';
import { HalError } from '../errors.ts';
import type { Flash } from '../flash.ts';
import type { Nvm } from '../nvm.ts';
import { checkSpan } from '../span.ts';
import {
  findContent,
  KIND,
  MAGIC,
  PAGE_HEADER,
  putNumber,
  RECORD_HEADER,
  RECORD_TAIL,
  readPage,
} from './flash-pages.ts';

/** Longest data of one record; a page has room for some of them. */
const LARGEST_DATA = 512;
/** Dirty spans closer than a record's own bytes are written as one. */
const GAP: number = RECORD_HEADER + RECORD_TAIL;
const MOST_SPANS = 32;

interface Span {
  from: number;
  to: number;
}

/**
 * Memory of any size on flash: what `flush` makes durable is appended to a log of records (flash-pages.ts). Pages are
 * taken by their wear; when few are left, a snapshot of everything frees all those before it.
 *
 * The whole content lies in RAM (`bytes`), so reads cost nothing. The first use of new flash writes `content`; later
 * ones read what is there. Pages that cannot be erased or written are left out.
 */
export class FlashLogNvm implements Nvm {
  readonly size: number;
  readonly eraseValue = 0xff;
  readonly writeGranule = 1;
  readonly bytes: Uint8Array;
  readonly #flash: Flash;
  readonly #record: Uint8Array;
  readonly #header: Uint8Array;
  readonly #spans: Span[] = [];
  /** Erasures of each page, as its header says. */
  readonly #erasures: Uint32Array;
  /** Sequence number of each page in use; 0: it is free. */
  readonly #sequences: Uint32Array;
  readonly #bad: Set<number> = new Set();
  /** Pages that a snapshot takes at most. */
  readonly #snapshotPages: number;
  /** The page that is written, and where in it; -1: the next record begins one. */
  #page = -1;
  #at = 0;
  #sequence = 0;
  /** Sequence of the page in which the last whole snapshot begins; 0: there is none yet. */
  #base = 0;

  /**
   * @param content what the memory holds when the flash holds none yet; its length is the size
   * @throws {HalError} `damaged`: what the flash holds is not whole, or of another size; `storage`: the flash is too small
   * or too worn
   */
  constructor(flash: Flash, content: Uint8Array) {
    this.#flash = flash;
    this.size = content.length;
    this.bytes = new Uint8Array(content);
    this.#record = new Uint8Array(this.#rounded(RECORD_HEADER + LARGEST_DATA + RECORD_TAIL));
    this.#header = new Uint8Array(this.#rounded(PAGE_HEADER));
    this.#erasures = new Uint32Array(flash.pages);
    this.#sequences = new Uint32Array(flash.pages);
    this.#snapshotPages = this.#pagesOfSnapshot();
    if (flash.pages < 2 * this.#snapshotPages + 2) {
      throw new HalError('storage', `${flash.pages} pages of flash are too few for ${this.size} bytes`);
    }
    if (!this.#recover()) this.#compact();
  }

  /** Erasures of the page that has most of them, and pages that are out of use. */
  get wear(): { readonly most: number; readonly bad: number } {
    return { most: this.#erasures.reduce((most, each) => Math.max(most, each), 0), bad: this.#bad.size };
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('target', target.length, targetOffset, length);
    for (let i = 0; i < length; i++) target[targetOffset + i] = this.bytes[address + i] as number;
  }

  readByte(address: number): number {
    checkSpan('memory', this.size, address, 1);
    return this.bytes[address] as number;
  }

  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    checkSpan('memory', this.size, address, length);
    checkSpan('source', source.length, sourceOffset, length);
    if (length === 0) return;
    for (let i = 0; i < length; i++) this.bytes[address + i] = source[sourceOffset + i] as number;
    this.#note(address, address + length);
  }

  flush(): void {
    for (let span = this.#spans[0]; span !== undefined; span = this.#spans[0]) {
      const length = Math.min(span.to - span.from, LARGEST_DATA);
      // A snapshot that had to be made has written all of it.
      if (!this.#hasRoom() && this.#turnOrCompact()) return;
      this.#append(KIND.data, span.from, length);
      span.from += length;
      if (span.from === span.to) this.#spans.shift();
    }
  }

  /** Remembers what is to be written, near ones together. */
  #note(from: number, to: number): void {
    const near = this.#spans.find((span) => from <= span.to + GAP && to >= span.from - GAP);
    const span = near ?? (this.#spans.length === MOST_SPANS ? this.#spans[0] : undefined);
    if (span === undefined) this.#spans.push({ from, to });
    else {
      span.from = Math.min(span.from, from);
      span.to = Math.max(span.to, to);
    }
  }

  #hasRoom(): boolean {
    return this.#page >= 0 && this.#at + this.#record.length <= this.#flash.pageSize;
  }

  /** Pages for a snapshot must always be left, or nothing could be freed any more. @returns whether it made one */
  #turnOrCompact(): boolean {
    if (this.#free().length <= this.#snapshotPages + 1) {
      this.#compact();
      return true;
    }
    this.#turn();
    return false;
  }

  /** Writes everything anew, after which the pages before are free. */
  #compact(): void {
    this.#turn();
    const base = this.#sequence;
    this.#append(KIND.snapshotStart, 0, 0);
    for (let address = 0; address < this.size; address += LARGEST_DATA) {
      this.#append(KIND.snapshotData, address, Math.min(LARGEST_DATA, this.size - address));
    }
    this.#append(KIND.snapshotEnd, this.size, 0);
    this.#base = base;
    this.#spans.length = 0;
  }

  /** Puts a record behind the last one, on the next page where this one has no room or fails. */
  #append(kind: number, address: number, length: number): void {
    const whole = this.#encode(kind, address, length);
    for (;;) {
      if (!this.#hasRoom()) this.#turn();
      const target = this.#page * this.#flash.pageSize + this.#at;
      this.#at += whole;
      if (this.#put(target, this.#record, whole)) return;
      // The page keeps what it has; nothing more goes into it.
      this.#bad.add(this.#page);
      this.#page = -1;
    }
  }

  #encode(kind: number, address: number, length: number): number {
    const record = this.#record.fill(0xff);
    putNumber(record, 0, length, 2);
    putNumber(record, 2, kind, 2);
    putNumber(record, 4, address, 4);
    for (let i = 0; i < length; i++) record[RECORD_HEADER + i] = this.bytes[address + i] as number;
    putNumber(record, RECORD_HEADER + length, crc32(record, 0, RECORD_HEADER + length), RECORD_TAIL);
    return this.#rounded(RECORD_HEADER + length + RECORD_TAIL);
  }

  /** Goes on to a fresh page. @throws {HalError} `storage`: there is none */
  #turn(): void {
    for (;;) {
      const page = this.#leastWorn();
      const erasures = (this.#erasures[page] as number) + 1;
      const header = this.#header.fill(0xff);
      MAGIC.forEach((byte, i) => {
        header[i] = byte;
      });
      putNumber(header, 4, this.#sequence + 1, 4);
      putNumber(header, 8, erasures, 4);
      putNumber(header, 12, this.#base, 4);
      putNumber(header, 16, crc32(header, 0, 16), RECORD_TAIL);
      this.#erasures[page] = erasures;
      if (this.#flash.erase(page) && this.#put(page * this.#flash.pageSize, header, header.length)) {
        this.#page = page;
        this.#at = header.length;
        this.#sequence++;
        this.#sequences[page] = this.#sequence;
        return;
      }
      this.#bad.add(page);
    }
  }

  /** Writes, and reads it back. */
  #put(target: number, source: Uint8Array, length: number): boolean {
    if (!this.#flash.write(target, source, length)) return false;
    for (let i = 0; i < length; i++) if (this.#flash.bytes[target + i] !== source[i]) return false;
    return true;
  }

  /** Pages that hold nothing which is still needed. */
  #free(): number[] {
    const free: number[] = [];
    for (let page = 0; page < this.#flash.pages; page++) {
      const sequence = this.#sequences[page] as number;
      if (!this.#bad.has(page) && page !== this.#page && (sequence === 0 || sequence < this.#base)) free.push(page);
    }
    return free;
  }

  #leastWorn(): number {
    const [first, ...others] = this.#free();
    if (first === undefined) throw new HalError('storage', 'no page of the flash is left that can be written');
    const worn = (page: number): number => this.#erasures[page] as number;
    return others.reduce((best, page) => (worn(page) < worn(best) ? page : best), first);
  }

  /** @returns whether the flash holds a memory, which `bytes` then has */
  #recover(): boolean {
    const found = findContent(this.#flash, this.size);
    this.#sequence = found.lastSequence;
    for (let page = 0; page < this.#flash.pages; page++) {
      // A page whose erasure was interrupted has lost its count: it is taken for as worn as the others.
      const known = readPage(this.#flash, page);
      this.#erasures[page] = known?.erasures ?? found.mostErasures;
      if (known !== null && found.needed.has(known.sequence)) this.#sequences[page] = known.sequence;
    }
    if (found.base === 0) return false;
    this.#base = found.base;
    found.restore(this.bytes);
    return true;
  }

  #pagesOfSnapshot(): number {
    const room = this.#flash.pageSize - this.#header.length;
    const aPage = Math.floor(room / this.#record.length);
    if (aPage < 1) throw new HalError('storage', `pages of ${this.#flash.pageSize} bytes are too small`);
    return Math.ceil((Math.ceil(this.size / LARGEST_DATA) + 2) / aPage);
  }

  #rounded(length: number): number {
    return Math.ceil(length / this.#flash.granule) * this.#flash.granule;
  }
}
