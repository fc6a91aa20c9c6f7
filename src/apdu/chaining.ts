import { withoutChaining } from './class-byte.ts';
import type { CommandApdu } from './command.ts';

/**
 * Collects the data fields of a command chain (ISO/IEC 7816-4): commands alike in class (but for the chaining
 * bit), instruction and P1-P2, of which the last has the bit clear.
 */
export class CommandChain {
  readonly capacity: number;
  #bytes: Uint8Array | null = null;
  #length = 0;
  #open = false;
  #stepwise = false;
  #cla = 0;
  #ins = 0;
  #p1 = 0;
  #p2 = 0;

  /** @param capacity longest whole data field, in bytes; the buffer is made when the first chain comes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Whether the open chain is one of steps, which {@link begin} opened. */
  get stepwise(): boolean {
    return this.#open && this.#stepwise;
  }

  /** Whether the command goes on with the open chain. */
  continuedBy(command: CommandApdu): boolean {
    return (
      withoutChaining(command.cla) === this.#cla &&
      command.ins === this.#ins &&
      command.p1 === this.#p1 &&
      command.p2 === this.#p2
    );
  }

  /**
   * Adds the command's data field, opening a chain if none is.
   * @returns false when the whole would be longer than `capacity`; the chain is then to be dropped
   */
  append(command: CommandApdu): boolean {
    if (!this.#open) {
      this.#open = true;
      this.#stepwise = false;
      this.#length = 0;
      this.#follow(command);
    }
    if (this.#length + command.nc > this.capacity) return false;
    this.#bytes ??= new Uint8Array(this.capacity);
    for (let i = 0; i < command.nc; i++)
      this.#bytes[this.#length + i] = command.bytes[command.dataOffset + i] as number;
    this.#length += command.nc;
    return true;
  }

  /** Opens a chain whose commands are answered one by one: it holds no data, and says what goes on with it. */
  begin(command: CommandApdu): void {
    this.drop();
    this.#open = true;
    this.#stepwise = true;
    this.#follow(command);
  }

  /** Makes the last command the whole one: its data field becomes all that was collected. */
  conclude(command: CommandApdu): void {
    command.bytes = this.#bytes ?? new Uint8Array(0);
    command.dataOffset = 0;
    command.nc = this.#length;
    this.#open = false;
  }

  #follow(command: CommandApdu): void {
    this.#cla = withoutChaining(command.cla);
    this.#ins = command.ins;
    this.#p1 = command.p1;
    this.#p2 = command.p2;
  }

  /** Forgets the chain and what it carried. */
  drop(): void {
    this.#open = false;
    this.#length = 0;
    this.#bytes?.fill(0);
  }
}
