import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type BoardIdentity, identifyBoard, type ListedPort } from './board-identity.ts';

/** A process that has a port open, or says so in a lock file. */
export interface PortHolder {
  readonly pid: number;
  /** Name of the program; null when it may not be known. */
  readonly program: string | null;
  readonly by: 'open file' | 'lock file';
}

export interface PortState {
  readonly identity: BoardIdentity;
  /** Links in /dev/serial that lead here: they outlast a change of number. */
  readonly links: readonly string[];
  readonly exists: boolean;
  readonly mayOpen: boolean;
  /** The group whose members may, when this process may not; null when no group helps. */
  readonly groupToJoin: string | null;
  readonly holders: readonly PortHolder[];
}

/** Where the system says things; a test puts folders of its own here. */
export interface SystemFolders {
  readonly proc: string;
  readonly sys: string;
  readonly serialLinks: readonly string[];
  readonly locks: readonly string[];
  readonly groups: string;
}

export const THIS_SYSTEM: SystemFolders = {
  proc: '/proc',
  sys: '/sys',
  serialLinks: ['/dev/serial/by-id', '/dev/serial/by-path'],
  locks: ['/run/lock', '/var/lock'],
  groups: '/etc/group',
};

/** The list of the serial library, or the device names where it fails: it asks udevadm, which may not be there. */
export async function listedPorts(): Promise<readonly ListedPort[]> {
  try {
    const { SerialPort } = await import('serialport');
    return await SerialPort.list();
  } catch {
    return orElse<string[]>([], () => readdirSync('/dev'))
      .filter((name) => /^tty(USB|ACM)\d+$/.test(name))
      .map((name) => ({ path: join('/dev', name) }));
  }
}

/** Looks at one port: whose it is, who holds it, and whether we may open it. */
export function lookAtPort(
  port: string,
  listed: readonly ListedPort[],
  system: SystemFolders = THIS_SYSTEM,
): PortState {
  const identity = identifyBoard(port, listed, system.sys);
  const device = orElse(null, () => realpathSync(port));
  if (device === null) return { identity, links: [], exists: false, mayOpen: false, groupToJoin: null, holders: [] };
  const mayOpen = orElse(false, () => {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  });
  return {
    identity,
    links: linksTo(device, system.serialLinks),
    exists: true,
    mayOpen,
    groupToJoin: mayOpen ? null : groupOf(device, system.groups),
    holders: holdersOf(device, port, system),
  };
}

function linksTo(device: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    orElse<string[]>([], () => readdirSync(folder))
      .map((name) => join(folder, name))
      .filter((link) => orElse('', () => realpathSync(link)) === device),
  );
}

/** The device's group, when it is one that may read and write. */
function groupOf(device: string, groupsFile: string): string | null {
  return orElse(null, () => {
    const { gid, mode } = statSync(device);
    if ((mode & 0o060) !== 0o060) return null;
    const line = readFileSync(groupsFile, 'utf8')
      .split('\n')
      .find((each) => each.split(':')[2] === `${gid}`);
    return line?.split(':')[0] ?? null;
  });
}

function holdersOf(device: string, port: string, { proc, locks }: SystemFolders): PortHolder[] {
  const open = orElse<string[]>([], () => readdirSync(proc))
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => hasOpen(join(proc, pid, 'fd'), device))
    .map((pid) => holder(Number(pid), proc, 'open file'));
  const locked = [...new Set([basename(device), basename(port)])].flatMap((name) =>
    locks
      .flatMap((folder) => lockPid(join(folder, `LCK..${name}`)))
      // A lock whose process is dead holds nothing.
      .filter((pid) => existsSync(join(proc, `${pid}`)))
      .map((pid) => holder(pid, proc, 'lock file')),
  );
  const seen = new Set<number>();
  return [...open, ...locked].filter(({ pid }) => !seen.has(pid) && seen.add(pid));
}

function hasOpen(folder: string, device: string): boolean {
  return orElse<string[]>([], () => readdirSync(folder)).some(
    (fd) => orElse('', () => readlinkSync(join(folder, fd))) === device,
  );
}

/** UUCP lock files hold the number in text, padded with spaces. */
function lockPid(path: string): number[] {
  const pid = Number(orElse('', () => readFileSync(path, 'utf8')).trim());
  return Number.isInteger(pid) && pid > 0 ? [pid] : [];
}

function holder(pid: number, proc: string, by: PortHolder['by']): PortHolder {
  return { pid, program: orElse(null, () => readFileSync(join(proc, `${pid}`, 'comm'), 'utf8').trim()), by };
}

function orElse<T>(otherwise: T, attempt: () => T): T {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}
