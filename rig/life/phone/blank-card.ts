import { personalise } from '../../../src/applet/image/personalise.ts';
import type { CardSpecification, DirectorySpecification } from '../../../src/applet/image/specification.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import { loadProfile } from '../../card/profile/index.ts';

/** 2F07 SCREEN: CAN and first code as ASCII digits, in this order. */
export const SCREEN = { FID: 0x2f07, CAN: 6, CODE: 6 } as const;
/** E008 PUK: ASCII digits, or 00 once it was noted. */
export const PUK = { FID: 0xe008, SFI: 0x08, LENGTH: 8 } as const;
const SERIAL_BYTES = 8;
/** Test cards have serial numbers of this beginning. */
const SERIAL_START = [0x99, 0x90];

/**
 * The image of a blank card: profile `phone` with a CAN, a PUK, a first code and a serial number of its own. They stand in
 * the card, and nowhere else.
 */
export async function blankCard(crypto: Crypto, random: Random): Promise<Uint8Array> {
  const specification = await loadProfile('phone', { crypto, random });
  const codes = {
    CAN: randomDigits(random, SCREEN.CAN),
    PUK: randomDigits(random, PUK.LENGTH),
    code: randomDigits(random, SCREEN.CODE),
  };
  const serial = new Uint8Array(SERIAL_BYTES);
  random.fill(serial, 0, serial.length);
  serial.set(SERIAL_START);
  return personalise({ ...withCodes(specification, codes), serial }, crypto);
}

function withCodes(
  specification: CardSpecification,
  codes: { readonly CAN: string; readonly PUK: string; readonly code: string },
): CardSpecification {
  const value = (text: string): Uint8Array => new TextEncoder().encode(text);
  const contents = new Map([
    [SCREEN.FID as number, value(codes.CAN + codes.code)],
    [PUK.FID as number, value(codes.PUK)],
  ]);
  const visit = (directory: DirectorySpecification): DirectorySpecification => ({
    ...directory,
    pins: directory.pins.map((pin) => {
      const own = pin.password === 'CAN' ? codes.CAN : pin.unblockedBy === null ? codes.PUK : codes.code;
      return { ...pin, code: value(own) };
    }),
    children: directory.children.map((child) => {
      if (child.kind === 'directory') return visit(child);
      const content = contents.get(child.fid);
      return child.kind === 'transparent' && content !== undefined ? { ...child, content } : child;
    }),
  });
  return { ...specification, masterFile: visit(specification.masterFile) };
}

/** Each digit as probable as the others: bytes of 250 and more are drawn again. */
export function randomDigits(random: Random, count: number): string {
  const byte = new Uint8Array(1);
  let text = '';
  while (text.length < count) {
    random.fill(byte, 0, 1);
    const drawn = byte[0] as number;
    if (drawn < 250) text += String(drawn % 10);
  }
  return text;
}
