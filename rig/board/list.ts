import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import { listedPorts, lookAtPort, type PortState } from '../endpoint/ports.ts';
import { usbInWords } from './html.ts';
import { readStored, type StoredCard } from './store.ts';

export interface BoardListOptions {
  /** Ports to look at besides those that the system lists: simulated ones are not listed by anything. */
  readonly ports: readonly string[];
  /** Only those. */
  readonly onlyThese: boolean;
}

interface Listed extends PortState {
  readonly card: StoredCard | null;
}

/** `vitap board list`: serial ports that a board may be on; nothing is opened. Fails when a port that was named is not there. */
export async function listBoards(options: BoardListOptions, io: CommandIo): Promise<ExitCode> {
  const listed = await listedPorts();
  const offered = options.onlyThese
    ? []
    : listed.filter(({ path, vendorId }) => vendorId !== undefined || isBridge(path));
  const paths = [...new Set([...offered.map(({ path }) => path), ...options.ports])];
  const folder = stateFolder(io.env);
  const ports: Listed[] = paths.map((path) => {
    const state = lookAtPort(path, listed);
    return { ...state, card: readStored(folder, state.identity) };
  });
  if (io.json) writeJson(io, { id: 'board-list', ports });
  else io.stdout(ports.length === 0 ? NOTHING : ports.map(inWords).join('\n'));
  return ports.every(({ exists }) => exists) ? EXIT.pass : EXIT.fail;
}

const NOTHING = [
  'No USB serial port is plugged in.',
  'A port that the system does not list can be named: vitap board list PORT…; `vitap board sim` makes simulated boards.',
  '',
].join('\n');

function isBridge(path: string): boolean {
  return /\/tty(USB|ACM)\d+$/.test(path);
}

function inWords({ identity, exists, mayOpen, groupToJoin, holders, links, card }: Listed): string {
  const { port, backend, usb, knownBy } = identity;
  if (!exists) return `${shown(port)}\n  is not there\n`;
  const rights = mayOpen
    ? 'may be opened'
    : groupToJoin === null
      ? 'the rights to open it are missing'
      : `the rights to open it are missing: as root, usermod -aG ${groupToJoin} USER, then log in again`;
  const who = holders.map(({ pid, program }) => `${program ?? 'a process'} (${pid})`).join(', ');
  const lines = [
    `pn532:${port}`,
    `  ${backend === 'simulated' ? 'simulated (a pseudo-terminal)' : usb === null ? 'serial port' : `USB ${usbInWords({ usb })}`}`,
    `  ${rights}; ${holders.length === 0 ? 'nobody seems to hold it' : `held by ${who}`}`,
    `  known by its ${knownBy}: ${identity.key}`,
    ...links.map((link) => `  also ${link}`),
    `  ${card === null ? 'no card on it' : `card: ${card.profile}, put there ${card.flashedAt}`}`,
  ].map((line) => `${shown(line)}\n`);
  return lines.join('');
}
