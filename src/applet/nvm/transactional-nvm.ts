import type { Nvm } from '../../hal/nvm.ts';
import { ImageError } from '../image/image-error.ts';
import { ENTRY_HEADER, getU32, Journal, type JournalRegion, largestContent, putU32 } from './journal.ts';

/** A transaction wrote more than the journal can hold. */
export class TransactionTooLarge extends Error {
  constructor(bytes: number) {
    super(`a transaction of more than ${bytes} bytes`);
    this.name = 'TransactionTooLarge';
  }
}

/** What the buffer of a transaction starts with; it grows to what the journal can hold. */
const FIRST_BUFFER = 256;

/**
 * A memory in which everything that is written between two calls of {@link flush} happens together or not at all,
 * whatever moment the power goes. Reads see what was written in the open transaction.
 *
 * Each flush costs one flush of the memory below: it makes the record of this transaction durable, and with it the
 * places of the one before; at boot the last two records are written to their places again.
 */
export class TransactionalNvm implements Nvm {
  readonly size: number;
  readonly eraseValue: number;
  readonly writeGranule: number;
  readonly #nvm: Nvm;
  /** The memory below, to be read without asking for it; of no bytes where it has to be asked. */
  readonly #bytes: Uint8Array;
  readonly #view: DataView | null;
  readonly #journal: Journal | null;
  readonly #capacity: number;
  readonly #region: JournalRegion | null;
  /** Entries `address(4) length(4) bytes` of the open transaction. */
  #pending: Uint8Array = new Uint8Array(FIRST_BUFFER);
  #pendingLength = 0;
  /** Where the last entry starts, and the address behind what it writes. */
  #lastEntry = 0;
  #lastEnd = 0;

  /**
   * @param region null for an image without a journal: then a loss of power can leave half a transaction
   * @throws {ImageError} a record of the journal writes where no transaction does
   */
  constructor(nvm: Nvm, region: JournalRegion | null) {
    this.#nvm = nvm;
    const { bytes } = nvm;
    this.#bytes = bytes ?? new Uint8Array(0);
    this.#view = bytes === undefined ? null : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.size = nvm.size;
    this.eraseValue = nvm.eraseValue;
    this.writeGranule = nvm.writeGranule;
    this.#region = region;
    this.#journal = region === null ? null : new Journal(nvm, region);
    this.#capacity = region === null ? Number.MAX_SAFE_INTEGER : largestContent(region);
    this.#recover();
  }

  /** Bytes that one transaction can hold: what is written, and 8 more for each piece. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Whether something was written and not yet flushed. */
  get dirty(): boolean {
    return this.#pendingLength > 0;
  }

  /** The whole memory to copy from, while no transaction is open; null when it must be {@link read}. */
  get view(): DataView | null {
    return this.#pendingLength === 0 ? this.#view : null;
  }

  /** A part of the memory itself, which may be kept; null where it has to be {@link read}. */
  span(address: number, length: number): Uint8Array | null {
    return this.#view === null ? null : this.#bytes.subarray(address, address + length);
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    this.#nvm.read(address, target, targetOffset, length);
    if (this.#pendingLength > 0) this.#overlay(address, target, targetOffset, length);
  }

  readByte(address: number): number {
    const stored = this.#bytes[address] ?? this.#nvm.readByte(address);
    return this.#pendingLength > 0 ? this.#pendingByte(address, stored) : stored;
  }

  /** @throws {TransactionTooLarge} */
  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    if (address < 0 || length < 0 || address + length > this.size) throw new RangeError('outside the memory');
    if (sourceOffset < 0 || sourceOffset + length > source.length) throw new RangeError('outside the source');
    if (length === 0) return;
    // What goes on where the last write ended is the same entry: a file that is written step by step costs no more room.
    const follows = this.#pendingLength > 0 && address === this.#lastEnd;
    const at = follows ? this.#pendingLength : this.#pendingLength + ENTRY_HEADER;
    const end = at + length;
    if (end > this.#capacity) throw new TransactionTooLarge(this.#capacity);
    this.#reserve(end);
    if (!follows) {
      this.#lastEntry = this.#pendingLength;
      putU32(this.#pending, this.#lastEntry, address);
    }
    for (let i = 0; i < length; i++) this.#pending[at + i] = source[sourceOffset + i] as number;
    putU32(this.#pending, this.#lastEntry + 4, end - this.#lastEntry - ENTRY_HEADER);
    this.#lastEnd = address + length;
    this.#pendingLength = end;
  }

  /** Ends the transaction: from here on it has happened. @throws {HalError} `storage`: it has not */
  flush(): void {
    if (this.#pendingLength === 0) return;
    const length = this.#pendingLength;
    try {
      if (this.#journal !== null) {
        this.#record(this.#journal, length);
        this.#apply(this.#pending, length);
      } else {
        this.#apply(this.#pending, length);
        this.#nvm.flush();
      }
    } finally {
      this.rollback();
    }
  }

  /**
   * Writes at once, past the journal: a loss of power may leave a part of it. For what is finished at the next start.
   * @throws {HalError} `storage`
   */
  overwrite(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    this.#nvm.write(address, source, sourceOffset, length);
  }

  /** Makes durable what transactions and {@link overwrite} have brought to its place. @throws {HalError} `storage` */
  settle(): void {
    this.#nvm.flush();
  }

  /** Forgets the open transaction. */
  rollback(): void {
    // It may hold a new code's hash or personal data.
    this.#pending.fill(0, 0, this.#pendingLength);
    this.#pendingLength = 0;
  }

  #record(journal: Journal, length: number): void {
    journal.append(this.#pending, length);
    try {
      this.#nvm.flush();
    } catch (error) {
      journal.withdraw();
      throw error;
    }
  }

  /** Does again what may not have reached its place; it must be there before the journal writes over its records. */
  #recover(): void {
    let changed = false;
    const records = this.#journal?.recover() ?? [];
    for (const content of records) this.#checkRecord(content);
    for (const content of records) {
      if (this.#isApplied(content)) continue;
      this.#apply(content, content.length);
      changed = true;
    }
    if (changed) this.#nvm.flush();
  }

  /** A checksum says that a record is whole, not that a card wrote it. */
  #checkRecord(content: Uint8Array): void {
    const { address: journal, size: journalSize, lowest = 0 } = this.#region as JournalRegion;
    for (let at = 0; at < content.length; ) {
      const address = at + ENTRY_HEADER <= content.length ? getU32(content, at) : this.size;
      const size = getU32(content, at + 4);
      at += ENTRY_HEADER + size;
      const inside = address >= lowest && address + size <= this.size && at <= content.length;
      const overJournal = address < journal + journalSize && address + size > journal;
      if (!inside || overJournal)
        throw new ImageError('the card image is damaged: a record of its journal makes no sense');
    }
  }

  #isApplied(content: Uint8Array): boolean {
    for (let at = 0; at < content.length; ) {
      const address = getU32(content, at);
      const size = getU32(content, at + 4);
      for (let i = 0; i < size; i++) {
        if (this.#nvm.readByte(address + i) !== content[at + ENTRY_HEADER + i]) return false;
      }
      at += ENTRY_HEADER + size;
    }
    return true;
  }

  #apply(content: Uint8Array, length: number): void {
    for (let at = 0; at < length; ) {
      const size = getU32(content, at + 4);
      this.#nvm.write(getU32(content, at), content, at + ENTRY_HEADER, size);
      at += ENTRY_HEADER + size;
    }
  }

  #overlay(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    for (let at = 0; at < this.#pendingLength; ) {
      const start = getU32(this.#pending, at);
      const size = getU32(this.#pending, at + 4);
      const from = Math.max(start, address);
      const to = Math.min(start + size, address + length);
      for (let each = from; each < to; each++) {
        target[targetOffset + each - address] = this.#pending[at + ENTRY_HEADER + each - start] as number;
      }
      at += ENTRY_HEADER + size;
    }
  }

  #pendingByte(address: number, stored: number): number {
    let value = stored;
    for (let at = 0; at < this.#pendingLength; ) {
      const start = getU32(this.#pending, at);
      const size = getU32(this.#pending, at + 4);
      if (address >= start && address < start + size) {
        value = this.#pending[at + ENTRY_HEADER + address - start] as number;
      }
      at += ENTRY_HEADER + size;
    }
    return value;
  }

  #reserve(length: number): void {
    if (length <= this.#pending.length) return;
    const grown = new Uint8Array(Math.min(this.#capacity, Math.max(length, 2 * this.#pending.length)));
    grown.set(this.#pending);
    this.#pending = grown;
  }
}
