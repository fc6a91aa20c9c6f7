import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { writeTarget } from '../../src/hal/nvm/write-target.ts';

/**
 * Asks before a long run whether its report can be written.
 * @throws {HalError} `storage`: a folder or a disk has the name; {Error} of Node, with `code` and `path`
 */
export function checkReportFile(path: string): void {
  const target = writeTarget(path);
  accessSync(target.kind === 'file' ? dirname(target.path) : path, constants.W_OK);
}

/**
 * Writes a report whole: the file of that name holds the old report or the new one. A device or a pipe is written as
 * it is.
 * @throws {HalError} `storage`: the old report is as it was
 */
export function writeReportFile(path: string, text: string): void {
  writeReportParts(path, [Buffer.from(text)]);
}

/** The same for one that is too large for a text. */
export function writeReportParts(path: string, parts: Iterable<Uint8Array>): void {
  replaceFile(path, parts);
}
