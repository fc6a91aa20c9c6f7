import { statfsSync } from 'node:fs';
import { systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';

/** A run takes less: the inputs of a campaign and what its verbs write. */
const LEAST_BYTES = 64 * 1024 * 1024;
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];
const MOST_CAUSES = 8;

/** Whether something failed because a disk of this bench is full: the run is none the worse for it. */
export function isOfFullDisk(error: unknown): boolean {
  let each: unknown = error;
  for (let i = 0; i < MOST_CAUSES && each instanceof Error; i++) {
    if (FULL.includes(systemErrorCode(each))) return true;
    each = each.cause;
  }
  return false;
}

/** @returns which of these folders has too little room for a run, in one sentence; null: none */
export function noRoom(folders: readonly string[], least: number = LEAST_BYTES): string | null {
  for (const folder of folders) {
    const free = freeBytes(folder);
    if (free === null || free >= least) continue;
    return `the disk of ${folder} has ${Math.floor(free / 1e6)} MB left, and a run may need ${Math.ceil(least / 1e6)}`;
  }
  return null;
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // What cannot be asked says so when it is written to.
    return null;
  }
}
