import { type BoardIdentity, identifyBoard, type ListedPort } from '../endpoint/board-identity.ts';
import { driveBackend } from './uf2/drive.ts';

/** What can be put on a board, by the way it gets there. */
export const BOARD_TARGETS = ['pn532', 'stm32', 'uf2'] as const;
/** A PN532 has its card with the station; the others get firmware into their flash. */
export type BoardTarget = (typeof BOARD_TARGETS)[number];
export type FirmwareTarget = Exclude<BoardTarget, 'pn532'>;

/** A board as the command line names it: `stm32:/dev/ttyUSB0`. */
export interface BoardName {
  readonly target: BoardTarget;
  /** Port, or folder of the drive. */
  readonly path: string;
}

/** @returns null for a name of another kind; a path alone is one of a PN532 */
export function parseBoardName(text: string): BoardName | null {
  const match = /^(?:([a-z0-9]+):)?(.+)$/.exec(text);
  const target = match?.[1] ?? 'pn532';
  const known = BOARD_TARGETS.find((each) => each === target);
  return match === null || known === undefined ? null : { target: known, path: match[2]! };
}

export function boardNameInWords({ target, path }: BoardName): string {
  return `${target}:${path}`;
}

/** A drive is known by its folder alone. */
export function identifyNamed({ target, path }: BoardName, listed: readonly ListedPort[]): BoardIdentity {
  const identity = identifyBoard(path, listed);
  return target === 'uf2' ? { ...identity, usb: null, knownBy: 'port', backend: driveBackend(path) } : identity;
}
