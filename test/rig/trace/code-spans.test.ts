import { describe, expect, it } from 'vitest';
import { CodeStream } from '../../../rig/trace/code-spans.ts';
import { KnownCodes } from '../../../rig/trace/known-codes.ts';
import { secretOfNote } from '../../../rig/trace/secret-note.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** Hex in which `[…]` is to be found; every bracket is one span. */
function marked(written: string): { readonly command: Uint8Array; readonly spans: readonly [number, number][] } {
  const spans: [number, number][] = [];
  let hex = '';
  for (const [i, part] of written.replaceAll(' ', '').split(/[[\]]/).entries()) {
    if (i % 2 === 1) spans.push([hex.length / 2, part.length / 2]);
    hex += part;
  }
  return { command: bytes(hex), spans };
}

function check(session: readonly string[], what: string): void {
  const stream = new CodeStream();
  for (const written of session) {
    const { command, spans } = marked(written);
    const found = stream.next(command);
    expect(found.map(({ offset, length }) => [offset, length])).toEqual(spans);
    for (const each of found) expect(each.what).toBe(what);
  }
}

describe('what a command carries', () => {
  it.each([
    ['VERIFY', '0020 0081 04 [31323334]', 'code'],
    ['VERIFY in the class of readers: none', 'FF20 0081 04 31323334', 'code'],
    ['LOAD KEYS', 'FF82 0000 06 [FFFFFFFFFFFF]', 'key'],
    ['EXTERNAL AUTHENTICATE, which has its number: none', '0082 0000 06 FFFFFFFFFFFF', 'key'],
    ['a reader reads: none', 'FFB0 0004 02 0102', 'key'],
    ['PUT KEY', '80D8 0081 03 [010203]', 'key'],
    ['PUT KEY, another class', '84D8 0081 03 [010203]', 'key'],
    ['its number in a class of ISO/IEC 7816-4: none', '00D8 0081 03 010203', 'key'],
    ['STORE DATA', '80E2 0000 02 [0102]', 'key'],
    ['APPEND RECORD: none', '00E2 0000 02 0102', 'key'],
    ['PUT DATA 00D1', '00DA 00D1 02 [0102]', 'key'],
    ['PUT DATA 00D2', '00DA 00D2 02 [0102]', 'key'],
    ['PUT DATA 00D3', '00DA 00D3 02 [0102]', 'code'],
    ['PUT DATA 00D5', '00DA 00D5 02 [0102]', 'key'],
    ['PUT DATA 00D4: none', '00DA 00D4 02 0102', 'key'],
    ['PUT DATA 01D3: none', '00DA 01D3 02 0102', 'code'],
    ['PSO HASH', '002A 90A0 02 [0102]', 'signature'],
    ['PSO COMPUTE DIGITAL SIGNATURE', '002A 9E9A 02 [0102]', 'signature'],
    ['PSO VERIFY DIGITAL SIGNATURE', '002A 00A8 02 [0102]', 'signature'],
    ['PSO VERIFY CERTIFICATE: none', '002A 00AE 02 0102', 'signature'],
    ['PSO DECIPHER: none', '002A 8086 02 0102', 'signature'],
    ['the same parameters of another command: none', '00D6 9000 02 0102', 'signature'],
    ['nothing', '', 'code'],
    ['one byte', '20', 'code'],
    ['two bytes', '0020', 'code'],
    ['no data', '0020 0081', 'code'],
  ])('%s', (_, command, what) => check([command], what));

  it('is whole without the chaining bit, and one span', () => {
    expect(new CodeStream().next(bytes('0020008102 3132'))).toEqual([
      { offset: 5, length: 2, what: 'code', whole: true },
    ]);
    expect(new CodeStream().next(bytes('1020008102 3132'))).toEqual([
      { offset: 5, length: 2, what: 'code', whole: false },
    ]);
  });
});

describe('what an ENVELOPE carries', () => {
  it.each([
    ['a key', ['00C2 0000 08 80D80081 03 [010203]'], 'key'],
    ['in two, nothing between', ['00C2 0000 03 002000', '00C2 0000 04 8102 [3132]'], 'code'],
    ['GET RESPONSE between', ['00C2 0000 03 002000', '00C0 0000 00', '00C2 0000 04 8102 [3132]'], 'code'],
    ['another command between: another one', ['00C2 0000 03 002000', '00B0 0000 00', '00C2 0000 04 81023132'], 'code'],
    ['the first ended: another one', ['00C2 0000 07 00200081 02 [3132]', '00C2 0000 02 3334'], 'code'],
    ['Lc of two bytes', ['00C2 0000 0A 00200081 000002 [3132] 00'], 'code'],
    ['Lc of two bytes, cut in it', ['10C2 0000 06 00200081 0000', '00C2 0000 04 02 [3132] 00'], 'code'],
    [
      'chained: what follows is no command',
      ['10C2 0000 05 00D60000 07', '00C2 0000 07 00200081 02 3132', '0020 0081 01 [31]'],
      'code',
    ],
    [
      'the first ended, chained all the same',
      ['10C2 0000 07 00200081 02 [3132]', '00C2 0000 07 00200081 02 [3334]'],
      'code',
    ],
    ['in a command to perform', ['00C3 0000 09 7307 00200081 02 [3132]'], 'code'],
    ['in discretionary data', ['00C3 0000 09 5307 00200081 02 [3132]'], 'code'],
    ['in both', ['00C3 0000 0B 5209 5307 00200081 02 [3132]'], 'code'],
    ['with a length of two bytes', ['00C3 0000 0A 738107 00200081 02 [3132]'], 'code'],
    ['with a length of three bytes', ['00C3 0000 0B 73820007 00200081 02 [3132]'], 'code'],
    ['with filler before the object', ['00C3 0000 0B 00FF 7307 00200081 02 [3132]'], 'code'],
    ['with filler before the inner object', ['00C3 0000 0C 520A 00 5307 00200081 02 [3132]'], 'code'],
    ['with filler behind it', ['00C3 0000 0B 7307 00200081 02 [3132] 0000'], 'code'],
    ['filler alone', ['00C3 0000 03 000000'], 'code'],
    ['in another object: none', ['00C3 0000 09 5407 00200081 02 3132'], 'code'],
    ['an object longer than all', ['00C3 0000 03 7384FF'], 'code'],
    [
      'chained: what follows is no object',
      ['10C3 0000 07 7307 00200081 02', '00C3 0000 02 [5301]', '0020 0081 01 [31]'],
      'code',
    ],
  ])('%s', (_, session, what) => check(session, what));
});

it('what an ENVELOPE carries is never whole', () => {
  expect(new CodeStream().next(bytes('00C2000007 00200081 02 3132'))).toEqual([
    { offset: 10, length: 2, what: 'code', whole: false },
  ]);
});

describe('codes that were presented', () => {
  const found = (codes: readonly Uint8Array[], text: Uint8Array, from = 0, to = text.length): [number, number][] => {
    const known = new KnownCodes();
    for (const code of codes) known.add(code);
    const spans = known.find(text, from, to).map(({ offset, length }): [number, number] => [offset, length]);
    return [...new Map(spans.map((span) => [String(span), span])).values()].sort(([a], [b]) => a - b);
  };

  it.each([
    ['as it was', ['1234'], 'a1234b', [[1, 4]]],
    [
      'twice',
      ['123456'],
      '123456x123456',
      [
        [0, 6],
        [7, 6],
      ],
    ],
    ['at the end', ['1234'], 'a1234', [[1, 4]]],
    ['a short one behind a digit: not it', ['1234'], 'a91234', []],
    ['a short one before a digit: not it', ['1234'], '12349', []],
    ['a short one behind a nought: not it', ['1234'], '01234', []],
    ['nine are not two', ['123456789'], 'x1234y', []],
    ['five digits are short', ['12345'], '123456', []],
    ['six are sure', ['123456'], '91234567', [[1, 6]]],
    [
      'two of four',
      ['12345678'],
      'x1234y5678',
      [
        [1, 4],
        [6, 4],
      ],
    ],
    ['six are not two', ['123456'], 'x123y456', []],
    ['of three digits: too short', ['123'], 'x123y', []],
  ] as const)('%s', (_, codes, text, spans) => {
    expect(found(codes.map(ascii), ascii(text))).toEqual(spans);
  });

  it.each([
    ['padding FF', '31323334FFFF', '0031323334 00', [[1, 4]]],
    ['padding 00', '313233340000', 'AA31323334 AA', [[1, 4]]],
    ['nothing but padding', 'FFFF0000', 'FFFF0000', []],
    ['BCD of an odd count', '3132333435', 'AA 12345F AA', [[1, 3]]],
    ['BCD of two bytes: too short', '31323334', 'AA 1234 AA', []],
    ['presented in BCD', '274916FF', 'AA 323734393136', [[1, 6]]],
    ['presented in BCD, odd count', '12345F', 'AA 3132333435 AA', [[1, 5]]],
    ['ISO 9564 format 2, four digits', '241234FFFFFFFFFF', 'AA 31323334 AA', [[1, 4]]],
    // Its second half is looked for too: there might have been two codes.
    [
      'ISO 9564 format 2, twelve digits',
      '2C123456789012FF',
      'AA 313233343536373839303132',
      [
        [1, 12],
        [7, 6],
      ],
    ],
    ['three digits are no format 2', '23123FFFFFFFFFFF', 'AA 313233 AA', []],
    ['format 2 with other digits than it counts: as it stands', '261234FFFFFFFFFF', 'AA 31323334 AA', []],
    ['presented in BCD: its half is none', '274916FF', 'AA 32373439 AA', []],
    // But the second half is a code in BCD.
    ['thirteen digits are no format 2', '2D1234567890123F', 'AA 31323334353637383930313233', [[7, 7]]],
    ['bytes that end like a digit, and a digit behind', 'A1B2C331', '39 A1B2C331 39', [[1, 4]]],
    ['bytes', 'A1B2C3D4', 'A1B2C3D4', [[0, 4]]],
    ['three bytes: too short', 'A1B2C3', 'A1B2C3', []],
  ] as const)('%s', (_, code, text, spans) => {
    expect(found([bytes(code)], bytes(text))).toEqual(spans);
  });

  it('is part of what stands there', () => {
    const known = new KnownCodes();
    known.add(ascii('123456'));
    expect(known.find(ascii('123456'), 0, 6)).toEqual([{ offset: 0, length: 6, what: 'code', whole: false }]);
  });

  it('between two places only', () => {
    expect(found([ascii('123456')], ascii('x123456'), 0, 6)).toEqual([]);
    expect(found([ascii('123456')], ascii('123456'), 1)).toEqual([]);
    // What stands outside does not touch.
    expect(found([ascii('1234')], ascii('912349'), 1, 5)).toEqual([[1, 4]]);
  });

  it('in a note, where no other digit touches', () => {
    const known = new KnownCodes();
    known.add(ascii('274916'));
    expect(known.findInText('274916, 2749160 and 274916')).toEqual([
      { offset: 0, length: 6, what: 'code', whole: false },
      { offset: 20, length: 6, what: 'code', whole: false },
    ]);
  });

  it('of so many, the last ones, in bounded memory', () => {
    const codes = Array.from({ length: 400 }, (_, i) => ascii(String(1_000_001 + i)));
    expect(found(codes, ascii('1000400'))).toEqual([[0, 7]]);
    expect(found(codes, ascii('1000001'))).toEqual([]);
  });
});

describe('a note', () => {
  it.each([
    ['card access number: 123123', { offset: 20, length: 6, what: 'code' }],
    ['private key: 00A1\nB2', { offset: 13, length: 7, what: 'key' }],
    ['the card access number: 123123', null],
    ['card access number: ', null],
    ['card access number 123123', null],
  ])('%j', (text, span) => {
    expect(secretOfNote(text)).toEqual(span === null ? [] : [{ ...span, whole: true }]);
  });
});
