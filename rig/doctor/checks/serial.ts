import { basename, join } from 'node:path';
import type { Check, Finding } from '../check.ts';
import type { Machine } from '../machine.ts';

/** Serial ports, where PN532 boards are: what is there, whether it may be opened, and whether it is slow. */

interface ListedPort {
  readonly path: string;
  readonly manufacturer?: string | undefined;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
}

/** @param listPorts the serial library's own list */
export function serialCheck(listPorts: () => Promise<readonly ListedPort[]>): Check {
  return {
    id: 'serial',
    title: 'Serial ports',
    timeoutMs: 10_000,
    async look(machine): Promise<Finding> {
      // On Linux the library asks udevadm, which a small system may not have. The ports' names are there all the same.
      const ports = await listPorts().catch(() => devicePorts(machine));
      const shown = ports.filter((port) => port.vendorId !== undefined || isUsb(port.path));
      if (shown.length === 0) return { verdict: 'info', detail: 'no USB serial port' };
      const denied = shown.filter((port) => !machine.mayUse(port.path)).map((port) => port.path);
      const slow = shown.map((port) => port.path).filter((path) => (latencyMs(machine, path) ?? 0) > 1);
      const detail = shown.map((port) => describePort(machine, port)).join('; ');
      const data = { ports: shown, denied, slow };
      if (denied.length > 0) {
        return {
          verdict: 'warn',
          detail: `${detail}; no permission to open ${denied.join(', ')}`,
          cure: 'as root: usermod -aG dialout USER, then log in again',
          data,
        };
      }
      if (slow.length > 0) {
        const files = slow.map((path) => latencyFile(path)).join(' ');
        return { verdict: 'warn', detail, cure: `as root: echo 1 | tee ${files}`, data };
      }
      return { verdict: 'pass', detail, data };
    },
  };
}

/** The list of the serialport library, loaded when it is asked. */
export async function listSerialPorts(): Promise<readonly ListedPort[]> {
  const { SerialPort } = await import('serialport');
  return SerialPort.list();
}

function devicePorts(machine: Machine): readonly ListedPort[] {
  return machine.list('/dev').map((name) => ({ path: join('/dev', name) }));
}

function isUsb(path: string): boolean {
  return /\/tty(USB|ACM)\d+$/.test(path);
}

function describePort(machine: Machine, port: ListedPort): string {
  const usb = port.vendorId === undefined ? '' : ` USB ${port.vendorId}:${port.productId ?? '????'}`;
  const maker = port.manufacturer === undefined ? '' : ` ${port.manufacturer}`;
  const latency = latencyMs(machine, port.path);
  const delay = latency !== null && latency > 1 ? `, delays short answers by ${latency} ms` : '';
  return `${port.path}${usb}${maker}${delay}`;
}

/** How long an FTDI bridge waits before it hands over a short answer, or null where there is no such setting. */
function latencyMs(machine: Machine, path: string): number | null {
  const text = machine.readText(latencyFile(path));
  return text === null ? null : Number(text);
}

function latencyFile(path: string): string {
  return join('/sys/bus/usb-serial/devices', basename(path), 'latency_timer');
}
