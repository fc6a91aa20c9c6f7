import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../src/hal/nvm/storage-error.ts';

/**
 * Asks before a long run whether its report can be written.
 * @throws {Error} of Node, with `code` and `path`
 */
export function checkReportFile(path: string): void {
  accessSync(isSpecial(path) ? path : dirname(path), constants.W_OK);
}

/**
 * Writes a report whole: the file of that name holds the old report or the new one. A device or a pipe is written as
 * it is.
 * @throws {HalError} `storage`: the old report is as it was
 */
export function writeReportFile(path: string, text: string): void {
  if (!isSpecial(path)) {
    replaceFile(path, [Buffer.from(text)]);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw storageError('cannot write', path, cause);
  }
}

function isSpecial(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch {
    // As below a file that stands where a folder should: writing says it in a sentence.
    return false;
  }
}
