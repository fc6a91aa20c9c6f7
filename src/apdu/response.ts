import type { CommandApdu } from './command.ts';
import { bytesAvailable, SW, wrongLe } from './status-word.ts';

/** How the link below carries responses. */
export interface ResponseRules {
  /**
   * `T=1`: the reader's Le is a maximum and data travel with the status word. `T=0`: a case 4 command is answered
   * 61xx, and an Le that is not the exact length 6Cxx.
   */
  readonly protocol: 'T=0' | 'T=1';
  /** Longest response APDU that the link carries, status word included. */
  readonly largestResponse: number;
}

/**
 * The response APDU under construction, in one buffer that is made once.
 *
 * A command appends data at `length`. {@link complete} decides how much the reader gets now; the rest stays for
 * GET RESPONSE in the same buffer. The two bytes that the status word overwrites there are kept aside, so that no
 * second buffer and no copy is needed on the common path.
 */
export class ResponseBuffer {
  readonly bytes: Uint8Array;
  readonly rules: ResponseRules;
  readonly #view: DataView;
  /** Bytes of data written by the command so far. */
  length = 0;
  /**
   * The command came protected, and so will its answer: data travel with any status word, and the link's rules are
   * not those of the command inside. Until {@link clear}.
   */
  sealed = false;
  readonly #capacity: number;
  #restOffset = 0;
  #restLength = 0;
  #restStatus: number = SW.OK;
  #covered0 = 0;
  #covered1 = 0;

  /**
   * @param capacity the longest data that any command can produce, in bytes
   * @param margin what protection adds to them
   */
  constructor(capacity: number, rules: ResponseRules, margin = 0) {
    this.bytes = new Uint8Array(capacity + margin + 2);
    this.#capacity = capacity;
    this.#view = new DataView(this.bytes.buffer);
    this.rules = rules;
  }

  /** Room left for data. */
  get room(): number {
    return this.#capacity - this.length;
  }

  /** Adds bytes of a memory to the data, in words. @throws {RangeError} outside of it, or no room left */
  append(memory: DataView, address: number, length: number): void {
    const view = this.#view;
    let from = address;
    let to = this.length;
    const end = to + length;
    for (; to + 16 <= end; to += 16, from += 16) {
      view.setInt32(to, memory.getInt32(from, true), true);
      view.setInt32(to + 4, memory.getInt32(from + 4, true), true);
      view.setInt32(to + 8, memory.getInt32(from + 8, true), true);
      view.setInt32(to + 12, memory.getInt32(from + 12, true), true);
    }
    for (; to < end; to++, from++) view.setUint8(to, memory.getUint8(from));
    this.length = end;
  }

  /** Forgets data and what was kept for GET RESPONSE. */
  clear(): void {
    this.length = 0;
    this.#restLength = 0;
    this.sealed = false;
  }

  /** Bytes kept for GET RESPONSE. */
  get rest(): number {
    return this.#restLength;
  }

  /** Clears what a card must not keep: response data may be personal. */
  wipe(): void {
    this.clear();
    this.bytes.fill(0);
  }

  /** Whether the command's Le is one of T=0: of a command in clear over it. */
  get heedsT0(): boolean {
    return this.rules.protocol === 'T=0' && !this.sealed;
  }

  /**
   * Whether a command that produces exactly `length` bytes of data may go on: a smaller explicit Le is answered
   * 6Cxx, and over T=0 any other Le is. To be asked before the command changes anything.
   * @returns 9000 or 6Cxx
   */
  admits(length: number, command: CommandApdu): number {
    const ne = command.ne;
    if (ne === 0 || length === 0) return SW.OK;
    if (this.heedsT0) {
      return command.nc > 0 || ne === length || (ne === 256 && length > 256) ? SW.OK : wrongLe(length);
    }
    return length > ne && !asksForAll(command) ? wrongLe(length) : SW.OK;
  }

  /**
   * Ends the response with its status word.
   * @returns the length of the response APDU, from the first byte of `bytes`
   */
  complete(status: number, command: CommandApdu): number {
    if (this.length === 0 || !(carriesData(status) || this.sealed)) return this.#end(0, status);
    if (command.ne === 0) {
      // Without Le a T=0 card cannot tell case 3 from case 4 and offers the data; elsewhere none were asked for.
      return this.rules.protocol === 'T=0' ? this.#hold(0, status) : this.#end(0, status);
    }
    if (this.rules.protocol === 'T=0' && command.nc > 0) return this.#hold(0, status);
    const most = Math.min(command.ne, this.rules.largestResponse - 2);
    return this.length > most ? this.#hold(most, status) : this.#end(this.length, status);
  }

  /**
   * Takes up what was kept, for GET RESPONSE: it becomes the data again and `complete` hands out the next part.
   * @returns the status word that ends the whole response
   */
  resume(): number {
    const offset = this.#restOffset;
    this.bytes[offset] = this.#covered0;
    this.bytes[offset + 1] = this.#covered1;
    this.bytes.copyWithin(0, offset, offset + this.#restLength);
    this.length = this.#restLength;
    this.#restLength = 0;
    return this.#restStatus;
  }

  #hold(sent: number, status: number): number {
    this.#restOffset = sent;
    this.#restLength = this.length - sent;
    this.#restStatus = status;
    this.#covered0 = this.bytes[sent] as number;
    this.#covered1 = this.bytes[sent + 1] as number;
    return this.#end(sent, bytesAvailable(this.#restLength));
  }

  #end(dataLength: number, status: number): number {
    this.bytes[dataLength] = status >> 8;
    this.bytes[dataLength + 1] = status & 0xff;
    this.length = 0;
    return dataLength + 2;
  }
}

/** A response APDU: data, then the status word. */
export function encodeResponse(data: Uint8Array, status: number): Uint8Array {
  const response = new Uint8Array(data.length + 2);
  response.set(data);
  response[data.length] = status >> 8;
  response[data.length + 1] = status & 0xff;
  return response;
}

/** Whether data may come with this status word: 9000 and the warnings 62xx and 63xx. */
export function carriesData(status: number): boolean {
  const sw1 = status >> 8;
  return sw1 === 0x90 || sw1 === 0x62 || sw1 === 0x63;
}

/** Whether Le is the largest of its form, 00 or 0000: all there is, rather than so many bytes. */
export function asksForAll(command: CommandApdu): boolean {
  return command.extended ? command.ne === 65_536 : command.ne === 256;
}
