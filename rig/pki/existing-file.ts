import { lstatSync } from 'node:fs';
import { CannotRun } from '../console/failure.ts';

/** Keys and certificates are never replaced: a key that is gone cannot be made again. @throws {CannotRun} */
export function refuseExisting(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new CannotRun(`${path} is there already and is not replaced: choose another name, or move it away`);
  }
}
