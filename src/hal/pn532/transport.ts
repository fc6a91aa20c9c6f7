/** How long the chip may take, and what may be done when its acknowledgement is missing. */
export interface CommandOptions {
  /** Milliseconds for the response, or null for a command that waits for the world (a card, a reader). */
  readonly timeoutMs: number | null;
  /** Whether the command may be sent again when nothing tells whether the chip had it. */
  readonly repeatable: boolean;
  /**
   * Carried out again it undoes what it has done: a card that was found is forgotten, a reader that has come is lost. It
   * is sent again only when the chip has nothing of it any more. False by default.
   */
  readonly undoesItself?: boolean;
}

/** What carries commands to a PN532 and brings its responses: a serial line, or the firmware of a USB reader. */
export interface Pn532Transport {
  /** For people: `pn532:/dev/ttyUSB0`. */
  readonly name: string;
  /** Longest command with its code, in bytes. */
  readonly largestCommand: number;
  /** Longest response with its code, in bytes. */
  readonly largestResponse: number;
  /** Whether the host decides how long the chip waits: a USB reader gives up a command by itself after a while. */
  readonly waitsForever: boolean;
  /**
   * Sends one command and waits for its response. Calls are carried out in their order.
   * @param command command code and data
   * @returns response code (command code + 1) and data; the caller's own; empty when the reader gave up waiting
   * @throws {HalError} `timeout`, `protocol`, `reader-lost`, `aborted`, `too-long`, `unsupported`
   */
  exchange(command: Uint8Array, options: CommandOptions): Promise<Uint8Array>;
  /** Ends the command under way, which fails with `aborted`. Nothing happens when there is none. */
  abort(): void;
  /** Told once when the device has gone by itself. */
  onLost(listener: (reason: Error) => void): void;
  /** Lets the device go; the chip is left as it is. */
  close(): Promise<void>;
}

/** Waiting, by argument, so that tests decide what time it is. */
export interface Timers {
  /** @returns takes it back */
  after(ms: number, action: () => void): () => void;
}

export const realTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}
