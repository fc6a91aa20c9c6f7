/* Blocks of pcapng files: type, length, body padded to four bytes, length again. Written in little-endian order. */

export const BLOCK = {
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  OLD_PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPTION = {
  END: 0,
  COMMENT: 1,
  SECTION_HARDWARE: 2,
  SECTION_APPLICATION: 4,
  INTERFACE_NAME: 2,
  INTERFACE_TIME_RESOLUTION: 9,
  INTERFACE_TIME_OFFSET: 14,
} as const;

export interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The longest value of an option: its length has 16 bits. */
const LONGEST_VALUE = 65_532;

export function textOption(code: number, text: string): Option {
  const value = encoder.encode(text);
  return { code, value: value.length > LONGEST_VALUE ? value.subarray(0, LONGEST_VALUE) : value };
}

/** A whole block. @param body a multiple of four bytes long */
export function encodeBlock(type: number, body: Uint8Array, options: readonly Option[] = []): Uint8Array {
  const optionsLength =
    options.length === 0 ? 0 : 4 + options.reduce((sum, { value }) => sum + 4 + padded(value.length), 0);
  const length = 12 + body.length + optionsLength;
  const block = new Uint8Array(length);
  const view = new DataView(block.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  block.set(body, 8);
  let at = 8 + body.length;
  for (const { code, value } of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    block.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(length - 4, length, true);
  return block;
}

/** Options at the end of a block's body; what does not fit ends the list. */
export function parseOptions(body: DataView, from: number, littleEndian: boolean): Option[] {
  const options: Option[] = [];
  let at = from;
  while (at + 4 <= body.byteLength) {
    const code = body.getUint16(at, littleEndian);
    const length = body.getUint16(at + 2, littleEndian);
    at += 4;
    if (code === OPTION.END || at + length > body.byteLength) break;
    options.push({ code, value: new Uint8Array(body.buffer, body.byteOffset + at, length) });
    at += padded(length);
  }
  return options;
}

export function textsOf(options: readonly Option[], code: number): string[] {
  return options.filter((option) => option.code === code).map(({ value }) => decoder.decode(value));
}

export function padded(length: number): number {
  return (length + 3) & ~3;
}
