import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';

it.each([
  [[], ''],
  [[0x00], '00'],
  [[0x0a, 0xff], '0AFF'],
])('writes %j as %j', (bytes, hex) => {
  expect(toHex(Uint8Array.from(bytes))).toBe(hex);
  expect([...fromHex(hex)]).toEqual(bytes);
});

it('separates bytes, and only between them', () => {
  expect(toHex(Uint8Array.of(0, 0xa4, 4), ' ')).toBe('00 A4 04');
  expect(toHex(Uint8Array.of(0xa4), ' ')).toBe('A4');
});

it.each([
  ['00 a4\n04\t0C', [0x00, 0xa4, 0x04, 0x0c]],
  ['  ', []],
])('reads %j', (text, bytes) => expect([...fromHex(text)]).toEqual(bytes));

it.each([
  ['0', 'an odd number of hexadecimal digits'],
  ['00 A', 'an odd number of hexadecimal digits'],
  ['0G', 'only hexadecimal digits and spaces are allowed'],
  ['x00', 'only hexadecimal digits and spaces are allowed'],
  ['00x', 'only hexadecimal digits and spaces are allowed'],
  ['0x', 'only hexadecimal digits and spaces are allowed'],
])('refuses %j: %s', (text, message) => {
  expect(() => fromHex(text)).toThrow(SyntaxError);
  expect(() => fromHex(text)).toThrow(message);
});
