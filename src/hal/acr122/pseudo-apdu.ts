import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import { TFI } from '../pn532/frame.ts';
import { Pn532SyntaxError } from '../pn532/status.ts';
import type { CommandOptions, Pn532Transport } from '../pn532/transport.ts';

/** `FF 00 00 00 Lc`: what follows is for the PN532. */
const DIRECT_TRANSMIT = [0xff, 0x00, 0x00, 0x00] as const;
/** On a reader that speaks T=0 the answer waits to be fetched. */
const GET_RESPONSE = [0xff, 0xc0, 0x00, 0x00] as const;
/** Lc has one byte, and one byte of the data says that the host speaks. */
const LARGEST_COMMAND = 254;
const LARGEST_RESPONSE = 264;
/** The chip's error frame, as the reader passes it on. */
const SYNTAX_ERROR = 0x7f;

/** Carries an APDU to the reader's firmware, whatever way. */
export interface PseudoApduChannel {
  readonly reader: string;
  /** @returns the answer with its status word; some firmware answers nothing at all. @throws {HalError} */
  send(apdu: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** How long the firmware may keep a command before it gives it up by itself, and some. */
const FIRMWARE_MS = 8000;

/** A PN532 inside of a USB reader, reached through the reader's firmware by pseudo-APDUs. */
export class PseudoApduTransport implements Pn532Transport {
  readonly name: string;
  readonly largestCommand: number = LARGEST_COMMAND;
  readonly largestResponse: number = LARGEST_RESPONSE;
  readonly waitsForever = false;
  readonly #channel: PseudoApduChannel;
  #last: Promise<unknown> = Promise.resolve();
  /** Fails the commands that wait; the one that the firmware has cannot be called back. */
  #abort: ((reason: HalError) => void)[] = [];
  #lost: Error | null = null;
  #lostListener: ((reason: Error) => void) | null = null;

  constructor(channel: PseudoApduChannel) {
    this.#channel = channel;
    this.name = `acr122:${channel.reader}`;
  }

  exchange(command: Uint8Array, options: CommandOptions): Promise<Uint8Array> {
    if (command.length > LARGEST_COMMAND) {
      const words = `a command of ${command.length} bytes is too long: "${this.#channel.reader}" takes ${LARGEST_COMMAND}`;
      return Promise.reject(new HalError('too-long', words));
    }
    const apdu = Uint8Array.of(...DIRECT_TRANSMIT, command.length + 1, TFI.hostToChip, ...command);
    return new Promise((resolve, reject) => {
      this.#abort.push(reject);
      let aborted = false;
      const done = (): void => {
        this.#abort = this.#abort.filter((each) => each !== reject);
      };
      const work = async (): Promise<void> => {
        aborted = !this.#abort.includes(reject);
        if (aborted) return;
        if (this.#lost !== null) throw this.#lost;
        resolve(await this.#send(apdu, command[0] as number, options));
      };
      const mine = this.#last.then(work).catch(reject).finally(done);
      this.#last = mine;
    });
  }

  abort(): void {
    for (const reject of this.#abort.splice(0)) reject(new HalError('aborted', 'the command was cancelled'));
  }

  onLost(listener: (reason: Error) => void): void {
    this.#lostListener = listener;
  }

  async close(): Promise<void> {
    this.#lostListener = null;
    await this.#last;
    await this.#channel.close();
  }

  /** A command for the reader's own firmware, as `FF 00 48 00 00`. @returns the answer with its status word */
  firmwareCommand(apdu: Uint8Array): Promise<Uint8Array> {
    const mine = this.#last.then(() => this.#channel.send(apdu, FIRMWARE_MS));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #send(apdu: Uint8Array, code: number, { timeoutMs }: CommandOptions): Promise<Uint8Array> {
    const limit = Math.max(timeoutMs ?? 0, FIRMWARE_MS);
    try {
      let answer = await this.#channel.send(apdu, limit);
      if (answer.length === 2 && answer[0] === 0x61) {
        answer = await this.#channel.send(Uint8Array.of(...GET_RESPONSE, answer[1] as number), limit);
      }
      return this.#unwrapped(answer, code);
    } catch (error) {
      if (error instanceof HalError && (error.kind === 'reader-lost' || error.kind === 'no-service')) {
        this.#lost ??= error;
        this.#lostListener?.(error);
      }
      throw error;
    }
  }

  /** `D5`, the response, `90 00`. */
  #unwrapped(answer: Uint8Array, code: number): Uint8Array {
    const { reader } = this.#channel;
    const sw = answer.length < 2 ? 0 : (answer[answer.length - 2]! << 8) | answer[answer.length - 1]!;
    if (sw === 0x6300) {
      throw new HalError('timeout', `the PN532 inside of "${reader}" gave its firmware no answer`);
    }
    // The firmware waits some seconds for a command that takes its time, and then says that all is well.
    if (answer.length === 0 || (answer.length === 2 && sw === 0x9000)) return new Uint8Array(0);
    if (sw === 0x9000 && answer[0] === SYNTAX_ERROR) throw new Pn532SyntaxError(code, reader);
    if (sw !== 0x9000 || answer[0] !== TFI.chipToHost || answer[1] !== code + 1) {
      throw new HalError('protocol', `"${reader}" does not pass commands on to a PN532: is it an ACR122U?`);
    }
    return copyBytes(answer, 1, -2);
  }
}
