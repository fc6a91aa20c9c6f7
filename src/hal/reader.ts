/** A reader as its driver lists it. */
export interface ReaderInfo {
  readonly name: string;
  readonly cardPresent: boolean;
  /** ATR of the card in it, when there is one and the driver knows it. */
  readonly atr: Uint8Array | null;
}

/** One command and its answer, with times of a monotonic clock in nanoseconds. */
export interface Exchange {
  /** Response APDU, status word included; the caller's own copy. */
  readonly response: Uint8Array;
  readonly startNs: number;
  readonly endNs: number;
  /** Of a reader at another machine: what the way there and back took, beside the time of the exchange itself. */
  readonly networkNs?: number;
}

/** `cold`: power off and on. `warm`: reset line. `any`: as the card stands, powered if it was not. */
export type ConnectMode = 'any' | 'warm' | 'cold';

/** What is done to the card when the session ends. */
export type Disposition = 'leave' | 'reset' | 'unpower';

/** One session with one card. */
export interface CardSession {
  readonly reader: string;
  readonly atr: Uint8Array;
  /** What carries the APDUs, for people: `T=1`, `T=0`, `ISO-DEP`, `direct`. */
  readonly protocol: string;
  /**
   * Sends a command APDU of 4 bytes or more and waits for the answer.
   * @throws {HalError} `card-removed`, `reader-lost`, `no-service`, `timeout`, `protocol`, `too-long`
   */
  transmit(command: Uint8Array): Promise<Exchange>;
  /** Resets the card in this session; the ATR may be another afterwards. */
  reset(mode: 'warm' | 'cold'): Promise<void>;
  /** A command for the reader itself. @throws {HalError} `unsupported` where there is no such channel */
  control(code: number, data: Uint8Array): Promise<Uint8Array>;
  /**
   * Ends the session, by default with a reset, so that nothing that was proven waits for the next program. Harmless
   * after the card or the reader has gone, and the second time.
   */
  disconnect(disposition?: Disposition): Promise<void>;
}

/** Sends commands to a card, ours or not. */
export interface Reader {
  /** For people: `pcsc`, `loopback`. */
  readonly driver: string;
  /** @throws {HalError} `no-service` */
  list(): Promise<readonly ReaderInfo[]>;
  /**
   * Waits for a card and opens a session with it.
   * @param options.reader its name or a part of it; without it the first reader with a card
   * @param options.timeoutMs how long to wait for the reader and the card
   * @throws {HalError} `no-service`, `no-reader`, `no-card`, `busy`, `aborted`
   */
  connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession>;
  /** Releases everything; sessions still open end. */
  close(): Promise<void>;
}
