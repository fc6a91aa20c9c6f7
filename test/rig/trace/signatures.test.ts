import { describe, expect, it } from 'vitest';
import { maskedHex } from '../../../rig/trace/masked-hex.ts';
import { Redactor } from '../../../rig/trace/redaction.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Passes commands (`>`) and responses (`<`) through one redactor. */
function redact(session: readonly string[]): string[] {
  const redactor = new Redactor();
  return session.map((line) => {
    const apdu = bytes(line.slice(1));
    const masks = line.startsWith('>') ? redactor.command(apdu) : redactor.response(apdu);
    return line.charAt(0) + maskedHex(apdu, masks);
  });
}

const SIGNED = 'AB'.repeat(64);
const HIDDEN = 'XX'.repeat(64);

describe('signatures and signed hashes', () => {
  it.each([
    ['of a card’s files', ['>00B0850000', `<5F3740${SIGNED}9000`], ['>00B0850000', `<5F3740${HIDDEN}9000`]],
    [
      'behind a certificate, which stays as it is with the signature of its issuer',
      ['>00B0850000', `<7F214A 7F4E045F290100 5F3740${'CD'.repeat(64)} 5F3740${SIGNED} 9000`],
      ['>00B0850000', `<7F214A7F4E045F2901005F3740${'CD'.repeat(64)}5F3740${HIDDEN}9000`],
    ],
    [
      'cut by READ BINARY in its length and in its value, another command between',
      ['>00B0000003', '<5F37409000', '>0084000000', '<01029000', '>00B0000310', `<${'AB'.repeat(16)}9000`].concat([
        '>00B0001330',
        `<${'AB'.repeat(48)}9000`,
      ]),
      ['>00B0000003', '<5F37409000', '>0084000000', '<01029000', '>00B0000310', `<${'XX'.repeat(16)}9000`].concat([
        '>00B0001330',
        `<${'XX'.repeat(48)}9000`,
      ]),
    ],
    [
      'in two answers',
      ['>00CB3FFF00', `<5F37${'40'}${'AB'.repeat(60)}6104`, '>00C0000004', `<${'AB'.repeat(4)}9000`],
      ['>00CB3FFF00', `<5F3740${'XX'.repeat(60)}6104`, '>00C0000004', `<${'XX'.repeat(4)}9000`],
    ],
    ['as the bare value of GET DATA', ['>00CA5F3740', `<${SIGNED}9000`], ['>00CA5F3740', `<${HIDDEN}9000`]],
    ['written', [`>00D60000435F3740${SIGNED}`], [`>00D60000435F3740${HIDDEN}`]],
    [
      'the hashes of a travel document’s files (CMS SignedData)',
      ['>00B0000000', `<7715 3013 06092A864886F70D010702 A006 ${'0102030405'}06 9000`],
      ['>00B0000000', `<7715301306092A864886F70D010702${'XX'.repeat(8)}9000`],
    ],
    [
      'of a payment card’s records',
      ['>00B2010C00', `<7016 9314${'AB'.repeat(20)}9000`],
      ['>00B2010C00', `<70169314${'XX'.repeat(20)}9000`],
    ],
    [
      'COMPUTE DIGITAL SIGNATURE: the hash that is signed, and the signature',
      [`>002A9E9A20${'11'.repeat(32)}00`, `<${SIGNED}9000`],
      [`>002A9E9A20${'XX'.repeat(32)}00`, `<${HIDDEN}9000`],
    ],
    [
      'VERIFY DIGITAL SIGNATURE in ENVELOPE',
      ['>00C2000009 002A00A804 01020304', '<90009000'],
      ['>00C2000009002A00A804XXXXXXXX', '<90009000'],
    ],
    [
      'the tag with something short in it',
      ['>00B0000000', '<5F370401020304 9000'],
      ['>00B0000000', '<5F3704010203049000'],
    ],
    ['MSE and other operations', ['>002A80860100', '<9000'], ['>002A80860100', '<9000']],
  ])('%s', (_, session, expected) => expect(redact(session)).toEqual(expected));
});
