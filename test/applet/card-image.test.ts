import { describe, expect, it } from 'vitest';
import { openImage } from '../../src/applet/image/card-image.ts';
import { PIN, SUPERBLOCK } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import type { CardSpecification, DirectorySpecification } from '../../src/applet/image/specification.ts';
import { crc32 } from '../../src/hal/crc32.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { benchSpecification, code, FREE, reading } from './bench-card.ts';

const image = () => personalise(benchSpecification(), nobleHashes());
const open = (bytes: Uint8Array) => openImage(new MemoryNvm(bytes));

describe('card image', () => {
  it('CRC-32 has its check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('gives back what was specified', () => {
    const opened = open(image());
    const specification = benchSpecification();
    expect(opened.profile).toBe('bench');
    expect(opened.serial).toEqual(specification.serial);
    expect(opened.link).toEqual(specification.link);
    expect(opened.holder).toEqual(specification.holder);
    expect(opened.interface).toBe('contact');
    expect(opened.files[0]!.children.size).toBe(6);
    expect(opened.pins.map((pin) => pin.reference)).toEqual([0x01, 0x81, 0x82]);
    expect(opened.environments.map(({ id, by }) => [id, by])).toEqual([
      [1, 'verify'],
      [2, 'holder'],
    ]);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'truncated'],
    ['too little', new Uint8Array(63), 'truncated'],
    ['zeros', new Uint8Array(2000), 'not a card image'],
    ['an erased memory', new Uint8Array(2000).fill(0xff), 'not a card image'],
  ])('refuses %s', (_, bytes, message) => expect(() => open(bytes)).toThrow(message));

  it('refuses an image cut short anywhere', () => {
    const whole = image();
    for (let length = 0; length < whole.length; length += 37) {
      expect(() => open(Uint8Array.from(whole.subarray(0, length)))).toThrow(/truncated|damaged/);
    }
  });

  it('refuses another version, and says which', () => {
    const bytes = image();
    bytes[SUPERBLOCK.VERSION + 1] = 9;
    expect(() => open(bytes)).toThrow('format version 9; this card reads version 1');
  });

  it('notices every flipped bit of its tables', () => {
    const whole = image();
    const view = new DataView(whole.buffer);
    const pins = view.getUint32(SUPERBLOCK.PINS);
    const environments = view.getUint32(SUPERBLOCK.ENVIRONMENTS);
    const bodies = view.getUint32(SUPERBLOCK.BODIES);
    for (let at = 0; at < bodies; at++) {
      // What a command may change lies outside the checksums: tries left and hash of a code.
      if (at >= pins && at < environments && (at - pins) % PIN.SIZE >= PIN.TRIES_LEFT) continue;
      const bytes = Uint8Array.from(whole);
      bytes[at] = bytes[at]! ^ (1 << (at % 8));
      expect(() => open(bytes), `byte ${at}`).toThrow();
    }
  });

  it('does not trust counts and lengths of records, or more tries than there are', () => {
    const whole = image();
    const files = open(whole).files;
    const variable = files.find((file) => file.fid === 0xe002)!;
    const poke = (at: number, value: number) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = value;
      return () => open(bytes);
    };
    expect(poke(variable.body + 3, 9)).toThrow('records of file E002');
    expect(poke(variable.data + 1, 200)).toThrow('records of file E002');
    const pins = new DataView(whole.buffer).getUint32(SUPERBLOCK.PINS);
    expect(poke(pins + PIN.TRIES_LEFT, 4)).toThrow('code 0');
  });
});

describe('personalisation refuses', () => {
  const withMasterFile = (more: Partial<DirectorySpecification>): CardSpecification => {
    const specification = benchSpecification();
    return { ...specification, masterFile: { ...specification.masterFile, ...more } };
  };
  const file = { kind: 'transparent', fid: 0x1111, sfi: null, access: FREE, content: Uint8Array.of(1) } as const;
  it.each<[string, CardSpecification, string]>([
    ['a master file of another name', withMasterFile({ fid: 0x3f01 }), '3F00'],
    ['two files of one identifier', withMasterFile({ children: [file, file] }), 'two files 1111'],
    [
      'two files of one SFI',
      withMasterFile({
        children: [
          { ...file, sfi: 3 },
          { ...file, fid: 0x1112, sfi: 3 },
        ],
      }),
      'SFI 3',
    ],
    ['SFI 31', withMasterFile({ children: [{ ...file, sfi: 31 }] }), '1 to 30'],
    ['an empty file', withMasterFile({ children: [{ ...file, content: new Uint8Array(0) }] }), 'content of 1111'],
    [
      'a file over 64 KiB',
      withMasterFile({ children: [{ ...file, content: new Uint8Array(65_536) }] }),
      'content of 1111',
    ],
    [
      'a record of the wrong size',
      withMasterFile({
        children: [
          {
            kind: 'linear-fixed',
            fid: 0x1111,
            sfi: null,
            access: FREE,
            recordSize: 4,
            capacity: 2,
            records: [Uint8Array.of(1)],
          },
        ],
      }),
      'record 1 of 1111',
    ],
    [
      'more records than there is room for',
      withMasterFile({
        children: [
          {
            kind: 'cyclic',
            fid: 0x1111,
            sfi: null,
            access: FREE,
            recordSize: 1,
            capacity: 1,
            records: [Uint8Array.of(1), Uint8Array.of(2)],
          },
        ],
      }),
      'records in 1111',
    ],
    ['a local code in the MF', withMasterFile({ pins: [code(0x81, '31313131')] }), 'belong to the MF'],
    ['16 tries', withMasterFile({ pins: [code(0x01, '31313131', { tries: 16 })] }), 'tries of code 1'],
    ['a code shorter than its own policy', withMasterFile({ pins: [code(0x01, '3131')] }), 'length of code 1'],
    [
      'an environment for a code that is not there',
      withMasterFile({ environments: [{ id: 1, pin: 0x1e, by: 'verify' }] }),
      'not there',
    ],
    [
      'a condition of more than a byte',
      withMasterFile({ children: [{ ...file, access: reading(0x100) }] }),
      'no security condition byte',
    ],
    ['a reserved identifier', withMasterFile({ children: [{ ...file, fid: 0x3fff }] }), 'no identifier'],
    [
      'an identifier of more than two bytes',
      withMasterFile({ children: [{ ...file, fid: 0x12345 }] }),
      'no identifier',
    ],
    [
      'a rule that names no environment',
      withMasterFile({ children: [{ ...file, access: reading(0x13) }] }),
      'environment 3',
    ],
    [
      'a rule that names environment 15',
      withMasterFile({ children: [{ ...file, access: reading(0x1f) }] }),
      'environment 15',
    ],
    [
      'two codes of one reference',
      withMasterFile({ pins: [code(0x01, '31313131'), code(0x01, '32323232')] }),
      'two codes',
    ],
    ['an empty code', withMasterFile({ pins: [code(0x01, '', { minLength: 0 })] }), 'least length'],
    [
      'a resetting code that is not there',
      withMasterFile({ pins: [code(0x01, '31313131', { unblockedBy: 0x02 })] }),
      'not there',
    ],
    [
      'two environments of one number',
      withMasterFile({
        environments: [
          { id: 1, pin: 1, by: 'verify' },
          { id: 1, pin: 1, by: 'holder' },
        ],
      }),
      'two security environments',
    ],
    [
      'a holder’s environment on a card without one',
      { ...withMasterFile({ environments: [{ id: 1, pin: 1, by: 'holder' }] }), holder: null },
      'no holder',
    ],
    [
      'T=0 without an ATR',
      benchSpecification({ link: { ...benchSpecification().link, protocol: 'T=0' } }),
      'T=0 needs an ATR',
    ],
    [
      'record files over 64 KiB',
      withMasterFile({
        children: [
          { kind: 'cyclic', fid: 0x1111, sfi: null, access: FREE, recordSize: 1000, capacity: 100, records: [] },
        ],
      }),
      '65535 at most',
    ],
    [
      'a capacity that is none',
      withMasterFile({
        children: [{ kind: 'cyclic', fid: 0x1111, sfi: null, access: FREE, recordSize: 1, capacity: -5, records: [] }],
      }),
      'records of 1111',
    ],
    ['a secret of another length', benchSpecification({ secret: new Uint8Array(16) }), 'card secret'],
    [
      'a UID of 5 bytes',
      benchSpecification({ link: { ...benchSpecification().link, uid: new Uint8Array(5) } }),
      '4, 7 or 10',
    ],
  ])('%s', (_, specification, message) => {
    expect(() => personalise(specification, nobleHashes())).toThrow(message);
  });
});
