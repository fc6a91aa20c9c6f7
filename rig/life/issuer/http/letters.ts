import { join } from 'node:path';
import { replaceFile } from '../../../../src/hal/nvm/replace-file.ts';
import { makeFolder, PRIVATE } from '../../../console/make-folder.ts';

/**
 * The other way for a transaction code, in place of a letter: a file for each activation in the issuer's folder, for its
 * owner alone. @returns the path
 */
export function writeLetter(folder: string, activationId: string, txCode: string): string {
  const letters = join(folder, 'letters');
  makeFolder(letters, PRIVATE);
  const path = join(letters, `${activationId}.txt`);
  replaceFile(path, [Buffer.from(`${txCode}\n`)]);
  return path;
}
