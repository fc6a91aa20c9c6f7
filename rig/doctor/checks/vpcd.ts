import { join } from 'node:path';
import { VPCD_PORT } from '../../../src/hal/vpcd/index.ts';
import type { Check, Finding } from '../check.ts';
import type { Machine } from '../machine.ts';
import { readTcpSockets, type TcpSocket } from '../tcp-table.ts';

/** The virtual reader of pcscd: installed, listening, free, and how long it takes. */

const SETTINGS_FOLDER = '/etc/reader.conf.d';

export const vpcdCheck: Check = {
  id: 'vpcd',
  title: 'vpcd, the virtual reader',
  timeoutMs: 2000,
  async look(machine): Promise<Finding> {
    const driver = findDriver(machine);
    if (driver === null) {
      return { verdict: 'warn', detail: 'not installed', cure: 'apt-get install vsmartcard-vpcd, then restart pcscd' };
    }
    if (!machine.exists(driver)) {
      return {
        verdict: 'fail',
        detail: `pcscd is set to load ${driver}, which does not exist`,
        cure: 'apt-get install --reinstall vsmartcard-vpcd',
      };
    }
    return { verdict: 'pass', detail: driver };
  },
};

/** The driver that pcscd's settings name, or null. */
function findDriver(machine: Machine): string | null {
  for (const name of machine.list(SETTINGS_FOLDER)) {
    const text = machine.readText(join(SETTINGS_FOLDER, name)) ?? '';
    const driver = /^\s*LIBPATH\s+(\S*vpcd\S*)/m.exec(text)?.[1];
    if (driver !== undefined) return driver;
  }
  return null;
}

export const vpcdPortCheck: Check = {
  id: 'vpcd-port',
  title: `vpcd's port ${VPCD_PORT}`,
  timeoutMs: 2000,
  async look(machine): Promise<Finding> {
    // Looked up and not connected to: to vpcd a connection is a card put into the reader.
    const sockets = tcpSockets(machine);
    if (sockets === null) return { verdict: 'info', detail: 'not checked: this is not Linux' };
    const here = sockets.filter((each) => each.localPort === VPCD_PORT);
    if (!here.some((each) => each.state === 'listen')) {
      return { verdict: 'info', detail: 'closed: pcscd opens it when it starts with vpcd installed' };
    }
    if (here.some((each) => each.state === 'established')) {
      return { verdict: 'info', detail: 'listening; a card emulator is connected', data: { taken: true } };
    }
    return { verdict: 'pass', detail: 'listening and free', data: { taken: false } };
  },
};

function tcpSockets(machine: Machine): readonly TcpSocket[] | null {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => machine.readText(path));
  if (tables.every((table) => table === null)) return null;
  return tables.flatMap((table) => readTcpSockets(table ?? ''));
}

/** What the probe `vpcd-delay` prints. */
export interface ProbedDelay {
  readonly medianMs: number;
  readonly exchanges: number;
}

/** A delayed acknowledgement on Linux is 40 ms; a healthy exchange takes well under one. */
const DELAYED_MS = 20;

export const vpcdDelayCheck: Check = {
  id: 'vpcd-delay',
  title: 'Time of an APDU through vpcd',
  timeoutMs: 25_000,
  async look(machine, earlier): Promise<Finding> {
    if (earlier.get('readers')?.verdict !== 'pass')
      return { verdict: 'info', detail: 'not measured: PC/SC lists no reader' };
    if (earlier.get('vpcd-port')?.verdict !== 'pass')
      return { verdict: 'info', detail: 'not measured: the port is not free' };
    const ran = await machine.probe('vpcd-delay', 20_000);
    if (ran.outcome !== 'exited' || ran.exitCode !== 0) {
      return {
        verdict: 'fail',
        detail: `the echo card on vpcd could not be read: ${ran.stderr.trim() || 'no answer'}`,
      };
    }
    const { medianMs, exchanges } = JSON.parse(ran.stdout) as ProbedDelay;
    const threshold = machine.readText('/proc/sys/net/ipv4/tcp_pingpong_thresh')?.trim() ?? null;
    const data = { medianMs, exchanges, tcpPingpongThresh: threshold };
    const measured = `${medianMs.toFixed(2)} ms (median of ${exchanges} echoes)`;
    if (medianMs < DELAYED_MS) return { verdict: 'pass', detail: measured, data };
    return {
      verdict: 'warn',
      detail:
        `${measured}: this is the 44 ms defect of vpcd 3.3, which sends each command in two segments ` +
        'without TCP_NODELAY and then waits for a delayed acknowledgement; times measured through it mean nothing',
      cure: curesOfDelay(threshold),
      data,
    };
  },
};

function curesOfDelay(threshold: string | null): string {
  const apart = 'measure in a private pcscd, which scripts/private-pcscd.sh makes without the defect';
  if (threshold === null) return apart;
  return `as root: sysctl net.ipv4.tcp_pingpong_thresh=255 (it is ${threshold}); or ${apart}`;
}
