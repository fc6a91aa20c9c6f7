import { copyBytes } from '../../apdu/copy-bytes.ts';
import { type Format, FormatError, LATIN_1_TEXT } from './format.ts';
import { optional, required, Template } from './template.ts';

/** One application in 2F00 DIR. */
export interface ApplicationEntry {
  /** 1 to 16 bytes. */
  readonly aid: Uint8Array;
  /** At most 16 bytes of Latin-1. */
  readonly label: string | null;
}

const AID: Format<Uint8Array> = { encode: aid, decode: aid };

const LABEL: Format<string> = {
  encode: (label) => {
    const bytes = LATIN_1_TEXT.encode(label);
    if (bytes.length > 16) throw new FormatError(`a label of ${bytes.length} bytes, 16 at most`);
    return bytes;
  },
  decode: (bytes) => LATIN_1_TEXT.decode(bytes),
};

/** 2F00 DIR: one template per application, in a transparent file or one a record. */
export const APPLICATION: Template<ApplicationEntry> = new Template('2F00', 0x61, {
  aid: required(0x4f, AID),
  label: optional(0x50, LABEL),
});

function aid(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0 || bytes.length > 16)
    throw new FormatError(`an AID of ${bytes.length} bytes, 1 to 16 allowed`);
  return copyBytes(bytes);
}
