import type { Nvm } from '../nvm.ts';
import type { Random } from '../random.ts';
import { checkSpan } from '../span.ts';
import { MemoryNvm, type NvmTraits } from './memory.ts';

/** The power is gone. Nothing can be done with this memory any more but take what survived. */
export class PowerLoss extends Error {
  constructor(step: number) {
    super(`power lost at step ${step}`);
    this.name = 'PowerLoss';
  }
}

export interface PowerLossOptions extends NvmTraits {
  /**
   * The step that is not done any more. Every byte of every write is a step, and so is every flush,
   * counted together from 0. Without it the power stays: run once so, read `steps`, then try each.
   */
  readonly losesPowerAt?: number;
}

/**
 * Memory that loses its power at a given byte of a given write.
 *
 * Bytes reach it in the order of their addresses. What was written since the last flush may be there
 * or not: `survivor` lets the test choose.
 */
export class PowerLossNvm implements Nvm {
  readonly size: number;
  readonly eraseValue: number;
  readonly writeGranule: number;
  readonly #losesPowerAt: number;
  /** Every byte that was written. */
  readonly #written: MemoryNvm;
  /** What the last flush made durable. */
  readonly #durable: MemoryNvm;
  readonly #byte = new Uint8Array(1);
  #unflushedFrom: number;
  #unflushedTo = 0;
  #steps = 0;
  #powered = true;

  constructor(content: number | Uint8Array, options: PowerLossOptions = {}) {
    this.#written = new MemoryNvm(content, options);
    this.#durable = new MemoryNvm(this.#written.snapshot(), options);
    this.size = this.#written.size;
    this.#unflushedFrom = this.size;
    this.eraseValue = this.#written.eraseValue;
    this.writeGranule = this.#written.writeGranule;
    this.#losesPowerAt = options.losesPowerAt ?? Number.POSITIVE_INFINITY;
  }

  /** Bytes written and flushes done so far. */
  get steps(): number {
    return this.#steps;
  }

  get powered(): boolean {
    return this.#powered;
  }

  /** @throws {PowerLoss} after the loss */
  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    this.#checkPower();
    this.#written.read(address, target, targetOffset, length);
  }

  /** @throws {PowerLoss} after the loss */
  readByte(address: number): number {
    this.#checkPower();
    return this.#written.readByte(address);
  }

  /** @throws {PowerLoss} at the loss, the bytes before it written, and after it */
  write(address: number, source: Uint8Array, sourceOffset: number, length: number): void {
    this.#checkPower();
    checkSpan('memory', this.size, address, length);
    checkSpan('source', source.length, sourceOffset, length);
    for (let i = 0; i < length; i++) {
      this.#step();
      this.#written.write(address + i, source, sourceOffset + i, 1);
      this.#unflushedFrom = Math.min(this.#unflushedFrom, address + i);
      this.#unflushedTo = Math.max(this.#unflushedTo, address + i + 1);
    }
  }

  /** @throws {PowerLoss} at the loss and after it */
  flush(): void {
    this.#checkPower();
    this.#step();
    // Only what may differ: a test flushes some thousand times.
    for (let address = this.#unflushedFrom; address < this.#unflushedTo; address++) {
      this.#written.read(address, this.#byte, 0, 1);
      this.#durable.write(address, this.#byte, 0, 1);
    }
    this.#unflushedFrom = this.size;
    this.#unflushedTo = 0;
  }

  /**
   * What a card that is powered again finds, as a new memory with power of its own.
   * @param unflushed what became of the bytes written since the last flush: all `kept`, all `lost`, or a
   * source of coins, for each byte that differs one (the write order of a cache is nobody's business)
   */
  survivor(unflushed: 'kept' | 'lost' | Random): MemoryNvm {
    const kept = this.#written.snapshot();
    const survived = this.#durable.snapshot();
    for (let address = 0; address < this.size; address++) {
      if (kept[address] === survived[address]) continue;
      if (unflushed === 'lost' || (unflushed !== 'kept' && !this.#coin(unflushed))) continue;
      survived[address] = kept[address] as number;
    }
    return new MemoryNvm(survived, { eraseValue: this.eraseValue, writeGranule: this.writeGranule });
  }

  #coin(random: Random): boolean {
    random.fill(this.#byte, 0, 1);
    return ((this.#byte[0] as number) & 1) === 1;
  }

  #step(): void {
    if (this.#steps >= this.#losesPowerAt) {
      this.#powered = false;
      throw new PowerLoss(this.#steps);
    }
    this.#steps++;
  }

  #checkPower(): void {
    if (!this.#powered) throw new PowerLoss(this.#steps);
  }
}
