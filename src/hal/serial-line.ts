/** Eight data bits and a stop bit, without parity (8N1) or with even parity (8E1). */
export type Framing = '8N1' | '8E1';

/** Two lines that a host drives, true for asserted: low at the pin of a TTL adapter. */
export interface ModemLines {
  readonly dtr: boolean;
  readonly rts: boolean;
}

/** A serial line. Bytes go out in the order of the calls and are delivered as they come, in chunks of any size. */
export interface SerialLine {
  readonly path: string;
  readonly baudRate: number;
  /** Resolves when the bytes have left for the device. @throws {HalError} `reader-lost`, `aborted` */
  write(bytes: Uint8Array): Promise<void>;
  /** Sets who is told of received bytes; a chunk is valid during the call only. Bytes that came before are kept. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Told once, with the reason when the device went away by itself. */
  onClose(listener: (reason: Error | null) => void): void;
  setBaudRate(baudRate: number): Promise<void>;
  /** Absent where the line has none. @throws {HalError} `reader-lost`, `aborted`, `unsupported` */
  setModemLines?(lines: ModemLines): Promise<void>;
  /** Throws away what was received and not yet delivered. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a line for this process alone. */
export interface SerialLineOpener {
  /** @param framing 8N1 by default @throws {HalError} `no-port`, `busy`, `permission` */
  open(path: string, baudRate: number, framing?: Framing): Promise<SerialLine>;
}
