import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8, isPrintable } from '../../../src/applet/vitale/index.ts';

const wellFormed = fc.string({ unit: 'binary' });

describe('UTF-8, against the engine', () => {
  it('encodes as TextEncoder does', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
  });

  it('decodes any bytes as a strict TextDecoder does', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const expected = (bytes: Uint8Array): string | null => {
      try {
        return strict.decode(bytes);
      } catch {
        return null;
      }
    };
    const check = (bytes: Uint8Array): void => {
      expect(decodeUtf8(bytes)).toBe(expected(bytes));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 6 }), check), { numRuns: 2000 });
    fc.assert(
      fc.property(wellFormed, fc.nat(), fc.integer({ min: 0, max: 255 }), (text, at, byte) => {
        const bytes = new TextEncoder().encode(text);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        check(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['half a pair', '\ud83d', null],
    ['a whole pair', '\ud83d\ude00', 'f09f9880'],
  ])('%s', (_, text, hex) => {
    const bytes = encodeUtf8(text);
    expect(bytes === null ? null : Buffer.from(bytes).toString('hex')).toBe(hex);
  });

  it.each(['c080', 'c1bf', 'e09fbf', 'eda080', 'f08fbfbf', 'f4908080', 'f5808080', '80', 'e282', 'c3', 'ff'])(
    'refuses %s',
    (hex) => {
      expect(decodeUtf8(Buffer.from(hex, 'hex'))).toBeNull();
    },
  );
});

describe('Latin-1', () => {
  it('is one byte a character, all 256 of them', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, code) => code);
    expect(decodeLatin1(bytes)).toBe(Buffer.from(bytes).toString('latin1'));
    expect(encodeLatin1(decodeLatin1(bytes))).toEqual(bytes);
  });

  it.each(['Œ', '’', '€', '\u0100'])('has no %s', (text) => expect(encodeLatin1(text)).toBeNull());
});

it.each([
  ['ZOÉ', true],
  ['a\x1b[2J', false],
  ['a\x7f', false],
  ['a\x9b31m', false],
  ['\u00a0', true],
])('%j is printable: %s', (text, printable) => expect(isPrintable(text)).toBe(printable));
