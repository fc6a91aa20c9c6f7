import type { Pn532Port } from '../../src/hal/pn532/port.ts';
import type { SerialLineOpener } from '../../src/hal/serial-line.ts';
import { UsageError } from '../console/failure.ts';
import { type Backend, pcscBackend } from './driver.ts';

/** A PN532 on a serial port. */
export interface SerialPn532Choice {
  readonly driver: 'pn532';
  readonly path: string;
  /** What the line is brought to; null for as fast as is usual. */
  readonly baudRate: number | null;
}

/** A PN532 inside of a USB reader that PC/SC knows. */
export interface UsbPn532Choice {
  readonly driver: 'acr122';
  /** The reader's name in PC/SC or a part of it. */
  readonly name: string;
}

/** A PN532, and whether it is one. Nothing is opened yet. */
export interface ChipPort {
  readonly port: Pn532Port;
  /** Asked when the port was opened: only then the reader behind a part of a name is known. */
  backend(): Backend;
}

/** The chip's baud rates from that of its power-up on: the driver's own, which every command would load for them. */
const BAUD_RATES: readonly number[] = [115_200, 230_400, 460_800, 921_600, 1_288_000];

/**
 * `PORT` or `PORT:BAUD`. A port may have colons in its name: what comes after the last is a baud rate only when it is
 * a number. @throws {UsageError} the chip does not have this baud rate
 */
export function parseSerialPn532(rest: string | null): SerialPn532Choice | null {
  const match = rest === null ? null : /^(.+?)(?::(\d+))?$/.exec(rest);
  if (match === null) return null;
  const baudRate = match[2] === undefined ? null : Number(match[2]);
  if (baudRate !== null && !BAUD_RATES.includes(baudRate)) {
    throw new UsageError(`a PN532 is driven at ${BAUD_RATES.join(', ')} baud, not at ${baudRate}`);
  }
  return { driver: 'pn532', path: match[1] as string, baudRate };
}

/** `NAME` */
export function parseUsbPn532(rest: string | null): UsbPn532Choice | null {
  return rest === null ? null : { driver: 'acr122', name: rest };
}

/** @param meter put around the serial ports */
export async function serialChip(
  { path, baudRate }: SerialPn532Choice,
  meter: (ports: SerialLineOpener) => SerialLineOpener = (ports) => ports,
): Promise<ChipPort> {
  const [{ HsuPort }, { SystemSerialPorts }, { systemPortFinder }, backend] = await Promise.all([
    import('../../src/hal/pn532/hsu-port.ts'),
    import('../../src/hal/serial/serial-port.ts'),
    import('../../src/hal/serial/ports.ts'),
    serialBackend(path),
  ]);
  const rate = baudRate === null ? {} : { baudRate };
  const port = new HsuPort({ opener: meter(new SystemSerialPorts()), path, finder: systemPortFinder, ...rate });
  return { port, backend: () => backend };
}

/** A board on a pseudo-terminal is a program, and so is all that it says. */
export async function serialBackend(path: string): Promise<Backend> {
  const { identifyBoard } = await import('./board-identity.ts');
  return identifyBoard(path, []).backend;
}

export async function usbChip({ name }: UsbPn532Choice): Promise<ChipPort> {
  const { Acr122Port } = await import('../../src/hal/acr122/index.ts');
  const port = new Acr122Port({ reader: name });
  return { port, backend: () => pcscBackend(port.openedReader ?? name) };
}
