import type { CardLink } from '../../src/hal/card-link.ts';
import type { Repairs } from '../../src/hal/pn532/repairs.ts';
import type { Reader } from '../../src/hal/reader.ts';
import type { BoardIdentity } from '../endpoint/board-identity.ts';

/** What GetFirmwareVersion answers. */
export interface Firmware {
  /** 0x32 for a PN532. */
  readonly ic: number;
  readonly version: number;
  readonly revision: number;
  /** Bit 0 ISO/IEC 14443 type A, bit 1 type B, bit 2 ISO/IEC 18092. */
  readonly support: number;
}

/** What every bring-up has of its board. */
export interface TestedBoard {
  /** `pn532:/dev/ttyUSB0` */
  readonly name: string;
  readonly identity: BoardIdentity;
  /** What its line needed so far, in every opening of it; counts on. */
  readonly repairs: Readonly<Repairs>;
  /** Ends the command under way, which fails with `aborted`; the next one can be sent. */
  interrupt(): void;
  /** Lets go of the port; a chip sleeps then. Never throws; harmless the second time. */
  close(): Promise<void>;
}

/**
 * A PN532 as the phases see it. Every call sends one command to the chip and waits for its answer.
 *
 * All throw {HalError}: `timeout` and `protocol` when the board does not answer or answers nonsense; `no-port`, `busy`,
 * `permission`, `reader-lost` when the port fails.
 */
export interface BoardUnderTest extends TestedBoard {
  /** Current speed of the line. */
  readonly baudRate: number;
  /** Opens the port unless it is open, wakes the chip and configures it. */
  wakeUp(): Promise<void>;
  firmware(): Promise<Firmware>;
  /** Diagnose 00: the chip sends back what it was sent, up to 262 bytes. */
  echo(data: Uint8Array): Promise<Uint8Array>;
  /** Diagnose 01 and 02: the chip's own judgement. */
  romIsSound(): Promise<boolean>;
  ramIsSound(): Promise<boolean>;
  /** Diagnose 07 with the byte for Andet_Control. @returns the result byte, 00 when the antenna was detected */
  antenna(control: number): Promise<number>;
  readRegisters(addresses: readonly number[]): Promise<readonly number[]>;
  writeRegisters(values: readonly (readonly [address: number, value: number])[]): Promise<void>;
  /** Ports 3 and 7, and the interface selection pins. */
  readGpio(): Promise<readonly number[]>;
  /** Both sides of the line. */
  setBaudRate(rate: number): Promise<void>;
  /** Finds the board again after a change of rate that went wrong: closes the port and opens it at 115200. */
  recover(): Promise<void>;
  /** This board as a card. Lets go of the port first; the link takes it, and gives it back when it stops. */
  cardLink(): Promise<CardLink>;
  /** This board as a reader, likewise. */
  reader(): Promise<Reader>;
}
