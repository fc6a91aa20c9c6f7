import { CommandApdu } from '../../../src/apdu/command.ts';
import { INS } from '../../../src/apdu/instruction.ts';

/** Where the data of an answer lie in what is read piece by piece. */
export interface AnswerPart {
  /** All that was read so far and hangs together, this answer's data last. */
  readonly whole: Uint8Array;
  /** Where this answer's data begin in it. */
  readonly start: number;
}

/** More than any file of a card. */
const LONGEST_WHOLE = 65_536;

/**
 * Joins answers that are pieces of one: READ BINARY from offset to offset, GET RESPONSE after 61xx. A field that
 * differs is then named by the data objects of the whole file.
 */
export class TransferView {
  #whole: Uint8Array = new Uint8Array(0);
  #reading = false;
  #more = false;
  readonly #view = new CommandApdu();

  /** @param answer as expected, status word included */
  next(command: Uint8Array, answer: Uint8Array): AnswerPart {
    const data = answer.subarray(0, Math.max(0, answer.length - 2));
    const view = this.#view;
    view.parse(command, 0, command.length);
    const offset = view.ins === INS.READ_BINARY ? binaryOffset(view) : null;
    const goesOn =
      (view.ins === INS.GET_RESPONSE && this.#more) ||
      (offset !== null && offset > 0 && this.#reading && offset === this.#whole.length);
    const start = goesOn && this.#whole.length + data.length <= LONGEST_WHOLE ? this.#whole.length : 0;
    const whole = new Uint8Array(start + data.length);
    whole.set(this.#whole.subarray(0, start));
    whole.set(data, start);
    this.#whole = whole;
    this.#reading = offset !== null && (offset === 0 || goesOn);
    this.#more = answer.at(-2) === 0x61;
    return { whole, start };
  }
}

/** P1 b8 set: a short EF identifier and an offset of one byte. */
function binaryOffset({ p1, p2 }: CommandApdu): number {
  return (p1 & 0x80) !== 0 ? p2 : (p1 << 8) | p2;
}
