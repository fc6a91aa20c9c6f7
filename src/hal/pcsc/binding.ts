import type { EventEmitter } from 'node:events';
import { HalError } from '../errors.ts';
import { cureOf } from '../system/installation.ts';

/**
 * What we use of nfc-pcsc 0.8.1 and of the binding under it, @pokusew/pcsclite 0.6.0, and what we must not touch.
 *
 * - `NFC` busy-loops in its constructor while pcscd is absent: look for the service first (service-socket.ts).
 * - nfc-pcsc connects to every card by itself, on the binding's `status` event: those listeners are removed.
 * - The binding's `CardReader` holds one mutex during a transmit, and its status callback takes the same mutex on the
 *   main thread: an object that watches must never transmit, or the event loop stops until the card has answered.
 *   So one object watches and another one, made with the same constructor, transmits.
 * - `CardReader.close` cancels a wait that may not have begun, and then waits for it for ever: only after a pause.
 * - An object that never watched must not be garbage-collected: its destructor reads a field that was never set.
 * - There is no SCardReconnect, no SCardStatus, no transaction and no cancel.
 */
export interface NativeCardReader extends EventEmitter {
  readonly name: string;
  /** State before the one that a `status` event reports. */
  readonly state: number;
  readonly SCARD_STATE_PRESENT: number;
  readonly SCARD_SHARE_SHARED: number;
  readonly SCARD_SHARE_EXCLUSIVE: number;
  readonly SCARD_SHARE_DIRECT: number;
  readonly SCARD_PROTOCOL_T0: number;
  readonly SCARD_PROTOCOL_T1: number;
  readonly SCARD_LEAVE_CARD: number;
  readonly SCARD_RESET_CARD: number;
  readonly SCARD_UNPOWER_CARD: number;
  /** Unlike `connect`, whatever an earlier failed disconnect has left behind. */
  _connect(shareMode: number, protocols: number, done: (error: Error | null, protocol?: number) => void): void;
  _disconnect(disposition: number, done: (error: Error | null) => void): void;
  /** Copies `data` before it returns. */
  _transmit(
    data: Buffer,
    largestResponse: number,
    protocol: number,
    done: (error: Error | null, response?: Buffer) => void,
  ): void;
  /** Reads `data` and fills `output` until it is done: both must live so long. */
  _control(data: Buffer, code: number, output: Buffer, done: (error: Error | null, length?: number) => void): void;
  close(): void;
}

/** A reader's state and, when a card is in it, its ATR. */
export interface NativeStatus {
  readonly state: number;
  readonly atr?: Buffer;
}

export interface NfcPcsc extends EventEmitter {
  readonly pcsc: {
    /** Called by the binding on the next tick; calls back with the names of the readers each time they change. */
    start(onReaders: (error: Error | undefined, names?: Buffer) => void): void;
  };
  close(): void;
}

/** nfc-pcsc's own reader object: only a way to the binding's. */
export interface NfcPcscReader extends EventEmitter {
  readonly reader: NativeCardReader;
}

type NfcPcscConstructor = new () => NfcPcsc;

/** @throws {HalError} `unsupported` when the optional package is not there or was built for another Node */
export async function loadNfcPcsc(
  load: () => Promise<unknown> = () => import('nfc-pcsc'),
): Promise<NfcPcscConstructor> {
  try {
    const module = (await load()) as { NFC: NfcPcscConstructor };
    return module.NFC;
  } catch (error) {
    throw new HalError('unsupported', absence(error), { cause: error });
  }
}

function absence(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    const cure = cureOf({ is: 'missing', name: 'nfc-pcsc' });
    return `the PC/SC reader needs the package nfc-pcsc, which is not installed: install libpcsclite-dev, then run \`${cure}\``;
  }
  const cure = cureOf({ is: 'unfit', name: '@pokusew/pcsclite' });
  if (code === 'ERR_DLOPEN_FAILED') {
    return `nfc-pcsc does not fit this Node or this system; run \`${cure}\` (${firstLine(message)})`;
  }
  return `nfc-pcsc could not be loaded; run \`${cure}\` (${firstLine(message)})`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
