import { commandName as nameOfCommand } from '../../../src/apdu/instruction.ts';
import type { MaskedHex } from '../model.ts';

/** Commands of classes that are not ISO/IEC 7816-4's own: GlobalPlatform and ETSI TS 102 221. */
const PROPRIETARY: ReadonlyMap<number, string> = new Map([
  [0x10, 'TERMINAL PROFILE'],
  [0x12, 'FETCH'],
  [0x14, 'TERMINAL RESPONSE'],
  [0x32, 'INCREASE'],
  [0x50, 'INITIALIZE UPDATE'],
  [0x82, 'EXTERNAL AUTHENTICATE'],
  [0xaa, 'TERMINAL CAPABILITY'],
  [0xc2, 'ENVELOPE'],
  [0xca, 'GET DATA'],
  [0xd8, 'PUT KEY'],
  [0xe2, 'STORE DATA'],
  [0xe4, 'DELETE'],
  [0xe6, 'INSTALL'],
  [0xe8, 'LOAD'],
  [0xf0, 'SET STATUS'],
  [0xf2, 'STATUS'],
]);
const READER_CLASS = 0xff;

/** `READ RECORD`, and before it the class where that matters. */
export function commandName(apdu: MaskedHex): string {
  if (apdu.length < 4) return 'no command';
  // A masked byte counts as 00.
  const [cla, ins] = [byteAt(apdu, 0), byteAt(apdu, 2)];
  if (cla === READER_CLASS) return `INS ${hex(ins)} of the reader (class FF)`;
  const name = nameOfCommand(cla, ins);
  return name.endsWith(`of class ${hex(cla)}`) ? (PROPRIETARY.get(ins) ?? name) : name;
}

function byteAt(apdu: MaskedHex, at: number): number {
  return Number.parseInt(apdu.slice(at, at + 2).replace('XX', '00'), 16);
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
