import { realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';

/** A serial port as the serial library lists it. */
export interface ListedPort {
  readonly path: string;
  readonly manufacturer?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
}

export interface UsbIdentity {
  readonly vendorId: string;
  readonly productId: string;
  readonly serialNumber: string | null;
  readonly manufacturer: string | null;
  /** The socket it is plugged into: `1-1.2`; null where the system does not tell. */
  readonly socket: string | null;
}

/** Which board this is. The chip has no number of its own: the USB bridge's stands for it. */
export interface BoardIdentity {
  /** The same for the same board in every run, and fit for a file's name. */
  readonly key: string;
  /** As it was given: `/dev/ttyUSB0`. */
  readonly port: string;
  readonly usb: UsbIdentity | null;
  /** By what the key knows the board again: its bridge's serial number, the USB socket, or only the port's name. */
  readonly knownBy: 'serial number' | 'socket' | 'port';
  /** A board on a pseudo-terminal is a program. */
  readonly backend: 'simulated' | 'hardware';
}

/**
 * @param port path of the port, links followed to find the device
 * @param listed what the serial library lists
 * @param sys `/sys`, or a copy of it
 */
export function identifyBoard(port: string, listed: readonly ListedPort[], sys = '/sys'): BoardIdentity {
  const device = realPath(port);
  const found = listed.find((each) => realPath(each.path) === device);
  // What is neither a device nor listed is not taken for hardware.
  const pseudo = !device.startsWith('/dev/') || /^\/dev\/(pts\/|tty[p-za-e][0-9a-f]$)/.test(device);
  const backend = found === undefined && pseudo ? 'simulated' : 'hardware';
  const usb = found?.vendorId === undefined ? null : usbIdentity(found, device, sys);
  const known =
    usb === null
      ? ({ key: `port-${fileName(resolve(port))}`, knownBy: 'port' } as const)
      : usb.serialNumber !== null
        ? ({
            key: `usb-${usb.vendorId}-${usb.productId}-${fileName(usb.serialNumber)}`,
            knownBy: 'serial number',
          } as const)
        : ({
            key: `usb-${usb.vendorId}-${usb.productId}-at-${usb.socket ?? fileName(device)}`,
            knownBy: 'socket',
          } as const);
  return { ...known, port, usb, backend };
}

function usbIdentity(listed: ListedPort, device: string, sys: string): UsbIdentity {
  return {
    vendorId: (listed.vendorId as string).toLowerCase(),
    productId: (listed.productId ?? '0000').toLowerCase(),
    serialNumber: listed.serialNumber ?? null,
    manufacturer: listed.manufacturer ?? null,
    socket: usbSocket(device, sys),
  };
}

/** `…/usb1/1-1/1-1.2/1-1.2:1.0/ttyUSB0` is plugged into 1-1.2. */
function usbSocket(device: string, sys: string): string | null {
  try {
    const path = realpathSync(`${sys}/class/tty/${basename(device)}/device`);
    const sockets = path.split('/').filter((part) => /^\d+-[\d.]+$/.test(part));
    return sockets.at(-1) ?? null;
  } catch {
    return null;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Letters, digits, points and dashes stay; all else becomes `_`, and names that differ stay different. */
function fileName(text: string): string {
  return text
    .replace(/^\//, '')
    .replace(/[^A-Za-z0-9.-]/g, (char) => (char === '/' ? '_' : `_${char.codePointAt(0)?.toString(16)}_`));
}
