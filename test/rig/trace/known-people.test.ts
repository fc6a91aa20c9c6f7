import { describe, expect, it } from 'vitest';
import { digitsOf, KnownPeople, textOf } from '../../../rig/trace/known-people.ts';

type What = 'name' | 'birth';
/** What a session remembers of names and dates, and of numbers. */
const MOST_VALUES = 512;

const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

function knowing(...values: readonly (readonly [Uint8Array, What])[]): KnownPeople {
  const known = new KnownPeople();
  for (const [bytes, what] of values) known.add(bytes, what);
  return known;
}

/** Where something is found, as `offset+length what`. */
function places(known: KnownPeople, bytes: Uint8Array, from = 0, to: number = bytes.length): string[] {
  return known.find(bytes, from, to).map(placeOf);
}
function placesInText(known: KnownPeople, text: string): string[] {
  return known.findInText(text).map(placeOf);
}
function placeOf({ offset, length, what, whole }: ReturnType<KnownPeople['find']>[number]): string {
  return `${offset}+${length} ${what}${whole ? '' : ' in part'}`;
}

describe('a name in bytes', () => {
  it.each<[string, Uint8Array, Uint8Array, string[]]>([
    ['alone', utf8('ZOE'), utf8('ZOE'), ['0+3 name']],
    ['in lower case', utf8('ADRUN'), utf8('x adrun x'), ['2+5 name']],
    ['as a title', utf8('DOE-SMITH'), utf8('x Doe-Smith'), ['2+9 name']],
    ['twice', utf8('ZOE'), utf8('ZOE zoe'), ['0+3 name', '4+3 name']],
    ['with spaces around it', utf8('  ZOE '), utf8('.ZOE.'), ['1+3 name']],
    ['filled up with 00', latin1('ZOE\0\0'), utf8('.ZOE.'), ['1+3 name']],
    ['filled up with FF, with an accent', latin1('RENÉ\xFF'), latin1('.RENÉ.'), ['1+4 name']],
    ['filled up with FF, in UTF-8', Uint8Array.of(...utf8('RENÉ'), 0xff), utf8('.RENÉ.'), ['1+5 name']],
    ['in UTF-8, then in Latin-1', utf8('RENÉ'), latin1('.RENÉ.'), ['1+4 name']],
    ['in Latin-1, then in UTF-8', latin1('RENÉ'), utf8('.RENÉ.'), ['1+5 name']],
    ['without its accents', utf8('RENÉ'), utf8('.Rene.'), ['1+4 name']],
    ['begins alike and ends otherwise', utf8('ADRUN'), utf8('ADRIN'), []],
    ['begins otherwise', utf8('ADRUN'), utf8('BDRUN'), []],
    ['two letters', utf8('LE'), utf8('LE TABLE'), []],
    ['three letters', utf8('LEA'), utf8('LEA'), ['0+3 name']],
    ['64 letters', utf8('A'.repeat(64)), utf8('A'.repeat(64)), ['0+64 name']],
    ['65 letters: a line', utf8('A'.repeat(65)), utf8('A'.repeat(65)), []],
    ['neither letter nor digit', utf8('<<<<'), utf8('<<<<'), []],
    ['two letters with accents, decomposed', utf8('E\u0301E\u0301'), latin1('EE\0'), []],
  ])('%s', (_, name, bytes, expected) => expect(places(knowing([name, 'name']), bytes)).toEqual(expected));

  it('is looked for between the bounds alone', () => {
    const known = knowing([utf8('ADRUN'), 'name']);
    expect(places(known, utf8('..ADRUN..'), 2, 7)).toEqual(['2+5 name']);
    expect(places(known, utf8('..ADRUN..'), 2, 6)).toEqual([]);
    expect(places(known, utf8('..ADRUN..'), 3, 9)).toEqual([]);
  });

  it('is remembered once', () => {
    expect(places(knowing([utf8('ZOE'), 'name'], [utf8('Zoe'), 'name']), utf8('ZOE'))).toEqual(['0+3 name']);
  });

  it('stands beside another with the same beginning', () => {
    const known = knowing([utf8('ZOEA'), 'name'], [utf8('ZOEB'), 'name']);
    expect(places(known, utf8('ZOEA ZOEB'))).toEqual(['0+4 name', '5+4 name']);
  });

  it('is nowhere when none was met', () => expect(places(new KnownPeople(), utf8('ZOE'))).toEqual([]));
});

describe('a birth date in bytes', () => {
  it.each<[string, Uint8Array, Uint8Array, string[]]>([
    ['digits, then digits', utf8('19751231'), utf8('.19751231'), ['1+8 birth']],
    ['digits, then BCD', utf8('19751231'), hex('0019751231'), ['1+4 birth']],
    ['BCD, then digits', hex('19751231'), utf8('.19751231'), ['1+8 birth']],
    ['BCD, then BCD', hex('19751231'), hex('0019751231'), ['1+4 birth']],
    ['nine digits are found as digits', utf8('197512310'), utf8('197512310'), ['0+9 birth']],
    ['nine digits are not found in BCD', utf8('197512310'), hex('19751231'), []],
  ])('%s', (_, date, bytes, expected) => expect(places(knowing([date, 'birth']), bytes)).toEqual(expected));
});

describe('in a text', () => {
  it.each<[string, What, string, string, string[]]>([
    ['a name, as it is and without accents', 'name', 'ZOE', 'Dear Zoe', ['5+3 name', '5+3 name']],
    ['a name with an accent', 'name', 'RENÉ', 'rené', ['0+4 name', '0+4 name']],
    ['its accent left out', 'name', 'RENÉ', 'x rene', ['2+4 name']],
    ['behind a letter that has two in upper case', 'name', 'ZOE', 'ß zoe', ['2+3 name', '2+3 name']],
    ['twice', 'name', 'ZOE', 'zoezoe', ['0+3 name', '3+3 name', '0+3 name', '3+3 name']],
    ['a birth date', 'birth', '19751231', 'on 19751231', ['3+8 birth', '3+8 birth']],
    ['another name', 'name', 'ZOE', 'Dear Ann', []],
  ])('%s', (_, what, value, text, expected) => {
    expect(placesInText(knowing([utf8(value), what]), text)).toEqual(expected);
  });

  it('is nothing when nobody was met', () => expect(placesInText(new KnownPeople(), 'Dear Zoe')).toEqual([]));
});

describe('the oldest values go first', () => {
  const fill = (known: KnownPeople, count: number): void => {
    for (let i = 0; i < count; i++) known.add(utf8(`F${String(i).padStart(4, '0')}`), 'name');
  };

  it('keeps 512', () => {
    const known = knowing([utf8('ZOEA'), 'name']);
    fill(known, MOST_VALUES - 1);
    expect(places(known, utf8('ZOEA'))).toEqual(['0+4 name']);
    expect(placesInText(known, 'ZOEA')).toHaveLength(2);
  });

  it('forgets a name in each of its forms, and none that begins alike', () => {
    const known = knowing([utf8('ZOEA'), 'name'], [utf8('ZOEB'), 'name']);
    fill(known, MOST_VALUES - 1);
    expect(places(known, utf8('ZOEA zoea Zoea ZOEB zoeb'))).toEqual(['15+4 name', '20+4 name']);
    expect(placesInText(known, 'ZOEA')).toEqual([]);
    expect(places(known, utf8('F0510'))).toEqual(['0+5 name']);
  });

  it('forgets a birth date in digits and in BCD', () => {
    const known = knowing([utf8('19751231'), 'birth']);
    fill(known, MOST_VALUES);
    expect(places(known, Uint8Array.from([...utf8('19751231'), ...hex('19751231')]))).toEqual([]);
  });

  it('keeps 512 numbers, and forgets the first for one more', () => {
    const known = new KnownPeople();
    const nir = (i: number): string => `275122A${String(i).padStart(6, '0')}`;
    for (let i = 0; i < MOST_VALUES; i++) known.addNir(nir(i).toLowerCase());
    expect([nir(0), nir(MOST_VALUES - 1)].map((text) => known.hasNir(text))).toEqual([true, true]);
    known.addNir(nir(MOST_VALUES));
    expect([0, 1, MOST_VALUES].map((i) => known.hasNir(nir(i)))).toEqual([false, true, true]);
  });
});

describe('bytes as text and as digits', () => {
  it('reads UTF-8, else Latin-1', () => {
    expect([textOf(hex('52C389')), textOf(hex('52C9'))]).toEqual(['RÉ', 'RÉ']);
  });
  it('reads two digits a byte from four bytes alone', () => {
    expect([digitsOf(hex('19751231')), digitsOf(utf8('19751231'))]).toEqual(['19751231', '19751231']);
  });
});
