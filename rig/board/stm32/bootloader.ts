import { HalError } from '../../../src/hal/errors.ts';
import { hexAddress } from '../firmware/firmware-image.ts';
import {
  ACK,
  BUSY,
  COMMAND,
  COMMAND_WORDS,
  type CommandName,
  ERASE_ALL,
  EXTENDED_ERASE_ALL,
  EXTENDED_ERASE_BANK,
  LARGEST_BLOCK,
  MOST_EXTENDED_PAGES,
  MOST_PAGES,
  NACK,
  SYNC,
  TIME_LIMIT,
  WRITE_ALIGNMENT,
} from './an3155.ts';
import type { ByteLine } from './byte-line.ts';

/** What Get answers. */
export interface BootloaderInfo {
  /** Major and minor version, a digit each. */
  readonly version: number;
  readonly commands: readonly number[];
}

/** The bootloader answered NACK. */
export class Refused extends HalError {
  readonly command: CommandName;
  /** Whether the command itself was refused, not what belongs to it. */
  readonly atOnce: boolean;

  constructor(command: CommandName, atOnce: boolean, what: string) {
    super('protocol', `the bootloader refuses ${what} (NACK)`);
    this.name = 'Refused';
    this.command = command;
    this.atOnce = atOnce;
  }
}

/** Milliseconds of silence after which the bootloader waits for something. */
const QUIET_MS = 100;
/** Bytes that complete whatever frame but a block of data the bootloader may be in. */
const SHORT_FRAME = 6;
const RESYNC_ROUNDS = 4;

/**
 * The commands of AN3155, each a promise of its answer. All throw {HalError}: {@link Refused} for a NACK; `timeout` for
 * silence; `protocol` for anything else; `reader-lost` and `aborted` of the line.
 */
export class Stm32Bootloader {
  readonly #line: ByteLine;
  /** Of Get; before it, what every bootloader has. */
  #commands: readonly number[] = Object.values(COMMAND);

  constructor(line: ByteLine) {
    this.#line = line;
  }

  /** Whether pages are erased by Extended Erase Memory. */
  get erasesExtended(): boolean {
    return this.#commands.includes(COMMAND.extendedErase);
  }

  /** Finds the bootloader, whether it is new at the line or waits for the rest of something. */
  async sync(): Promise<void> {
    await this.#line.drain(1);
    await this.#line.send([SYNC]);
    const answer = await this.#line.next(TIME_LIMIT.sync);
    if (answer === ACK) return;
    // It was in sync already: it took 7F for a half of a command before this one.
    if (answer === NACK || answer === null) {
      const before = this.#line.heard;
      if (await this.#resynchronised()) return;
      const where = this.#line.path;
      if (answer === null && this.#line.heard === before) {
        throw new HalError(
          'timeout',
          `nothing answers the byte 7F at ${where}: is the board in its bootloader (BOOT0 high, then a reset)`,
        );
      }
      throw new HalError(
        'protocol',
        `something answers at ${where}, but no command: reset the board into its bootloader`,
      );
    }
    const others = await this.#line.drain(QUIET_MS);
    const came = [answer, ...others.subarray(0, 7)].map(hexByte).join(' ');
    throw new HalError(
      'protocol',
      `what answers the byte 7F at ${this.#line.path} is ${came}, not ACK (79): another program runs on the board, or the line has another speed`,
    );
  }

  /** After a lost byte: completes whatever the bootloader waits for. @returns false when it does not answer */
  async resync(): Promise<boolean> {
    return this.#resynchronised();
  }

  async get(): Promise<BootloaderInfo> {
    await this.#command('get');
    const [version = 0, ...commands] = await this.#counted('get');
    await this.#ack('get', TIME_LIMIT.answer);
    this.#commands = commands;
    return { version, commands };
  }

  /** @returns version, and the two bytes for the read protection, which newer chips leave at 0 */
  async getVersion(): Promise<{ readonly version: number; readonly options: readonly [number, number] }> {
    await this.#command('getVersion');
    const [version = 0, first = 0, second = 0] = await this.#bytes('getVersion', 3);
    await this.#ack('getVersion', TIME_LIMIT.answer);
    return { version, options: [first, second] };
  }

  /** @returns the product identifier */
  async getId(): Promise<number> {
    await this.#command('getId');
    const id = await this.#counted('getId');
    await this.#ack('getId', TIME_LIMIT.answer);
    if (id.length !== 2)
      throw new HalError('protocol', `the bootloader gives a chip identifier of ${id.length} bytes, not 2`);
    return (id[0]! << 8) | id[1]!;
  }

  /** @param length 1 to 256 */
  async read(address: number, length: number): Promise<Uint8Array> {
    await this.#command('readMemory');
    await this.#address('readMemory', address);
    await this.#line.send([length - 1, ~(length - 1) & 0xff]);
    // An adapter may hold it until it has what follows.
    const limitMs = TIME_LIMIT.answer + this.#line.msOf(length);
    await this.#ack('readMemory', limitMs, `${length} bytes at ${hexAddress(address)}`);
    return this.#bytes('readMemory', length);
  }

  /** @param bytes 1 to 256, a multiple of 4, as the address is */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || bytes.length > LARGEST_BLOCK || bytes.length % WRITE_ALIGNMENT !== 0) {
      throw new RangeError(
        `a block has 4 to ${LARGEST_BLOCK} bytes, a multiple of ${WRITE_ALIGNMENT}, not ${bytes.length}`,
      );
    }
    await this.#command('writeMemory');
    await this.#address('writeMemory', address);
    await this.#line.send(withChecksum([bytes.length - 1, ...bytes]));
    await this.#ack('writeMemory', TIME_LIMIT.write, `a block at ${hexAddress(address)}`);
  }

  /** Pages by their numbers; at most {@link mostPages} of them. */
  async erase(pages: readonly number[]): Promise<void> {
    const limit = TIME_LIMIT.page * pages.length;
    if (this.erasesExtended) {
      await this.#command('extendedErase');
      await this.#line.send(withChecksum([pages.length - 1, ...pages].flatMap((value) => [value >> 8, value & 0xff])));
      await this.#ack('extendedErase', limit, 'these pages');
    } else {
      await this.#command('erase');
      await this.#line.send(withChecksum([pages.length - 1, ...pages]));
      await this.#ack('erase', limit, 'these pages');
    }
  }

  /** Pages that one command erases. */
  get mostPages(): number {
    return this.erasesExtended ? MOST_EXTENDED_PAGES : MOST_PAGES;
  }

  async eraseAll(): Promise<void> {
    if (this.erasesExtended) return this.#eraseSpecial(EXTENDED_ERASE_ALL);
    await this.#command('erase');
    await this.#line.send([ERASE_ALL, ~ERASE_ALL & 0xff]);
    await this.#ack('erase', TIME_LIMIT.chip, 'the whole flash');
  }

  async eraseBank(bank: 1 | 2): Promise<void> {
    return this.#eraseSpecial(EXTENDED_ERASE_BANK[bank]);
  }

  /** Starts the program whose vector table is there; the bootloader is left. */
  async go(address: number): Promise<void> {
    await this.#command('go');
    await this.#address('go', address);
  }

  /** Protects these sectors, and only these, from writing; the chip resets. */
  async writeProtect(sectors: readonly number[]): Promise<void> {
    await this.#command('writeProtect');
    await this.#line.send(withChecksum([sectors.length - 1, ...sectors]));
    await this.#ack('writeProtect', TIME_LIMIT.protection, 'these sectors');
  }

  /** Takes the write protection from all sectors; the chip resets. */
  async writeUnprotect(): Promise<void> {
    await this.#command('writeUnprotect');
    await this.#ack('writeUnprotect', TIME_LIMIT.protection, 'it');
  }

  /** Nothing can be read or written afterwards; the chip resets. */
  async readoutProtect(): Promise<void> {
    await this.#command('readoutProtect');
    await this.#ack('readoutProtect', TIME_LIMIT.protection, 'it');
  }

  /** Erases the whole flash, then takes the protection away; the chip resets. */
  async readoutUnprotect(): Promise<void> {
    await this.#command('readoutUnprotect');
    await this.#ack('readoutUnprotect', TIME_LIMIT.chip, 'it');
  }

  async #eraseSpecial(code: number): Promise<void> {
    await this.#command('extendedErase');
    await this.#line.send(withChecksum([code >> 8, code & 0xff]));
    await this.#ack('extendedErase', TIME_LIMIT.chip, 'the whole flash');
  }

  async #command(name: CommandName): Promise<void> {
    const code = COMMAND[name];
    if (!this.#commands.includes(code)) {
      throw new HalError('unsupported', `this bootloader does not have the command ${COMMAND_WORDS[name]}`);
    }
    await this.#line.send([code, ~code & 0xff]);
    await this.#ack(name, TIME_LIMIT.answer);
  }

  async #address(name: CommandName, address: number): Promise<void> {
    const bytes = [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff];
    await this.#line.send(withChecksum(bytes));
    await this.#ack(name, TIME_LIMIT.answer, `the address ${hexAddress(address)}`);
  }

  /** @param what what was sent with the command; absent: the command itself */
  async #ack(name: CommandName, limitMs: number, what?: string): Promise<void> {
    let byte = await this.#line.next(limitMs);
    while (byte === BUSY) byte = await this.#line.next(limitMs);
    if (byte === ACK) return;
    const words = COMMAND_WORDS[name];
    if (byte === NACK) throw new Refused(name, what === undefined, what === undefined ? words : `${words} of ${what}`);
    if (byte === null) throw new HalError('timeout', `the bootloader does not answer ${words} any more`);
    throw new HalError('protocol', `the bootloader answers ${words} with ${hexByte(byte)}, neither ACK nor NACK`);
  }

  async #bytes(name: CommandName, length: number): Promise<Uint8Array> {
    const bytes = await this.#line.take(length, TIME_LIMIT.answer + this.#line.msOf(length));
    if (bytes.length === length) return bytes;
    throw new HalError(
      'timeout',
      `the answer to ${COMMAND_WORDS[name]} is cut off: ${bytes.length} of ${length} bytes came`,
    );
  }

  /** An answer that begins with how many bytes follow, less one. */
  async #counted(name: CommandName): Promise<Uint8Array> {
    const [count = 0] = await this.#bytes(name, 1);
    return this.#bytes(name, count + 1);
  }

  async #resynchronised(): Promise<boolean> {
    for (let round = 0; round < RESYNC_ROUNDS; round++) {
      await this.#line.drain(QUIET_MS);
      // FF is no command, and no half of one but with 00: it ends the shorter frames with a NACK.
      for (let i = 0; i < SHORT_FRAME; i++) {
        await this.#line.send([0xff]);
        const came = await this.#line.drain(QUIET_MS);
        if (came.at(-1) === NACK) return this.#aligned();
      }
      // The data of a block: its checksum will not fit, and if it does, the block is read back.
      await this.#line.send(new Uint8Array(LARGEST_BLOCK + 1).fill(0xff));
      await this.#line.drain(TIME_LIMIT.answer);
    }
    return false;
  }

  /** After a NACK a frame begins: a command that does nothing tells. */
  async #aligned(): Promise<boolean> {
    await this.#line.send([COMMAND.get, ~COMMAND.get & 0xff]);
    const first = await this.#line.next(TIME_LIMIT.answer);
    const others = await this.#line.drain(QUIET_MS);
    return first === ACK && others.at(-1) === ACK;
  }
}

/** The bytes and the XOR of them; of one byte, its complement. */
function withChecksum(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes, bytes.reduce((sum, byte) => sum ^ byte, 0)]);
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
