/** The interface a command comes through: a contact reader, an antenna, or the phone itself (`wired`). */
export type CardInterface = 'contact' | 'contactless' | 'wired';

/** What a link can carry and what it dictates about the card's first answer. Sizes in bytes. */
export interface LinkLimits {
  /** Longest command APDU, header included. */
  readonly largestCommand: number;
  /** Longest response APDU, status word included. */
  readonly largestResponse: number;
  /** How many historical bytes of the card's own the link can show; 0 when none. */
  readonly historicalBytes: number;
  /** The ATS that the hardware sends whatever the card would like, or null. */
  readonly fixedAts: Uint8Array | null;
  /** `any`, or `random-4`: four bytes of which the first is forced to 08. */
  readonly uid: 'any' | 'random-4';
}

/**
 * The card as a link sees it. Every call is synchronous; the card never calls back.
 *
 * `response` is the card's own buffer: its first n bytes, n being what `process` returned, hold the
 * response APDU until the next call of any method here.
 */
export interface LinkedCard {
  readonly response: Uint8Array;
  /** The answer to reset to show to a reader. May be asked for before power comes on. */
  atr(): Uint8Array;
  powerOn(): void;
  /** Warm reset, or a reset whose kind the link cannot tell. */
  reset(): void;
  /** Power or field is gone. */
  fieldOff(): void;
  /** S(DESELECT) of ISO/IEC 14443-4. */
  deselect(): void;
  /**
   * One command APDU in, one response APDU out.
   * @param command holds the command at `offset`, for `length` bytes; not kept after the call
   * @returns the length of the response APDU in `response`, at least 2
   */
  process(command: Uint8Array, offset: number, length: number): number;
  /**
   * How long `process` would take for this command, in microseconds, without carrying it out: for links that must ask
   * the reader for more time before the card begins. A card that is never slow leaves it out.
   */
  expectedMicroseconds?(command: Uint8Array, offset: number, length: number): number;
}

/**
 * A card whose answers have to be waited for: one in another reader. All else is as with a {@link LinkedCard}; what
 * takes time there as well (a reset) is done before the next answer.
 */
export interface DistantCard extends Omit<LinkedCard, 'process'> {
  /**
   * One command APDU in, one response APDU out. Called again only after it has settled.
   * @param command holds the command at `offset`, for `length` bytes; not kept after the call has returned
   * @returns the length of the response APDU in `response`, at least 2
   * @throws {HalError} when the card or its reader has gone; the link takes the card away and ends with the error
   */
  process(command: Uint8Array, offset: number, length: number): Promise<number>;
}

/**
 * What happened on a link, for logs and traces. `lost`: the peer went away; `attached`: it is (again) there.
 * `waiting`: somebody listens but says nothing, as when another card holds the place that this one wants.
 */
export type LinkEvent =
  | {
      readonly type: 'attached' | 'waiting' | 'lost' | 'power-on' | 'reset' | 'field-off' | 'deselect';
      readonly atNs: number;
    }
  | {
      readonly type: 'exchange';
      readonly atNs: number;
      readonly doneNs: number;
      /** Valid during the call only. */
      readonly command: Uint8Array;
      /** Valid during the call only. */
      readonly response: Uint8Array;
    };

/** How a link was told to stop, or why it could not go on. */
export interface CardLink {
  /** For people: `vpcd:localhost:35963`. */
  readonly name: string;
  readonly interface: CardInterface;
  readonly limits: LinkLimits;
  /**
   * Puts the card on the link and serves it, until `stop` or until the link cannot go on.
   *
   * One command in, one response out, in order. The peer may go away and come back: the card is told
   * `fieldOff`, and the link waits for the peer. The link never invents a status word.
   * @returns when `stop` was called
   * @throws {HalError} `no-port`, `permission`, `busy` when the peer was never there; `protocol` when it
   * spoke nonsense; `too-long` is never thrown: the card was told `limits`
   */
  serve(card: LinkedCard, onEvent?: (event: LinkEvent) => void): Promise<void>;
  /** Takes effect at once, idle or in the middle of anything; may be called twice. */
  stop(): void;
}

/** A link that can keep its reader waiting, and so can serve a card in another reader. */
export interface PatientCardLink extends CardLink {
  readonly patient: true;
  /** @throws {HalError} as `serve`; and what the card threw */
  serve(card: LinkedCard | DistantCard, onEvent?: (event: LinkEvent) => void): Promise<void>;
}
