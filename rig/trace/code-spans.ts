import { commandLayout } from './command-layout.ts';
import { isFiller } from './padding.ts';
import type { FoundSpan } from './person-spans.ts';

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

/** GlobalPlatform, in its class bytes: the keys are enciphered or in the clear. */
const PUT_KEY = 0xd8;
/** PC/SC's command for a reader, class FF: a key of a memory card, in the clear. */
const LOAD_KEYS = 0x82;
const PROPRIETARY = 0x80;
const READERS_OWN = 0xff;

/** GlobalPlatform, in its class bytes; APPEND RECORD in the others. */
const STORE_DATA = 0xe2;
const PUT_DATA = 0xda;
/** Data objects of the OpenPGP card that PUT DATA sets: the resetting code, and keys. */
const SECRET_OBJECTS: ReadonlyMap<number, 'code' | 'key'> = new Map([
  [0x00d1, 'key'],
  [0x00d2, 'key'],
  [0x00d3, 'code'],
  [0x00d5, 'key'],
]);

/** PERFORM SECURITY OPERATION, and what P1 says that it answers, or P1-P2 that it takes. */
const PSO = 0x2a;
const HASH = 0x90;
const DIGITAL_SIGNATURE = 0x9e;
const VERIFY_SIGNATURE = 0x00a8;

const ENVELOPE = 0xc2;
/** With its data in data objects. */
const ENVELOPE_TLV = 0xc3;
/** What a command may be wrapped in: discretionary data, or a command to perform. */
const WRAPPERS: ReadonlySet<number> = new Set([0x52, 0x53, 0x73]);
const GET_RESPONSE = 0xc0;
/** Bit of CLA: more of the command follows. */
const CHAINING = 0x10;
/** CLA, INS, P1, P2 and the longest length field. */
const LONGEST_HEADER = 7;

/** Unfinished readings kept at a time: nobody envelopes more than one command at once, and no stream may fill the memory. */
const MOST_READINGS = 16;

/**
 * Finds the codes, keys and signatures in a stream of commands, those inside ENVELOPE too.
 *
 * An enveloped command may come in several ENVELOPEs, with or without the chaining bit in CLA. Without it nothing
 * tells the next part from a new command: then it is read both ways, and what is a code in either is one.
 */
export class CodeStream {
  #unfinished: EnvelopedCommand[] = [];
  #chained = false;

  /** @returns spans in `command`, in rising order, without overlap */
  next(command: Uint8Array): FoundSpan[] {
    if (command.length < 2) return [];
    const instruction = command[1] as number;
    const { dataOffset, dataLength } = commandLayout(command);
    const end = dataOffset + dataLength;
    if (instruction === ENVELOPE) return this.#envelope(command, dataOffset, end);
    if (instruction === ENVELOPE_TLV) {
      // The length of a wrapper may be that of all parts together: it may stand in the first one only.
      return this.#envelope(command, this.#chained ? dataOffset : unwrapped(command, dataOffset, end), end);
    }
    if (instruction !== GET_RESPONSE) this.#unfinished = [];
    const what = secretOf(command);
    if (what === null || dataLength === 0) return [];
    return [{ offset: dataOffset, length: dataLength, what, whole: ((command[0] as number) & CHAINING) === 0 }];
  }

  #envelope(command: Uint8Array, offset: number, end: number): FoundSpan[] {
    const length = end - offset;
    const readings = this.#unfinished;
    if (!this.#chained || readings.length === 0) readings.push(new EnvelopedCommand());
    const hidden = new Array<Secret | null>(length).fill(null);
    for (const reading of readings) {
      for (let i = 0; i < length; i++) {
        hidden[i] = reading.next(command[offset + i] as number) ?? hidden[i] ?? null;
      }
    }
    this.#chained = ((command[0] as number) & CHAINING) !== 0;
    this.#unfinished = readings.filter((reading) => !reading.complete).slice(-MOST_READINGS);
    return spansOf(hidden, offset);
  }
}

type Secret = 'code' | 'key' | 'signature';

/** What the data field of a command holds when it is secret. */
function secretOf(command: Uint8Array): Secret | null {
  const [cla = 0, instruction = 0, p1 = 0, p2 = 0] = command;
  if (cla === READERS_OWN) return instruction === LOAD_KEYS ? 'key' : null;
  if (instruction === PUT_KEY && (cla & PROPRIETARY) !== 0) return 'key';
  // What a card is personalised with: codes and keys among it, in an order that only the issuer knows.
  if (instruction === STORE_DATA && (cla & PROPRIETARY) !== 0) return 'key';
  if (instruction === PUT_DATA) return SECRET_OBJECTS.get((p1 << 8) | p2) ?? null;
  if (instruction === PSO && signs((p1 << 8) | p2)) return 'signature';
  return CODE_INSTRUCTIONS.has(instruction) ? 'code' : null;
}

/**
 * Whether P1-P2 of PERFORM SECURITY OPERATION say that a hash or a signature is sent or answered: HASH, COMPUTE and
 * VERIFY DIGITAL SIGNATURE of ISO/IEC 7816-8.
 */
export function signs(parameters: number): boolean {
  const p1 = parameters >> 8;
  return p1 === HASH || p1 === DIGITAL_SIGNATURE || parameters === VERIFY_SIGNATURE;
}

/** Where the command begins inside of the data objects that it is wrapped in. */
function unwrapped(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    let wrapper = at;
    // Class 00 of the command looks the same, but no wrapper follows it.
    while (isFiller(bytes[wrapper])) wrapper++;
    if (wrapper + 1 >= end || !WRAPPERS.has(bytes[wrapper] as number)) break;
    const length = bytes[wrapper + 1] as number;
    at = wrapper + (length < 0x80 ? 2 : 2 + (length & 0x7f));
  }
  return Math.min(at, end);
}

/** A command that arrives byte by byte. */
class EnvelopedCommand {
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #position = 0;

  /** Whether its data field has come to its end. */
  get complete(): boolean {
    return this.#position >= this.#dataEnd;
  }

  /** Takes the next byte. @returns what it is part of, if of a secret */
  next(byte: number): Secret | null {
    const position = this.#position++;
    if (position < LONGEST_HEADER) this.#header[position] = byte;
    if (position < this.#dataOffset || position >= this.#dataEnd) return null;
    return secretOf(this.#header);
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

function spansOf(hidden: readonly (Secret | null)[], shift: number): FoundSpan[] {
  const spans: FoundSpan[] = [];
  for (let i = 0; i < hidden.length; i++) {
    const what = hidden[i] ?? null;
    if (what === null) continue;
    const start = i;
    while (hidden[i + 1] === what) i++;
    spans.push({ offset: start + shift, length: i + 1 - start, what, whole: false });
  }
  return spans;
}
