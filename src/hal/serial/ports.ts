import { existsSync } from 'node:fs';
import { loadSerialPort } from './load-serial-port.ts';

/** A serial port of this machine, with what is known of its USB adapter. */
export interface SerialPortInfo {
  readonly path: string;
  /** Four hexadecimal digits each; null for a port that is not on USB. */
  readonly vendorId: string | null;
  readonly productId: string | null;
  /** Serial number of the adapter; cheap adapters have none, or all the same one. */
  readonly serialNumber: string | null;
  readonly manufacturer: string | null;
}

/** Ports that the system knows of; pseudo-terminals are never among them. */
export async function listSerialPorts(): Promise<readonly SerialPortInfo[]> {
  const { SerialPort } = await loadSerialPort();
  let ports: Awaited<ReturnType<typeof SerialPort.list>>;
  try {
    ports = await SerialPort.list();
  } catch {
    // No udev, as in a container: nothing is known.
    return [];
  }
  return ports.map(({ path, vendorId, productId, serialNumber, manufacturer }) => ({
    path,
    vendorId: vendorId?.toLowerCase() ?? null,
    productId: productId?.toLowerCase() ?? null,
    serialNumber: serialNumber ?? null,
    manufacturer: manufacturer ?? null,
  }));
}

/** Knows a USB adapter again by its vendor, product and serial number, whatever path it comes back under. */
export const systemPortFinder = {
  async identify(path: string): Promise<string | null> {
    return identityOf((await listSerialPorts()).find((port) => port.path === path));
  },

  async find(identity: string): Promise<string | null> {
    const same = (await listSerialPorts()).filter((port) => identityOf(port) === identity);
    // Two adapters with the same number: neither is known to be the one.
    return same.length === 1 && existsSync(same[0]!.path) ? same[0]!.path : null;
  },
};

function identityOf(port: SerialPortInfo | undefined): string | null {
  if (port === undefined || port.vendorId === null || port.serialNumber === null) return null;
  return `${port.vendorId}:${port.productId ?? ''}:${port.serialNumber}`;
}
