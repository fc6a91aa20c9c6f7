import { describe, expect, it } from 'vitest';
import { Base45Error, decodeBase45, encodeBase45 } from '../../../../rig/life/credential/base45.ts';
import { loadVectors } from '../../../vectors/load.ts';

const vectors = loadVectors<{
  valid: { bytes: string; base45: string; note: string }[];
  invalid: { base45: string; why: string }[];
}>('base45');

describe('Base45', () => {
  it.each(vectors.valid.map((row) => [row.note, row] as const))('%s', (_, { bytes, base45 }) => {
    expect(encodeBase45(Buffer.from(bytes, 'hex'))).toBe(base45);
    expect(Buffer.from(decodeBase45(base45)).toString('hex').toUpperCase()).toBe(bytes);
  });

  it.each(vectors.invalid.map((row) => [row.why, row] as const))('refused: %s', (_, { base45 }) => {
    expect(() => decodeBase45(base45)).toThrow(Base45Error);
  });

  it('of one text has one meaning: what is decoded encodes to the same text again', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
    for (const a of alphabet) {
      for (const b of alphabet) {
        for (const c of ['', ...alphabet]) {
          const text = a + b + c;
          const value = [...text].reduce((sum, each, i) => sum + alphabet.indexOf(each) * 45 ** i, 0);
          if (value > (c === '' ? 255 : 65535)) expect(() => decodeBase45(text)).toThrow(Base45Error);
          else if (encodeBase45(decodeBase45(text)) !== text) expect.unreachable(text);
        }
      }
    }
  }, 60_000);
});
