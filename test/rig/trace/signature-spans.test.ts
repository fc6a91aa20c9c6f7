import { describe, expect, it } from 'vitest';
import { lengthAt, SignatureStream } from '../../../rig/trace/signature-spans.ts';
import { checkPieces } from './marked-pieces.ts';

const check = (pieces: readonly string[]): void => checkPieces(new SignatureStream(), pieces);

/** The object identifier of SignedData, 1.2.840.113549.1.7.2, as DER has it. */
const SIGNED_DATA = '06 09 2A864886F70D010702';

describe('a data object with a signature', () => {
  it.each([
    ['5F37', '5F37 10 [signature 16*AB]'],
    ['5F3D', '5F3D 10 [signature 16*AB]'],
    ['5F38: none', '5F38 10 16*AB'],
    ['5E37: none', '5E37 10 16*AB'],
    ['15 bytes: none', '5F37 0F 15*AB'],
    ['1024 bytes', '5F37 820400 [signature 1024*AB]'],
    ['1025 bytes: none', '5F37 820401 1025*AB'],
    ['a length of two bytes', '5F37 8110 [signature 16*AB]'],
    ['a length of four bytes', '5F37 83000010 [signature 16*AB]'],
    ['a length of five bytes', '5F37 8400000010 [signature 16*AB]'],
    ['a length of six bytes: none', '5F37 850000000010 16*AB'],
    ['an indefinite length: none', '5F37 80 16*AB 0000'],
    ['two of them', '5F37 10 [signature 16*AB] 5F37 11 [signature 17*CD]'],
    ['something before and behind', '5F 30 5F37 10 [signature 16*AB] 5F36 01 00'],
    ['one that holds what looks like one', '5F37 14 [signature 5F37 10 17*AB] 16*CD'],
  ])('%s', (_, piece) => check([piece]));
});

describe('SignedData', () => {
  it.each([
    ['behind its identifier', `30 0F ${SIGNED_DATA} [signature 01020304]`],
    ['a length of two bytes', `30 81 0F ${SIGNED_DATA} [signature 01020304]`],
    ['a length of three bytes', `30 82 0100 ${SIGNED_DATA} [signature 245*AB] 02`],
    ['one byte', `30 0C ${SIGNED_DATA} [signature 01] 02`],
    ['nothing behind it', `30 0B ${SIGNED_DATA} 010203`],
    ['shorter than its identifier', `30 05 ${SIGNED_DATA} 010203`],
    ['another identifier: none', '30 0F 06 09 2A864886F70D010701 01020304'],
    ['a set: none', `31 0F ${SIGNED_DATA} 01020304`],
    ['an indefinite length: none', `30 80 ${SIGNED_DATA} 01020304 0000`],
  ])('%s', (_, piece) => check([piece]));
});

describe('a certificate', () => {
  it.each([
    ['its signature stays', '7F21 16 7F4E00 5F37 10 16*AB'],
    ['a signature behind it', '7F21 16 7F4E00 5F37 10 16*AB 5F37 10 [signature 16*CD]'],
    ['with something else for its body', '7F21 16 7F4F00 5F37 10 [signature 16*AB]'],
    ['another tag with such a body', '7F22 16 7F4E00 5F37 10 [signature 16*AB]'],
    ['with an indefinite length', '7F21 80 7F4E00 5F37 10 [signature 16*AB] 0000'],
    ['empty', '7F21 00 5F37 10 [signature 16*AB]'],
  ])('%s', (_, piece) => check([piece]));
});

describe('over pieces', () => {
  it.each([
    ['in its tag', ['5F', '37 10 [signature 16*AB]']],
    ['behind its tag', ['5F37', '10 [signature 16*AB]']],
    ['in its length', ['5F37 82 00', '10 [signature 16*AB]']],
    ['in its length, the last byte', ['5F37 82', '00 10 [signature 16*AB]']],
    ['behind its length', ['5F37 10', '[part signature 16*AB]']],
    ['in its value', ['5F37 10 [part signature 4*AB]', '[part signature 12*AB] 0102']],
    [
      'in its value, over three',
      ['5F37 10 [part signature 4*AB]', '[part signature 4*AB]', '[part signature 8*AB] 01'],
    ],
    ['behind its value', ['5F37 10 [signature 16*AB]', '0102']],
    [
      'the next one begins at once',
      ['5F37 10 [part signature 4*AB]', '[part signature 12*AB] 5F37 10 [signature 16*CD]'],
    ],
    ['with a gap in its value', ['5F37 10 [part signature 4*AB]', 'gap 12*AB']],
    ['with a gap in its tag', ['5F', 'gap 37 10 16*AB']],
    ['a gap, and then one', ['5F37 10 [part signature 4*AB]', 'gap 5F37 10 [signature 16*AB]']],
    ['SignedData, in its length', ['30', `0F ${SIGNED_DATA} [signature 01020304]`]],
    ['SignedData, in its identifier', ['30 0F 06 09 2A8648', '86F70D010702 [signature 01020304]']],
    ['SignedData, in its value', [`30 0F ${SIGNED_DATA} [part signature 01]`, '[part signature 020304] 05']],
    ['a certificate, in its tag', ['7F', '21 16 7F4E00 5F37 10 16*AB']],
    ['a certificate, behind its tag', ['7F21', '16 7F4E00 5F37 10 16*AB']],
    ['a certificate, in the tag of its body', ['7F21 16 7F', '4E00 5F37 10 16*AB']],
    ['a certificate, in its signature', ['7F21 16 7F4E00 5F37 10 4*AB', '12*AB 5F37 10 [signature 16*CD]']],
    ['something that is none, in its beginning', ['0102 5F', '0102']],
  ])('%s', (_, pieces) => check(pieces));
});

describe('lengthAt', () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  it.each([
    ['00', { value: 0, from: 1 }],
    ['7F', { value: 127, from: 1 }],
    ['8180', { value: 128, from: 2 }],
    ['820100', { value: 256, from: 3 }],
    ['83010203', { value: 66_051, from: 4 }],
    ['84FFFFFFFF', { value: 4_294_967_295, from: 5 }],
    ['80', null],
    ['8500', null],
    ['FF', null],
    ['', 'cut'],
    ['81', 'cut'],
    ['8201', 'cut'],
    ['84010203', 'cut'],
  ])('%s', (hex, length) => expect(lengthAt(bytes(hex), 0)).toEqual(length));

  it('stands anywhere', () => expect(lengthAt(bytes('FFFF820100'), 2)).toEqual({ value: 256, from: 5 }));
});
