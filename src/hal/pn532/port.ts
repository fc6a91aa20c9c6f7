import type { FirmwareVersion, Pn532 } from './chip.ts';

/** A PN532 in use. */
export interface Pn532Connection {
  readonly chip: Pn532;
  readonly firmware: FirmwareVersion;
  /** Speed of the serial line to the chip; null when another processor stands between. */
  readonly baudRate: number | null;
  /** Puts the chip to sleep and lets the device go, whatever state both are in. Never fails. */
  close(): Promise<void>;
}

/** A place where a PN532 is, or was and may be again. */
export interface Pn532Port {
  /** For people: `pn532:/dev/ttyUSB0`. */
  readonly name: string;
  /**
   * Opens the device, wakes the chip and makes sure what it is.
   * @param signal ends the opening, which then fails with `aborted`
   * @throws {HalError} `aborted`, `no-port`, `no-reader`, `busy`, `permission`, `timeout`, `protocol`, `unsupported`, `reader-lost`
   */
  open(signal?: AbortSignal): Promise<Pn532Connection>;
}
