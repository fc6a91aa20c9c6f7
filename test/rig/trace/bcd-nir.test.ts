import { describe, expect, it } from 'vitest';
import { BcdNirStream, nirOfBcd } from '../../../rig/trace/bcd-nir.ts';
import { KnownPeople } from '../../../rig/trace/known-people.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Offset and length of each. */
function found(hex: string, known = new KnownPeople(), isCut = false): number[][] {
  const bytes = bytesOf(hex);
  const spans = new BcdNirStream(known).next(bytes, 0, bytes.length, false, isCut);
  return spans.map(({ offset, length }) => [offset, length]);
}

function knowing(nir: string): KnownPeople {
  const known = new KnownPeople();
  known.addNir(nir);
  return known;
}

/** Keys are 97 minus the remainder of the number by 97; the department is 19 for 2A and 18 for 2B. */
describe('a NIR in BCD with its key', () => {
  it.each<[string, string, number[][]]>([
    ['from the first half byte on', '27 51 26 32 20 74 97 4F', [[0, 8]]],
    ['from the second half byte on', '02 75 12 63 22 07 49 74', [[0, 8]]],
    ['born in January', '27 50 16 32 20 74 99 2F', [[0, 8]]],
    ['born in October', '27 51 06 32 20 74 94 2F', [[0, 8]]],
    ['in no month 00', '27 50 06 32 20 74 97 6F', []],
    ['in no month 13', '27 51 36 32 20 74 99 0F', []],
    ['in a month 20, where it is not known', '27 52 06 32 20 74 90 8F', [[0, 8]]],
    ['in the department 01', '27 51 20 12 20 74 90 2F', [[0, 8]]],
    ['in no department 00', '27 51 20 02 20 74 92 9F', []],
    ['in 2A', '18 50 52 A0 04 01 86 4F', [[0, 8]]],
    ['in 2B', '18 50 52 B0 04 01 89 1F', [[0, 8]]],
    ['with an A after a 2 elsewhere', '18 50 57 52 A0 74 98 9F', []],
    ['of the kind 5, in a month 13', '57 51 36 32 20 74 93 7F', [[0, 8]]],
    ['of the kind 4, in no month 13', '47 51 36 32 20 74 98 7F', []],
    ['of the kind 8, in a month 00', '87 50 06 32 20 74 96 7F', [[0, 8]]],
    ['in a month 45', '27 54 56 32 20 74 92 0F', [[0, 8]]],
    ['of the kind 3, from a second half byte that no 0 fills', 'F3 75 12 63 22 07 49 24', []],
    ['whose bytes all count up', '26 36 46 56 66 76 86 96 FF', []],
    ['in no 1A', '18 00 31 A0 20 40 17 2F', []],
    ['in no 2C', '18 00 32 C0 20 40 12 3F', []],
    ['of the rare kind 3', '37 51 26 32 20 74 92 4F', [[0, 8]]],
    ['of the kind 8, without a month', '87 59 96 32 20 74 90 2F', [[0, 8]]],
    ['of no kind 9', '97 51 26 32 20 74 91 5F', []],
    ['of no kind 0', '07 51 26 32 20 74 97 7F', []],
    ['kind 2 without filling', '27 51 26 32 20 74 97 41', [[0, 8]]],
    ['kind 3 without filling', '37 51 26 32 20 74 92 41', []],
    ['kind 1 without filling', '17 51 26 32 20 74 92 71', [[0, 8]]],
    ['with a key one too high', '27 51 26 32 20 74 97 5F', []],
    ['with a key one too low', '27 51 26 32 20 74 97 3F', []],
  ])('%s', (_, hex, spans) => {
    expect(found(hex)).toEqual(spans);
  });

  // 27 51 26 32 20 20 53 6F is "'Q&2  So" in ASCII: the NIR 2 75 12 63 220 205 with the key 36.
  it.each<[string, string, number[][]]>([
    ['after four letters it is text', '41 5A 61 7A', []],
    ['after three letters and a sign', '41 42 43 7E', []],
    ['after three letters and a space', '20 41 42 43', []],
    ['after two letters', '41 42 21 21', [[4, 8]]],
    ['after signs beside the letters', '40 5B 60 7B', [[4, 8]]],
    ['after digits', '31 31 31 31', [[4, 8]]],
    ['after letters and a control character', '41 42 43 1F', [[4, 8]]],
    ['after letters and a byte that ASCII has not', '41 42 43 7F', [[4, 8]]],
    ['after three letters at the beginning', '41 42 43', [[3, 8]]],
  ])('in printable bytes: %s', (_, before, spans) => {
    const hex = `${before} 27 51 26 32 20 20 53 6F`;
    expect(found(hex)).toEqual(spans);
    expect(found(hex, knowing('2751263220205'))).toEqual([[before.split(' ').length, 8]]);
  });

  it('that a piece has shown is not found again with the next one', () => {
    const bytes = bytesOf('02 75 12 63 22 07 49 74');
    const stream = new BcdNirStream(new KnownPeople());
    expect(stream.next(bytes, 0, 8, true, false)).toHaveLength(1);
    expect(stream.next(bytesOf('FF'), 0, 1, true, false)).toEqual([]);
  });

  it('is doubtful, unless its number is known', () => {
    const bytes = bytesOf('02 75 12 63 22 07 49 74');
    const look = (known: KnownPeople) => new BcdNirStream(known).next(bytes, 0, 8, false, false);
    expect(look(new KnownPeople())).toEqual([{ offset: 0, length: 8, what: 'nir', whole: true, doubtful: true }]);
    expect(look(knowing('2751263220749'))).toEqual([
      { offset: 0, length: 8, what: 'nir', whole: true, doubtful: false },
    ]);
  });

  it('is found in the middle of a piece, and nothing outside of it', () => {
    const bytes = bytesOf('FF FF 02 75 12 63 22 07 49 74 FF');
    const look = (from: number, to: number) => new BcdNirStream(new KnownPeople()).next(bytes, from, to, false, false);
    expect(look(1, 11)).toMatchObject([{ offset: 2, length: 8 }]);
    expect(look(3, 11)).toEqual([]);
    expect(look(0, 9)).toEqual([]);
  });
});

describe('a known NIR in BCD', () => {
  it.each<[string, string, number[][]]>([
    ['without its key', '02 75 12 63 22 07 49', [[0, 7]]],
    ['with a wrong key', '02 75 12 63 22 07 49 75', [[0, 8]]],
    ['from the first half byte on', '27 51 26 32 20 74 9F', [[0, 7]]],
    ['another one', '02 75 12 63 22 07 48', []],
  ])('%s', (_, hex, spans) => {
    expect(found(hex, knowing('2751263220749'))).toEqual(spans);
    expect(found(hex)).toEqual([]);
  });

  it('is whole without its key too', () => {
    const bytes = bytesOf('02 75 12 63 22 07 49');
    expect(new BcdNirStream(knowing('2751263220749')).next(bytes, 0, 7, false, false)).toMatchObject([{ whole: true }]);
  });

  it('of digits in ASCII to more than the half, and to three quarters', () => {
    // 4 of 7 bytes are 30 to 39, then 6 of 7.
    expect(found('02 30 31 32 33 74 95', knowing('2303132337495'))).toEqual([[0, 7]]);
    expect(found('02 30 31 32 33 34 35', knowing('2303132333435'))).toEqual([]);
  });
});

describe('an end that may be the beginning of one', () => {
  it.each<[string, string, number[][]]>([
    ['four bytes', 'FF 27 51 26 32', [[1, 4]]],
    ['three and a half', 'FF F2 75 12 63', []],
    ['of the kind 1', 'FF 17 51 26 32', [[1, 4]]],
    ['of the kind 3', 'FF 37 51 26 32', []],
    ['not to the end', 'FF 27 51 26 32 FF', []],
    ['after letters, it is text', '41 42 43 44 20 27 51 26 32', []],
    ['digits in ASCII, three of four', 'FF 17 30 31 32', []],
    ['digits in ASCII, half of them', 'FF FF FF FF 17 30 39 26', []],
    ['digits in ASCII, a quarter of them', 'FF 17 30 42 26', [[1, 4]]],
    ['in 2A', 'FF 18 50 52 A0', [[1, 4]]],
    ['in no 2C', 'FF 18 50 52 C0', []],
    ['with an A after a 2 elsewhere', 'FF 12 A0 32 01', []],
    ['after letters, not printable', '41 42 43 44 17 51 26 32', [[4, 4]]],
  ])('%s', (_, hex, spans) => {
    expect(found(hex, new KnownPeople(), true)).toEqual(spans);
    expect(found(hex)).toEqual([]);
  });

  it('and the rest in the next piece, unless there is a gap', () => {
    const [first, rest] = [bytesOf('02 75 12 63 22 07'), bytesOf('49 74 FF')];
    const stream = new BcdNirStream(new KnownPeople());
    // 12632207 may begin one too.
    expect(stream.next(first, 0, 6, true, true)).toMatchObject([
      { offset: 0, length: 6, whole: false },
      { offset: 2, length: 4, whole: false },
    ]);
    expect(stream.next(rest, 0, 3, false, false)).toMatchObject([{ offset: 0, length: 2, whole: false }]);
    expect(stream.next(first, 0, 6, false, false)).toEqual([]);
    expect(stream.next(rest, 0, 3, false, false)).toEqual([]);
  });
});

it.each([
  ['02 75 12 63 22 07 49 74', '2751263220749'],
  ['27 51 26 32 20 74 97 4F', '2751263220749'],
  ['01 80 03 2B 02 04 01 23', '180032B020401'],
  ['01 80 03 2A 02 04 01', '180032A020401'],
  ['AB CD', 'ABCD'],
])('the number in %s is %s', (hex, nir) => {
  expect(nirOfBcd(bytesOf(hex))).toBe(nir);
});
