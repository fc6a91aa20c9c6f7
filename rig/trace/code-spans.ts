import { commandLayout } from './command-layout.ts';
import type { Span } from './nir-spans.ts';

/** Instructions whose data field is or holds a code, whatever the class: ISO/IEC 7816-4, and the forms in BER-TLV. */
const CODE_INSTRUCTIONS: ReadonlySet<number> = new Set([
  0x20, // VERIFY
  0x21,
  0x24, // CHANGE REFERENCE DATA
  0x25,
  0x26, // DISABLE VERIFICATION REQUIREMENT
  0x28, // ENABLE VERIFICATION REQUIREMENT
  0x2c, // RESET RETRY COUNTER
  0x2d,
]);

const ENVELOPE = 0xc2;
const GET_RESPONSE = 0xc0;
/** Bit of CLA: more of the command follows. */
const CHAINING = 0x10;
/** CLA, INS, P1, P2 and the longest length field. */
const LONGEST_HEADER = 7;

/** Unfinished readings kept at a time: nobody envelopes more than one command at once, and no stream may fill the memory. */
const MOST_READINGS = 16;

/**
 * Finds the codes in a stream of commands, those inside ENVELOPE too.
 *
 * An enveloped command may come in several ENVELOPEs, with or without the chaining bit in CLA. Without it nothing
 * tells the next part from a new command: then it is read both ways, and what is a code in either is one.
 */
export class CodeStream {
  #unfinished: EnvelopedCommand[] = [];
  #chained = false;

  /** @returns spans in `command`, in rising order, without overlap */
  next(command: Uint8Array): Span[] {
    if (command.length < 2) return [];
    const instruction = command[1] as number;
    const { dataOffset, dataLength } = commandLayout(command);
    if (instruction === ENVELOPE) return this.#envelope(command, dataOffset, dataLength);
    if (instruction !== GET_RESPONSE) this.#unfinished = [];
    return CODE_INSTRUCTIONS.has(instruction) && dataLength > 0 ? [{ offset: dataOffset, length: dataLength }] : [];
  }

  #envelope(command: Uint8Array, offset: number, length: number): Span[] {
    const readings = this.#unfinished;
    if (!this.#chained || readings.length === 0) readings.push(new EnvelopedCommand());
    const hidden = new Array<boolean>(length).fill(false);
    for (const reading of readings) {
      for (let i = 0; i < length; i++) hidden[i] = reading.next(command[offset + i] as number) || hidden[i] === true;
    }
    this.#chained = ((command[0] as number) & CHAINING) !== 0;
    this.#unfinished = readings.filter((reading) => !reading.complete).slice(-MOST_READINGS);
    return spansOf(hidden, offset);
  }
}

/** A command that arrives byte by byte. */
class EnvelopedCommand {
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #position = 0;

  /** Whether its data field has come to its end. */
  get complete(): boolean {
    return this.#position >= this.#dataEnd;
  }

  /** Takes the next byte. @returns whether it is part of a code */
  next(byte: number): boolean {
    const position = this.#position++;
    if (position < LONGEST_HEADER) this.#header[position] = byte;
    return CODE_INSTRUCTIONS.has(this.#header[1] as number) && position >= this.#dataOffset && position < this.#dataEnd;
  }

  get #dataOffset(): number {
    return this.#position > 4 && this.#header[4] !== 0 ? 5 : 7;
  }

  get #dataEnd(): number {
    if (this.#position < 5) return Number.POSITIVE_INFINITY;
    const short = this.#header[4] as number;
    if (short !== 0) return 5 + short;
    if (this.#position < 7) return Number.POSITIVE_INFINITY;
    return 7 + (((this.#header[5] as number) << 8) | (this.#header[6] as number));
  }
}

function spansOf(hidden: readonly boolean[], shift: number): Span[] {
  const spans: Span[] = [];
  for (let i = 0; i < hidden.length; i++) {
    if (!hidden[i]) continue;
    const start = i;
    while (hidden[i + 1]) i++;
    spans.push({ offset: start + shift, length: i + 1 - start });
  }
  return spans;
}
