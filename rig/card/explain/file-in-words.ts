import type { CardFile } from '../../../src/applet/files/card-file.ts';
import { FILE_KIND } from '../../../src/applet/image/layout.ts';

export function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/** `E002`, and `DF E000` for a directory. */
export function fileInWords(file: CardFile): string {
  if (file.parent === file) return 'the MF';
  return file.isDirectory ? `DF ${hex(file.fid, 4)}` : hex(file.fid, 4);
}

/** `transparent`, `linear fixed` …: what the standard calls its structure. */
export function structureInWords(file: CardFile): string {
  switch (file.kind) {
    case FILE_KIND.DIRECTORY:
      return 'a directory';
    case FILE_KIND.TRANSPARENT:
      return 'transparent';
    case FILE_KIND.BER_TLV:
      return 'a file of data objects';
    case FILE_KIND.LINEAR_FIXED:
      return 'linear fixed';
    case FILE_KIND.LINEAR_VARIABLE:
      return 'linear variable';
    default:
      return 'cyclic';
  }
}
