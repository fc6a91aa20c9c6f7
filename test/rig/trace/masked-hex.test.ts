import { describe, expect, it } from 'vitest';
import { bytesOf, maskedHex, masksIn } from '../../../rig/trace/masked-hex.ts';

const BYTES = Uint8Array.of(0x00, 0xa4, 0x31, 0x32, 0xff);

describe('maskedHex', () => {
  it.each([
    ['nothing masked', [], '00A43132FF'],
    ['the middle', [{ offset: 2, length: 2, what: 'code' }], '00A4XXXXFF'],
    [
      'both ends',
      [
        { offset: 0, length: 1, what: 'nir' },
        { offset: 4, length: 1, what: 'nir' },
      ],
      'XXA43132XX',
    ],
    ['all', [{ offset: 0, length: 5, what: 'nir' }], 'XXXXXXXXXX'],
  ] as const)('%s', (_, masks, text) => {
    expect(maskedHex(BYTES, masks)).toBe(text);
  });

  it('takes a view of a larger buffer', () => {
    expect(maskedHex(BYTES.subarray(1, 3))).toBe('A431');
  });
});

describe('bytesOf', () => {
  it.each([
    ['', []],
    ['00A4FF', [0x00, 0xa4, 0xff]],
    ['00XXXXFF', [0x00, 0x00, 0x00, 0xff]],
  ])('%s', (text, bytes) => {
    expect([...bytesOf(text)]).toEqual(bytes);
  });
});

/** The masks of bytes 10 to 19 of an APDU, in a frame in which they begin at 3. */
describe('masksIn', () => {
  it.each([
    ['in the part', [12, 3], [5, 3]],
    ['all of the part', [10, 10], [3, 10]],
    ['from before it', [8, 4], [3, 2]],
    ['to behind it', [18, 4], [11, 2]],
    ['over all of it', [0, 30], [3, 10]],
    ['its first byte', [9, 2], [3, 1]],
    ['up to it', [8, 2], null],
    ['behind it', [20, 2], null],
  ] as const)('%s', (_, [offset, length], place) => {
    const masks = masksIn([{ offset, length, what: 'nir', hash: '0011223344556677' }], 10, 10, 3);
    expect(masks).toEqual(place === null ? [] : [{ offset: place[0], length: place[1], what: 'nir' }]);
  });

  it('keeps their order', () => {
    const masks = [
      { offset: 11, length: 1, what: 'nir' },
      { offset: 30, length: 1, what: 'key' },
      { offset: 13, length: 1, what: 'code' },
    ] as const;
    expect(masksIn(masks, 10, 10, 0)).toEqual([
      { offset: 1, length: 1, what: 'nir' },
      { offset: 3, length: 1, what: 'code' },
    ]);
  });
});
