import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { UF2_FAMILY } from '../firmware/uf2.ts';

/** By this file a UF2 bootloader says what it is (UF2 specification). */
const INFO_FILE = 'INFO_UF2.TXT';
const LONGEST_INFO = 4096;

export interface Uf2Info {
  readonly model: string;
  readonly boardId: string;
}

/** What a bootloader takes. */
export interface Uf2Board {
  readonly boardId: string;
  readonly name: string;
  /** Families that it writes. The first is that of a program made here. */
  readonly families: readonly number[];
  /** Where its flash lies, and how much of it can be addressed. */
  readonly flash: { readonly address: number; readonly size: number };
}

const XIP = { address: 0x10000000, size: 16 * 1024 * 1024 };

export const UF2_BOARDS: readonly Uf2Board[] = [
  { boardId: 'RPI-RP2', name: 'RP2040', families: [UF2_FAMILY.RP2040], flash: XIP },
  {
    boardId: 'RP2350',
    name: 'RP2350',
    families: [UF2_FAMILY.RP2350_ARM_S, UF2_FAMILY.RP2_ABSOLUTE],
    flash: XIP,
  },
];

/** Folders in which systems mount the drives of users. */
const MOUNT_FOLDERS = ['/media', '/run/media', '/Volumes'];

/** Type of the file system of such drives, as Linux names it: FAT. */
const FAT = 0x4d44;

/** A folder that is no drive is a program's. */
export function driveBackend(folder: string): 'simulated' | 'hardware' {
  if (process.platform !== 'linux') return 'hardware';
  try {
    return statfsSync(folder).type === FAT ? 'hardware' : 'simulated';
  } catch {
    return 'simulated';
  }
}

/** Whether a bootloader's drive is there. */
export function isDrive(folder: string): boolean {
  return existsSync(join(folder, INFO_FILE));
}

/** The drives of UF2 bootloaders that the system has mounted. */
export function mountedDrives(roots: readonly string[] = MOUNT_FOLDERS): readonly string[] {
  const below = (folder: string): string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(folder, name));
    } catch {
      return [];
    }
  };
  // A user's own folder stands between, or does not.
  return roots
    .flatMap(below)
    .flatMap((each) => [each, ...below(each)])
    .filter(isDrive)
    .sort();
}

/** @throws {CannotRun} no drive of a bootloader, or its file says nothing */
export function readUf2Info(folder: string): Uf2Info {
  if (!isDrive(folder)) {
    throw new CannotRun(
      `${folder} is no drive of a UF2 bootloader (${INFO_FILE} is missing): hold BOOTSEL while the board is plugged in`,
    );
  }
  const text = readInputText(
    join(folder, INFO_FILE),
    'the file by which a UF2 bootloader says what it is',
    LONGEST_INFO,
  );
  const value = (key: string): string | null =>
    new RegExp(`^${key}:[ \t]*(.+?)[ \t]*\r?$`, 'm').exec(text)?.[1] ?? null;
  const boardId = value('Board-ID');
  if (boardId === null) throw new CannotRun(`${join(folder, INFO_FILE)} has no line Board-ID`);
  return { model: value('Model') ?? boardId, boardId };
}

/** @throws {CannotRun} a board that is not known here */
export function uf2BoardOf({ boardId, model }: Uf2Info): Uf2Board {
  const board = UF2_BOARDS.find((each) => each.boardId === boardId);
  if (board !== undefined) return board;
  const known = UF2_BOARDS.map((each) => `${each.boardId} (${each.name})`).join(', ');
  throw new CannotRun(`the board is ${boardId} (${model}), which is not known here; known are ${known}`);
}
