import { describe, expect, it } from 'vitest';
import { formatNir, isKeyed, nirKey, normaliseNir, readNir } from '../../../src/applet/vitale/index.ts';
import { loadVectors } from '../../vectors/load.ts';

interface Row {
  readonly nir: string;
  readonly key: string;
  readonly valid: boolean;
  readonly rightKey?: string;
  readonly note?: string;
  readonly identity?: string;
}
const vectors = loadVectors<{ rows: Row[]; formatRows: { nir: string; expect: string; why: string }[] }>('nir');

describe('NIR and key', () => {
  it('has all the rows', () => {
    expect(vectors.rows).toHaveLength(48);
    expect(vectors.formatRows).toHaveLength(17);
  });

  it.each(vectors.rows)('$nir $key: $valid ($note)', ({ nir, key, valid, rightKey, identity }) => {
    const reading = readNir(nir);
    expect(reading.kind).toBe('nir');
    expect(nirKey(nir)).toBe(valid ? key : rightKey);
    expect(isKeyed({ nir, key })).toBe(valid);
    const sex = identity?.match(/, ([FM]), /)?.[1];
    if (sex !== undefined && reading.kind === 'nir') expect(reading.sex).toBe(sex === 'F' ? 'female' : 'male');
  });

  it.each(vectors.rows)('$nir: any one digit changed gives another key', ({ nir }) => {
    for (let at = 0; at < 13; at++) {
      const digit = nir.charAt(at);
      if (!/\d/.test(digit) || (at === 5 && /[AB]/.test(nir.charAt(6)))) continue;
      const other = nir.slice(0, at) + ((Number(digit) + 1) % 10) + nir.slice(at + 1);
      expect(nirKey(other)).not.toBe(nirKey(nir));
    }
  });
});

describe('what is a NIR', () => {
  // The rows that leave the choice: strict reading refuses, normaliseNir() takes them.
  const decided: Record<string, string> = {
    '8840588321025': 'provisional',
    '7850175999001': 'provisional',
    '5850175999001': 'migrant',
  };
  it.each(vectors.formatRows)('$nir: $expect ($why)', ({ nir }) => {
    expect(readNir(nir).kind).toBe(decided[nir] ?? 'refused');
  });

  it.each([
    ['294032a999014', 'nir'],
    ['1 85 01 75 999 001', 'nir'],
    ['1\u00a085\u202f01 75 999 001', 'nir'],
    ['2 84 05 88 321 30', 'refused'],
  ])('%s as a person types it: %s', (typed, kind) => {
    expect(readNir(normaliseNir(typed)).kind).toBe(kind);
  });

  it.each([
    ['1851375999001', 'month 13 is neither 01 to 12 nor 20 to 99'],
    ['1850175000001', 'commune 000'],
    ['1850197400001', 'commune 00'],
    ['1850199000001', 'country 000'],
    ['1850175999000', 'order 000'],
    ['1850100999001', 'department 00'],
    ['18501759990012', '14 characters, a NIR has 13'],
    ['9850175999001', 'first character 9 is neither 1 nor 2'],
    ['3850175999001', 'first character 3 is neither 1 nor 2'],
    ['\x1b850175999001', 'first character not printable is neither 1 nor 2'],
    ['185012C999014', 'a character that is no digit, outside 2A and 2B'],
    ['185017599900\u0661', 'a character that is no digit, outside 2A and 2B'],
  ])('%j: %s', (nir, reason) => {
    expect(readNir(nir)).toEqual({ kind: 'refused', reason });
  });

  it.each([
    ['2751263220749', { sex: 'female', year: '75', month: '12', department: '63', commune: '220', order: '749' }],
    ['180032B020401', { sex: 'male', year: '80', month: '03', department: '2B', commune: '020', order: '401' }],
    ['2990797499002', { sex: 'female', year: '99', month: '07', department: '974', commune: '99', order: '002' }],
    ['1700699999004', { sex: 'male', year: '70', month: '06', department: '99', commune: '999', order: '004' }],
  ])('%s in parts', (nir, parts) => {
    expect(readNir(nir)).toEqual({ kind: 'nir', text: nir, ...parts });
  });
});

describe('NIR for people', () => {
  it.each([
    ['2751263220749', '74', '2 75 12 63 220 749 74'],
    ['2751263220749', undefined, '2 75 12 63 220 749'],
    ['297022A020778', '78', '2 97 02 2A 020 778 78'],
    ['8299912345678', undefined, '8 2 999 12345678'],
  ])('%s %s: %s', (nir, key, grouped) => {
    expect(formatNir(nir, key)).toBe(grouped);
  });

  it('makes no key from what is no number', () => {
    expect(() => nirKey('18501759990')).toThrow(RangeError);
    expect(isKeyed({ nir: '8840588321025', key: '32' })).toBe(false);
  });
});
