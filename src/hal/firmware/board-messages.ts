/*
 * What a host says to the board itself, not to its card. Any message of four bytes or more may be a command, so one that is
 * not is announced: a control of one byte, then the message, whose first byte says what it is. Each is answered by one
 * message; an echo in between calls the announcement off.
 */

import { copyBytes } from '../../apdu/copy-bytes.ts';

/** Control: the next message is for the board. */
export const TO_BOARD = 0x05;

/** First byte of a message to the board. */
export const BOARD_MESSAGE = {
  /** No more; answered by {@link BoardCard}. */
  card: 0x00,
  /** A command through the card's wired interface, as the phone's own screen sends them; answered by its response. */
  holder: 0x01,
  /** No more; answered by {@link BoardFigures}. */
  figures: 0x02,
  /** Which of {@link SELF_TESTS}; answered by its numbers. */
  selfTest: 0x03,
  /** No more; answered by {@link CardIdentity}. */
  identity: 0x04,
  /** Another card, by `put-messages.ts`: size and CRC-32; then where a part begins, and the part; then no more. */
  putBegin: 0x05,
  putPart: 0x06,
  putEnd: 0x07,
} as const;

/** What a board finds out about itself: second byte of the message, and the numbers of 32 bits of the answer. */
export const SELF_TESTS = {
  clock: { code: 0x00, numbers: ['microseconds'] },
  /** `first` is meant when something is wrong: an offset in the block that was tested. */
  ram: { code: 0x01, numbers: ['bytes', 'wrong', 'first'] },
  /** Of the card's memory: pages that were set aside since the board got it. */
  flash: { code: 0x02, numbers: ['pages', 'setAside', 'first'] },
  /** 1: the chip on the second UART answers. */
  chip: { code: 0x03, numbers: ['answers'] },
} as const;

export type SelfTest = keyof typeof SELF_TESTS;
export type SelfTestNumbers<T extends SelfTest> = Readonly<Record<(typeof SELF_TESTS)[T]['numbers'][number], number>>;

/**
 * What a board says that did not start, unasked and to whoever asks: these two bytes, the RAM that it has for the card in 4
 * bytes, the same as a sentence, 00 00. No response of a card ends so.
 */
const SHORT_OF_MEMORY: readonly number[] = [0xec, 0x01];
const LEAST_SHORT_OF_MEMORY = SHORT_OF_MEMORY.length + 4 + 2;

/** @returns bytes of RAM that the board has for a card that needs more; null: not such a message */
export function decodeShortOfMemory(body: Uint8Array): number | null {
  if (body.length < LEAST_SHORT_OF_MEMORY || !SHORT_OF_MEMORY.every((byte, i) => body[i] === byte)) return null;
  if (body[body.length - 2] !== 0x00 || body[body.length - 1] !== 0x00) return null;
  return body.subarray(2, 6).reduce((value, byte) => value * 256 + byte, 0);
}

/** Answer to a message that this board does not know, or cannot have: this byte alone. */
export const NOT_HERE = 0xff;

const INTERFACES = ['contact', 'contactless', 'wired'] as const;

/** What card the board has. */
export interface BoardCard {
  /** That of the UART to the host. */
  readonly interface: (typeof INTERFACES)[number];
  /** How long a right code opens the window of a card with a holder; 0: it has none. */
  readonly windowSeconds: number;
}

/** Which card the board has. */
export interface CardIdentity {
  readonly serial: Uint8Array;
  readonly profile: string;
}

/** Each with its length before it. */
export function encodeIdentity({ serial, profile }: CardIdentity): Uint8Array {
  const name = Array.from({ length: profile.length }, (_, i) => profile.charCodeAt(i) & 0x7f);
  return Uint8Array.of(serial.length, ...serial, name.length, ...name);
}

/** @returns null: not such an answer */
export function decodeIdentity(answer: Uint8Array): CardIdentity | null {
  const serialEnd = 1 + (answer[0] ?? 0);
  const length = answer[serialEnd];
  if (length === undefined || answer.length !== serialEnd + 1 + length) return null;
  return {
    serial: copyBytes(answer, 1, serialEnd),
    profile: String.fromCharCode(...answer.subarray(serialEnd + 1)),
  };
}

/** Numbers of 32 bits, in this order. Memory in bytes, times in microseconds of the board's own clock. */
const FIGURES = [
  /** From the start to the first message. */
  'bootUs',
  /** The last command in the card, without the line. */
  'commandUs',
  /** The longest command since the start. */
  'longestUs',
  /** The longest that the card took over power, reset or field since the start: it prepares what needs no reader. */
  'longestEventUs',
  /** The most that the engine's heap ever took from the board. */
  'heapTaken',
  /** What of it is in use. */
  'heapUsed',
  /** The most of the stack that was ever used. */
  'stackUsed',
  'stackSize',
  /** Variables of the port. */
  'staticSize',
  /** Bytes that came when nothing had room for them. */
  'hostLost',
  'chipLost',
] as const;

export type BoardFigures = Readonly<Record<(typeof FIGURES)[number], number>>;

export function encodeCard({ interface: cardInterface, windowSeconds }: BoardCard): Uint8Array {
  return Uint8Array.of(INTERFACES.indexOf(cardInterface), windowSeconds >> 8, windowSeconds & 0xff);
}

/** @returns null: not such an answer */
export function decodeCard(answer: Uint8Array): BoardCard | null {
  const cardInterface = INTERFACES[answer[0] as number];
  if (answer.length < 3 || cardInterface === undefined) return null;
  return { interface: cardInterface, windowSeconds: ((answer[1] as number) << 8) | (answer[2] as number) };
}

export function encodeFigures(figures: BoardFigures): Uint8Array {
  return encodeNumbers(FIGURES.map((name) => Math.min(figures[name], 0xffff_ffff)));
}

/** Numbers of 32 bits, big-endian. */
export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  numbers.forEach((value, i) => {
    for (let at = 0; at < 4; at++) bytes[4 * i + at] = (value >>> (24 - 8 * at)) & 0xff;
  });
  return bytes;
}

/** @returns null: not such an answer */
export function decodeFigures(answer: Uint8Array): BoardFigures | null {
  return decodeNumbers(answer, FIGURES);
}

/** @returns null: not such an answer */
export function decodeSelfTest<T extends SelfTest>(answer: Uint8Array, test: T): SelfTestNumbers<T> | null {
  return decodeNumbers<SelfTestNumbers<T>>(answer, SELF_TESTS[test].numbers);
}

function decodeNumbers<T extends Readonly<Record<string, number>>>(
  answer: Uint8Array,
  names: readonly string[],
): T | null {
  if (answer.length < 4 * names.length) return null;
  const number = (at: number): number => answer.subarray(at, at + 4).reduce((value, byte) => value * 256 + byte, 0);
  return Object.fromEntries(names.map((name, i) => [name, number(4 * i)])) as T;
}
