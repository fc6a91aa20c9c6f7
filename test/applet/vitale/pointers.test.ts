import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/apdu/index.ts';
import {
  CardDataError,
  decodePointers,
  encodePointers,
  MF_VITALE_NAME,
  VITALE_AID,
} from '../../../src/applet/vitale/index.ts';

const applications = [
  { aid: MF_VITALE_NAME, fid: 0x3f00, files: [{ name: 'IDENT', fid: 0xd001 }] },
  { aid: VITALE_AID, fid: 0x2000, files: [{ name: 'ATR_INFÔ', fid: 0x2002 }] },
];
// E0 { A0 { 82 key fid AID … } 80 name key fid … }, laid out by hand after the walk of a reader in the field.
const HEX =
  'E0 43 A0 25 82 12 0001 3F00 D2500000024D465F564954414C45 82 0F 0002 2000 D250000002564954414C45' +
  ' 80 0C 4944454E54202020 0001 D001 80 0C 4154525F494E46D4 0002 2002';

describe('2001 POINTERS', () => {
  it('both ways', () => {
    expect(toHex(encodePointers(applications))).toBe(toHex(fromHex(HEX)));
    expect(decodePointers(fromHex(HEX))).toEqual(applications);
  });

  it('is read with what readers skip: other tags, long entries, bytes after E0, long lengths', () => {
    const hex =
      'E0 82 0025 A0 81 0C 82 0A FFFE 0000 A00000000101 C0 01 55 80 0E 4E49522020202020 FFFE 2002 AAAA 0000 FF'.replace(
        '0025',
        '0022',
      );
    expect(decodePointers(fromHex(hex))).toEqual([
      { aid: fromHex('A00000000101'), fid: 0, files: [{ name: 'NIR', fid: 0x2002 }] },
    ]);
  });

  it.each([
    ['no file', [{ ...applications[0]!, files: [] }], 'at least one file must be listed'],
    [
      'a long name',
      [{ ...applications[0]!, files: [{ name: 'SIGNATURE', fid: 1 }] }],
      "file name 'SIGNATURE' is not 1 to 8 characters",
    ],
    [
      'a name beyond Latin-1',
      [{ ...applications[0]!, files: [{ name: 'ŒUVRE', fid: 1 }] }],
      'is not 1 to 8 characters of Latin-1',
    ],
    ['a long AID', [{ ...applications[0]!, aid: new Uint8Array(17) }], 'an AID of 17 bytes'],
  ])('is not made with %s', (_, wrong, message) => {
    expect(() => encodePointers(wrong)).toThrow(message);
  });

  it.each([
    ['nothing', '', '2001: tag E0: missing'],
    ['another tag', '65 00', '2001: tag E0: missing'],
    ['a file of nobody', 'E0 10 A0 00 80 0C 4944454E54202020 0001 D001', 'no application has key 1'],
    ['a short file entry', 'E0 0F A0 00 80 0B 4944454E54202020 0001 D0', '11 bytes, 12 needed'],
    ['a short application', 'E0 08 A0 06 82 04 0001 0000', '4 bytes, 5 to 20 allowed'],
    ['a key twice', 'E0 10 A0 0E 82 05 0001 0000 A0 82 05 0001 0000 A1', 'key 1 is there twice'],
    ['cut short', 'E0 10 A0 00', '2001: 16 bytes announced, 2 there at offset 0'],
  ])('refuses %s', (_, hex, message) => {
    expect(() => decodePointers(fromHex(hex))).toThrow(CardDataError);
    expect(() => decodePointers(fromHex(hex))).toThrow(message);
  });
});
