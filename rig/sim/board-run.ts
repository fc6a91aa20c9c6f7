import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/hal/clock.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';
import type { CommandIo } from '../console/io.ts';
import type { Fault } from './faults/plan.ts';

/** Boards that are simulated until Ctrl-C. */
export interface BoardRun {
  readonly names: readonly string[];
  /** Where the board can be found. */
  pathOf(name: string): string;
  faultsOf(name: string): readonly Fault[];
  /** Folder of what is in the flashes; null: it is lost at the end. */
  readonly keep: string | null;
}

/** Says what happens: a line for a person, or a JSON document on each line. */
export type Say = (document: Record<string, unknown>, text: string) => void;

export function sayTo(io: CommandIo, clock: Clock): Say {
  return (document, text) => {
    io.stdout(`${io.json ? JSON.stringify({ atNs: clock.nowNs(), ...document }) : text}\n`);
  };
}

export function sayFault(say: Say, board: string, { name, value }: Fault, occasion: number): void {
  say({ event: 'fault', board, fault: name, value, occasion }, `${board}  fault ${name}, occasion ${occasion}`);
}

const A_DAY_MS = 86_400_000;

/** Resolves at Ctrl-C. Until then the process stays, also when no board is plugged in any more. */
export function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const stays = setInterval(() => {}, A_DAY_MS);
    const end = (): void => {
      clearInterval(stays);
      resolve(null);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Bytes of the largest flash that is simulated. */
const LARGEST_FLASH = 16 * 1024 * 1024;

function fileOf(folder: string, board: string): string {
  return join(folder, `board-${board}.bin`);
}

/** Fills a flash as the last run left it. @throws {CannotRun} the file is that of another chip */
export function restoreFlash(folder: string | null, board: string, flash: Uint8Array): void {
  if (folder === null || !existsSync(fileOf(folder, board))) return;
  const path = fileOf(folder, board);
  const bytes = readInputFile(path, 'the contents of a flash', LARGEST_FLASH);
  if (bytes.length !== flash.length) {
    throw new CannotRun(`${path} has ${bytes.length} bytes, and the flash of this chip ${flash.length}`);
  }
  flash.set(bytes);
}

/** @throws {HalError} `storage` */
export function keepFlash(folder: string | null, board: string, flash: Uint8Array): void {
  if (folder !== null) replaceFile(fileOf(folder, board), [flash]);
}
