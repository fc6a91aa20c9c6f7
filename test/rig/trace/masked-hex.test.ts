import { describe, expect, it } from 'vitest';
import { bytesOf, maskedHex } from '../../../rig/trace/masked-hex.ts';

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
