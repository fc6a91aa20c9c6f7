import { join } from 'node:path';
import type { Check, Finding } from '../check.ts';
import type { Machine } from '../machine.ts';

/** The PC/SC service and the readers on it. */

/** Where pcscd listens unless PCSCLITE_CSOCK_NAME says otherwise. */
const PCSCD_SOCKET = '/run/pcscd/pcscd.comm';

export const pcscdCheck: Check = {
  id: 'pcscd',
  title: 'PC/SC service',
  timeoutMs: 10_000,
  async look(machine): Promise<Finding> {
    if (machine.platform !== 'linux') {
      return { verdict: 'info', detail: 'not checked: this system has its own PC/SC service' };
    }
    const program = machine.findProgram('pcscd');
    const version = program === null ? null : await versionOf(machine, program);
    const socket = machine.env.PCSCLITE_CSOCK_NAME ?? PCSCD_SOCKET;
    const data = { socket, version };
    const start = 'as root: systemctl start pcscd.socket, or without systemd: pcscd';
    switch (await machine.probeSocket(socket, 3000)) {
      case 'open':
        return { verdict: 'pass', detail: `pcscd${version === null ? '' : ` ${version}`} answers on ${socket}`, data };
      case 'denied':
        return { verdict: 'fail', detail: `no permission to use ${socket}`, cure: 'run as root', data };
      case 'silent':
        return { verdict: 'fail', detail: `pcscd does not answer on ${socket}`, cure: 'restart pcscd as root', data };
      case 'refused':
        return { verdict: 'warn', detail: `pcscd has died and left ${socket} behind`, cure: start, data };
      default:
        if (program === null) {
          return { verdict: 'warn', detail: 'pcscd is not installed', cure: 'apt-get install pcscd', data };
        }
        return { verdict: 'warn', detail: `pcscd ${version ?? ''} is installed but not running`, cure: start, data };
    }
  },
};

async function versionOf(machine: Machine, program: string): Promise<string | null> {
  const ran = await machine.run(program, ['--version'], 3000);
  return /version (\d+(?:\.\d+)+)/.exec(ran.stdout)?.[1] ?? null;
}

/** What the probe `readers` prints. */
export interface ProbedReader {
  readonly name: string;
  readonly cardPresent: boolean;
  /** Hex, or null. */
  readonly atr: string | null;
}

export const readersCheck: Check = {
  id: 'readers',
  title: 'Readers and cards',
  timeoutMs: 15_000,
  async look(machine, earlier): Promise<Finding> {
    if (!['nfc-pcsc', 'pcsc-ffi'].some((id) => earlier.get(id)?.verdict === 'pass')) {
      return { verdict: 'info', detail: 'not listed: neither nfc-pcsc nor the PC/SC library loads' };
    }
    if (machine.platform === 'linux' && earlier.get('pcscd')?.verdict !== 'pass') {
      return { verdict: 'info', detail: 'not listed: pcscd is not running' };
    }
    const ran = await machine.probe('readers', 12_000);
    if (ran.outcome !== 'exited' || ran.exitCode !== 0) {
      const detail = ran.stderr.trim() || 'PC/SC did not list its readers';
      return { verdict: 'fail', detail, cure: 'restart pcscd as root' };
    }
    const readers = JSON.parse(ran.stdout) as readonly ProbedReader[];
    if (readers.length === 0) {
      return {
        verdict: 'warn',
        detail: 'no reader',
        cure: 'plug a reader in, or install vsmartcard-vpcd for a virtual one',
      };
    }
    const lines = readers.map(({ name, cardPresent, atr }) => {
      return `${name}: ${cardPresent ? `card ${atr ?? 'of unknown ATR'}` : 'no card'}`;
    });
    return { verdict: 'pass', detail: lines.join('; '), data: { readers } };
  },
};

/** Linux's own NFC drivers, which take a PN53x based reader away from pcscd and libnfc. */
const KERNEL_DRIVERS = ['pn533_usb', 'pn533', 'port100'];

export const kernelNfcCheck: Check = {
  id: 'kernel-nfc',
  title: 'NFC drivers of the kernel',
  timeoutMs: 1000,
  async look(machine): Promise<Finding> {
    const modules = machine.readText('/proc/modules');
    if (modules === null) return { verdict: 'info', detail: 'not checked: the system lists no drivers' };
    const loaded = modules.split('\n').map((line) => line.split(' ')[0] ?? '');
    const inTheWay = KERNEL_DRIVERS.filter((name) => loaded.includes(name));
    if (inTheWay.length === 0) return { verdict: 'pass', detail: 'none in the way' };
    return {
      verdict: 'warn',
      detail: `${inTheWay.join(', ')} may hold a reader that pcscd needs`,
      cure: `as root: modprobe -r ${inTheWay.join(' ')}, and a line "blacklist NAME" for each in /etc/modprobe.d/vitap.conf`,
    };
  },
};

/** Where libnfc's tools and settings are found. */
export const libnfcCheck: Check = {
  id: 'libnfc',
  title: 'libnfc',
  timeoutMs: 5000,
  async look(machine): Promise<Finding> {
    const program = machine.findProgram('nfc-list');
    if (program === null) return { verdict: 'info', detail: 'not installed; only needed to compare boards with it' };
    const configured = machine.exists(join('/etc', 'nfc', 'libnfc.conf'));
    return { verdict: 'info', detail: `${program}${configured ? ', settings in /etc/nfc/libnfc.conf' : ''}` };
  },
};
