import { commandLayout } from '../command-layout.ts';
import { bytesOf } from '../masked-hex.ts';
import type { Mask, MaskedHex, MaskKind } from '../model.ts';
import { FormatError } from '../stream.ts';

/*
 * Bytes as logs write them: `00 A4 04 00`, `00a40400`, `00:A4`, and `XX` for a byte that was masked.
 */
const MASKED_HEX = /^(?:[0-9A-F]{2}|XX)*$/;
const ROW = /^(?:(?:[0-9A-Fa-f]{2}|XX) )*(?:[0-9A-Fa-f]{2}|XX)$/;
const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*m`, 'g');

/** Bytes with or without single spaces, in either case; null when it is anything else, or nothing. */
export function hexOf(text: string): MaskedHex | null {
  const hex = text.replaceAll(' ', '').toUpperCase();
  return hex !== '' && MASKED_HEX.test(hex) ? hex : null;
}

const ROW_SIZE = 16;

/**
 * The bytes of a row of a dump as OpenSC prints it: up to 16 bytes, each with a space after it, and their text. Only from
 * the second row on a short one is filled up with spaces before the text. Blanks at the end may be gone, and with them
 * text that was blank. Null: no such row.
 */
export function dumpRow(text: string, isFirst: boolean): MaskedHex | null {
  if (text.length > 4 * ROW_SIZE) return null;
  if (!isFirst) return rowOf(text.slice(0, 3 * ROW_SIZE));
  // Three characters a byte and one of text, of which as many may be missing as the last bytes are blank.
  const trimmed = text.trimEnd();
  for (let size = Math.max(1, Math.ceil(trimmed.length / 4)); size <= ROW_SIZE; size++) {
    const row = rowOf(text.slice(0, 3 * size));
    if (row === null || row.length !== 2 * size) break;
    if (`${spaced(row)} ${rowText(row)}`.trimEnd() === trimmed) return row;
  }
  return rowOf(text.slice(0, 3 * Math.ceil(text.length / 4)));
}

function rowOf(text: string): MaskedHex | null {
  const bytes = text.trimEnd();
  return ROW.test(bytes) ? hexOf(bytes) : null;
}

function rowText(row: MaskedHex): string {
  return row.replace(/../g, (byte) => printable(byte));
}

/** No APDU has more hexadecimal digits: 65,544 bytes of a command, and some for what is none. */
const LONGEST_APDU = 2 * 66_000;
/** Lines of a log that tell anything but bytes are short; longer ones are not looked at. */
export const LONGEST_REMARK = 4096;

/** Bytes that go on in the next line. @throws {FormatError} when they are more than any APDU has */
export function joined(hex: MaskedHex, more: MaskedHex, line: number): MaskedHex {
  if (hex.length + more.length <= LONGEST_APDU) return hex + more;
  throw new FormatError({ line }, 'these are more bytes than an APDU has');
}

/** `00A404` as `00 A4 04`. */
export function spaced(hex: MaskedHex): string {
  return hex.replace(/..(?=.)/g, '$& ');
}

/** Bytes in such rows. */
export function dumpRows(hex: MaskedHex): string {
  let rows = '';
  for (let start = 0; start < hex.length; start += 32) {
    const row = hex.slice(start, start + 32);
    rows += `${`${spaced(row)} `.padEnd(start === 0 ? 0 : 3 * ROW_SIZE)}${rowText(row)}\n`;
  }
  return rows;
}

function printable(byte: string): string {
  const code = Number.parseInt(byte, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
}

/** The masks that the `XX` of a log stand for. What they hid a log does not say. */
export function masksOfHex(hex: MaskedHex, what: MaskKind): readonly Mask[] {
  const masks: Mask[] = [];
  for (const { index, 0: run } of hex.matchAll(/(?:XX)+/g)) {
    masks.push({ offset: index / 2, length: run.length / 2, what });
  }
  return masks;
}

export function isMasked(hex: MaskedHex): boolean {
  return hex.includes('X');
}

/** Masked bytes as 00, for formats that have no sign for them. */
export function unmasked(hex: MaskedHex): string {
  return hex.replaceAll('XX', '00');
}

/** A line of a log that was made for a terminal, without its colours. */
export function withoutColours(text: string): string {
  return text.replace(ESCAPE_SEQUENCE, '');
}

/** A command APDU in its parts, each in hex; null when its length does not fit its own length fields. */
export interface CommandParts {
  readonly header: string;
  readonly lc: string;
  readonly data: string;
  readonly le: string;
}

export function commandParts(apdu: MaskedHex): CommandParts | null {
  const { dataOffset, dataLength, ne } = commandLayout(bytesOf(apdu));
  if (ne === null) return null;
  if (dataLength === 0) return { header: apdu.slice(0, 8), lc: '', data: '', le: apdu.slice(8) };
  const dataEnd = 2 * (dataOffset + dataLength);
  return {
    header: apdu.slice(0, 8),
    lc: apdu.slice(8, 2 * dataOffset),
    data: apdu.slice(2 * dataOffset, dataEnd),
    le: apdu.slice(dataEnd),
  };
}
