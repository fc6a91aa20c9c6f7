import type { CardInterface, CardLink, LinkedCard } from '../../src/hal/card-link.ts';
import type { Reader } from '../../src/hal/reader.ts';
import type { SerialLineOpener } from '../../src/hal/serial-line.ts';
import { isVirtualReader } from '../../src/hal/vpcd/reader-name.ts';
import type { ChipPort } from './pn532.ts';

/** `hardware`: a real card or terminal over a real reader or board. `simulated`: all of it is software. */
export type Backend = 'simulated' | 'hardware';

/** Whether a PC/SC reader is simulated or hardware, judged by its name. */
export function pcscBackend(reader: string): Backend {
  return isVirtualReader(reader) ? 'simulated' : 'hardware';
}

/** What of the machine a driver needs: ids of the doctor's checks. */
export type Need = 'nfc-pcsc' | 'pcsc-ffi' | 'pcscd' | 'vpcd' | 'serial';

/** Sizes of the commands that a way to a card carries, in bytes. */
export interface CommandReach {
  readonly shortestCommand: number;
  readonly longestCommand: number;
}

/** How a reader looks for cards; `hidden`: by itself, before a tap begins. */
export interface Polling {
  readonly detail: string;
  readonly hidden: boolean;
}

/** What readers and links have in common: a row of a table, under the driver's name. */
export interface Driver<Choice> {
  /** All that may be written on the command line, as help and errors say it: `pcsc`, `pcsc:NAME`. */
  readonly forms: readonly string[];
  /** In a sentence: `a PC/SC reader`. */
  readonly words: string;
  /** The interface of a card there; null where it may be any. */
  readonly interface: CardInterface | null;
  readonly needs: readonly Need[];
  /**
   * @param rest what stands after `NAME:`, never empty; null for the name alone
   * @returns null when it is none of `forms`
   * @throws {UsageError} it is, and a value in it cannot be
   */
  parse(rest: string | null): Choice | null;
  /** Path of the serial port; absent without one. */
  serialPort?(choice: Choice): string;
}

/**
 * Where a card of ours can be for a reader to read it: in it in process, in vpcd's virtual reader, on the board that the
 * reader is (the card is there already: a profile only says which), or nowhere.
 */
export type OurCards = 'in process' | 'through vpcd' | 'on the board' | 'never';

export interface OpenOptions {
  readonly exclusive: boolean;
  /** The person wants an end: for a reader that may be waited for. */
  readonly signal?: AbortSignal;
}

export interface ReaderDriver<Choice> extends Driver<Choice> {
  readonly ourCards: OurCards;
  readonly reach: CommandReach;
  /** Whether `list` looks at what is known already, and says nothing to the card. */
  readonly watchable: boolean;
  /** Whether the reader answers pseudo-APDUs of PC/SC Part 3 (GET DATA, class FF). */
  readonly pseudoApdus: boolean;
  /** @param reader the one that was opened */
  polling(reader: string): Polling;
  /** A reader with a card of its own, where `ourCards` is not `in process`. Loads the driver. */
  open?(choice: Choice, options: OpenOptions): Promise<ForeignReader>;
  /** For a reader that is a bare PN532: the chip. @param meter put around the serial ports */
  chip?(choice: Choice, meter?: (ports: SerialLineOpener) => SerialLineOpener): Promise<ChipPort>;
}

/** Sends what the phone's own screen sends to its card, and gives the response. */
export type AsHolder = (command: Uint8Array) => Promise<Uint8Array>;

/** Microseconds that the last command took in the card, by the clock of the board that the card is on. */
export type CommandTime = () => Promise<number>;

/** A reader with a card that is not ours, or not known to be. */
export interface ForeignReader {
  readonly reader: Reader;
  /** A part of the reader's name, for `connect`; null for any with a card. */
  readonly name: string | null;
  /** Backend of the connected reader: PC/SC names it only then. */
  backendAt(reader: string): Backend;
  /**
   * The phone's own screen, where the reader leads there too and the card wants its code there: null, where it does not.
   * Waits for the card; before `connect`.
   */
  screen?(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<AsHolder | null>;
  /** Where the card's board says how long its commands take: null, where it does not. Waits for the card; before `connect`. */
  commandTime?(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<CommandTime | null>;
}

export interface LinkDriver<Choice> extends Driver<Choice> {
  /** What is on the other side, for messages. */
  readonly peer: 'reader' | 'board';
  /** Whether commands of extended length reach a card on it. */
  extended(choice: Choice): boolean;
  backend(choice: Choice): Promise<Backend>;
  /** The link reaches out when a card is served on it. Loads the driver. */
  open(choice: Choice, options: LinkOptions): Promise<CardLink>;
  /** Runs the driver's own code on a scratch card, so that the first exchange is as fast as the hundredth. */
  rehearse?(card: LinkedCard, commands: readonly Uint8Array[]): Promise<void>;
}

export interface LinkOptions {
  readonly interface: CardInterface;
  /** Wait for the other side instead of refusing when it is not there. */
  readonly wait: boolean;
}
