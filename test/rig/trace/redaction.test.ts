import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedHex } from '../../../rig/trace/masked-hex.ts';
import { Redactor, redactText } from '../../../rig/trace/redaction.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const masked = (text: string): string => 'XX'.repeat(text.length);

/** Hex with parts of text in quotes: `93 0F "2751…"`. */
const mixed = (text: string): string =>
  text.replaceAll(/"([^"]*)"/g, (_, quoted: string) => ascii(quoted)).replaceAll(' ', '');

/** Passes commands (`>`) and responses (`<`) through one redactor, as a session does. */
function redact(session: readonly string[]): string[] {
  const redactor = new Redactor();
  return session.map((line) => {
    const apdu = bytes(mixed(line.slice(1)));
    return line.startsWith('>')
      ? `>${maskedHex(apdu, redactor.command(apdu))}`
      : `<${maskedHex(apdu, redactor.response(apdu))}`;
  });
}

/** What is expected, with `[text]` for text that must be masked. */
const expected = (lines: readonly string[]): string[] =>
  lines.map((line) => mixed(line.replaceAll(/\[([^\]]*)\]/g, (_, hidden: string) => masked(hidden))));

describe('codes', () => {
  it.each([
    ['VERIFY', '>00 20 00 81 06 "274916"', '>00 20 00 81 06 [274916]'],
    ['VERIFY, the query', '>00 20 00 81', '>00 20 00 81'],
    ['VERIFY, class of a channel', '>41 20 00 81 06 "274916"', '>41 20 00 81 06 [274916]'],
    ['VERIFY, proprietary class', '>80 20 00 81 06 "274916"', '>80 20 00 81 06 [274916]'],
    ['VERIFY, secure messaging', '>0C 20 00 81 03 850101 00', '>0C 20 00 81 03 [...] 00'],
    ['VERIFY, padded', '>00 20 00 81 08 "274916"FFFF', '>00 20 00 81 08 [274916..]'],
    ['VERIFY, in BCD with Le', '>00 20 00 81 08 26274916FFFFFFFF 00', '>00 20 00 81 08 [........] 00'],
    ['VERIFY, odd INS', '>00 21 00 81 08 5306"274916"', '>00 21 00 81 08 [..274916]'],
    ['VERIFY, extended length', '>00 20 00 81 00 0006 "274916"', '>00 20 00 81 00 0006 [274916]'],
    ['VERIFY, extended length and Le', '>00 20 00 81 00 0006 "274916" 0000', '>00 20 00 81 00 0006 [274916] 0000'],
    ['VERIFY, Lc too small', '>00 20 00 81 04 "274916"', '>00 20 00 81 [.274916]'],
    ['VERIFY, Lc too large', '>00 20 00 81 08 "274916"', '>00 20 00 81 [.274916]'],
    ['VERIFY, Lc forgotten', '>00 20 00 81 "274916"', '>00 20 00 81 [274916]'],
    ['CHANGE REFERENCE DATA', '>00 24 00 81 0C "274916""123456"', '>00 24 00 81 0C [274916123456]'],
    ['CHANGE REFERENCE DATA, odd INS', '>00 25 00 81 04 "1234"', '>00 25 00 81 04 [1234]'],
    ['DISABLE VERIFICATION REQUIREMENT', '>00 26 00 81 06 "274916"', '>00 26 00 81 06 [274916]'],
    ['ENABLE VERIFICATION REQUIREMENT', '>00 28 00 81 06 "274916"', '>00 28 00 81 06 [274916]'],
    ['RESET RETRY COUNTER', '>00 2C 00 81 0E "41592653""274916"', '>00 2C 00 81 0E [41592653274916]'],
    ['RESET RETRY COUNTER, odd INS', '>00 2D 00 81 04 "1234"', '>00 2D 00 81 04 [1234]'],
    ['another instruction', '>00 22 00 81 06 "274916"', '>00 22 00 81 06 "274916"'],
    ['a NIR as a code', '>00 20 00 81 0F "275126322074974"', '>00 20 00 81 0F [275126322074974]'],
  ])('%s', (_, line, outcome) => {
    expect(redact([line])).toEqual(expected([outcome]));
  });

  it('chained', () => {
    expect(redact(['>10 20 00 81 03 "274"', '<9000', '>00 20 00 81 03 "916"', '<63C2'])).toEqual(
      expected(['>10 20 00 81 03 [274]', '<9000', '>00 20 00 81 03 [916]', '<63C2']),
    );
  });

  it('says which kind it masked', () => {
    expect(new Redactor().command(bytes(mixed('00 20 00 81 06 "274916"')))).toEqual([
      { offset: 5, length: 6, what: 'code' },
    ]);
  });
});

describe('GENERAL AUTHENTICATE', () => {
  it('in a chain of steps: a random byte that looks like the first digit of a NIR stays', () => {
    const step = '>10 86 00 00 05 7C03 81 01 32 00';
    expect(redact([step])).toEqual(expected([step]));
  });

  it('a whole NIR in it does not', () => {
    expect(redact(['>10 86 00 00 0F "275126322074974"'])).toEqual(expected(['>10 86 00 00 0F [275126322074974]']));
  });
});

describe('codes in ENVELOPE', () => {
  it.each([
    ['whole', ['>00 C2 00 00 0B 00200081 06 "274916" 00', '>00 C2 00 00 0B 00200081 06 [274916] 00']],
    ['with its own Le', ['>00 C2 00 00 0C 00200081 06 "274916" 00 00', '>00 C2 00 00 0C 00200081 06 [274916] 00 00']],
    ['extended', ['>00 C2 00 00 0D 00200081 00 0006 "274916"', '>00 C2 00 00 0D 00200081 00 0006 [274916]']],
    ['another instruction', ['>00 C2 00 00 07 00A40000 02 3F00', '>00 C2 00 00 07 00A40000 02 3F00']],
  ])('%s', (_, [line, outcome]) => {
    expect(redact([line as string])).toEqual(expected([outcome as string]));
  });

  const inner = bytes(mixed('00200081 06 "274916" 00'));
  const hidden = (offset: number): boolean => offset >= 5 && offset < 11;

  it.each([
    ['the chaining bit', 0x10],
    ['nothing', 0x00],
  ])('in parts of any size, told by %s', (_, chaining) => {
    for (let size = 1; size < inner.length; size++) {
      const redactor = new Redactor();
      // A command whose length field looks like the start of more comes before, and must not mislead.
      redactor.command(bytes('00 C2 00 00 05 00 84 00 00 08'));
      for (let offset = 0; offset < inner.length; offset += size) {
        const part = inner.subarray(offset, offset + size);
        const last = offset + size >= inner.length;
        const apdu = Uint8Array.of(last ? 0 : chaining, 0xc2, 0, 0, part.length, ...part);
        const text = maskedHex(apdu, redactor.command(apdu));
        part.forEach((byte, i) => {
          const pair = text.slice(2 * (5 + i), 2 * (6 + i));
          if (hidden(offset + i)) expect(pair, `parts of ${size}, byte ${offset + i}`).toBe('XX');
          // Read both ways, more may be masked than need be; never with the chaining bit after its first part.
          else if (chaining !== 0) expect(pair).toBe(maskedHex(Uint8Array.of(byte)));
        });
        redactor.response(bytes('9000'));
      }
    }
  });
});

describe('NIRs in one APDU', () => {
  it.each([
    ['with its key', '<65 11 93 0F "275126322074974" 9000', '<65 11 93 0F [275126322074974] 9000'],
    ['without key', '<93 0D "2751263220749" 9000', '<93 0D [2751263220749] 9000'],
    ['with a wrong key', '<93 0F "181036322045660" 9000', '<93 0F [181036322045660] 9000'],
    ['Corsica 2A', '<93 0F "297022A02077878" 9000', '<93 0F [297022A02077878] 9000'],
    ['Corsica 2B', '<93 0F "180032B02040123" 9000', '<93 0F [180032B02040123] 9000'],
    ['Corsica in lower case', '<93 0F "180032b02040123" 9000', '<93 0F [180032b02040123] 9000'],
    ['month unknown', '<93 0F "184992B32102531" 9000', '<93 0F [184992B32102531] 9000'],
    ['born abroad', '<93 0F "255069999999934" 9000', '<93 0F [255069999999934] 9000'],
    ['provisional', '<87 0D "7850175999001" 9000', '<87 0D [7850175999001] 9000'],
    ['migrant', '<87 0D "5850175999001" 9000', '<87 0D [5850175999001] 9000'],
    // Provisional numbers have no month and no department: 13 and 00 here are none.
    ['provisional, first digit 5', '<87 0D "5851300999001" 9000', '<87 0D [5851300999001] 9000'],
    ['provisional, first digit 6', '<87 0D "6851300999001" 9000', '<87 0D [6851300999001] 9000'],
    ['provisional, first digit 7', '<87 0D "7851300999001" 9000', '<87 0D [7851300999001] 9000'],
    ['provisional, first digit 8, with its key', '<87 0F "885000099900112" 9000', '<87 0F [885000099900112] 9000'],
    ['two of them', '<"275126322074974" 00 "236066322083656" 9000', '<[275126322074974] 00 [236066322083656] 9000'],
    ['two of them, close together', '<"275126322074974236066322083656" 9000', '<[275126322074974236066322083656] 9000'],
    ['after other digits', '<"0000275126322074974" 9000', '<"0000"[275126322074974] 9000'],
    ['one digit and then something else', '<"1000101999001" "7" 80 9000', '<[1000101999001] "7" 80 9000'],
    ['alone, no status word', '<"275126322074974"', '<[2751263220749]"74"'],
    ['in a command', '>00 D6 0000 0F "275126322074974"', '>00 D6 0000 0F [275126322074974]'],
    ['in a malformed command', '>00 D6 0000 03 "275126322074974"', '>00 D6 0000 03 [275126322074974]'],
    [
      'in an odd UPDATE BINARY',
      '>00 D7 0000 14 540100 530F "275126322074974"',
      '>00 D7 0000 14 540100 530F [275126322074974]',
    ],
  ])('%s', (_, line, outcome) => {
    expect(redact([line])).toEqual(expected([outcome]));
  });

  it.each([
    ['12 digits', '<"275126322074" 9000'],
    ['sex 9', '<"9751263220749" 9000'],
    ['sex 0', '<"0751263220749" 9000'],
    ['month 13', '<"1851375999001" 9000'],
    ['month 00', '<"1850075999001" 9000'],
    ['month 19', '<"1851975999001" 9000'],
    ['department 00', '<"1850100999001" 9000'],
    ['sex 4, month 13', '<"4851375999001" 9000'],
    ['a provisional number has no Corsican department', '<"585012A999001" 9000'],
    ['department 2C', '<"185012C999014" 9000'],
    ['a letter elsewhere', '<"185017599900A" 9000'],
    ['bytes between', '<"2751263" 00 "220749" 9000'],
    ['a date', '<E3 0A 81 08 "20240101" 9000'],
    ['a number in BCD with a wrong key', '<93 08 0275126322074975 9000'],
    ['a number in BCD without its key', '<93 07 02751263220749 9000'],
  ])('not: %s', (_, line) => {
    expect(redact([line])).toEqual(expected([line]));
  });

  it('says which kind it masked', () => {
    expect(new Redactor().response(bytes(mixed('93 0F "275126322074974" 9000')))).toEqual([
      { offset: 2, length: 15, what: 'nir' },
    ]);
  });
});

describe('NIRs cut by READ BINARY', () => {
  it.each([
    [
      'a full piece hides its end, the next one its beginning',
      ['>00B00000 0A', '<65 15 93 0F "275126" 9000', '>00B0000A 0A', '<"322074974" 82 9000'],
      ['>00B00000 0A', '<65 15 93 0F [275126] 9000', '>00B0000A 0A', '<[322074974] 82 9000'],
    ],
    [
      'Le 00 is 256',
      ['>00B00000 00', `<${'00'.repeat(253)} "275" 9000`, '>00B00100 00', '<"126322074974" 9000'],
      ['>00B00000 00', `<${'00'.repeat(253)} [275] 9000`, '>00B00100 00', '<[126322074974] 9000'],
    ],
    [
      'other exchanges between',
      [
        '>00B00000 04',
        '<00 "275" 9000',
        '>00CA0101 00',
        '<6A88',
        '>00840000 04',
        '<0A0B0C0D 9000',
        '>00B00004 0D',
        '<"126322074974" 00 9000',
      ],
      [
        '>00B00000 04',
        '<00 [275] 9000',
        '>00CA0101 00',
        '<6A88',
        '>00840000 04',
        '<0A0B0C0D 9000',
        '>00B00004 0D',
        '<[126322074974] 00 9000',
      ],
    ],
    [
      'a wrong Le between',
      ['>00B00000 04', '<00 "275" 9000', '>00B00004 00', '<6C0C', '>00B00004 0C', '<"126322074974" 9000'],
      ['>00B00000 04', '<00 [275] 9000', '>00B00004 00', '<6C0C', '>00B00004 0C', '<[126322074974] 9000'],
    ],
    [
      'through GET RESPONSE',
      [
        '>00B00000 04',
        '<6104',
        '>00C00000 04',
        '<00 "275" 9000',
        '>00B00004 0C',
        '<610C',
        '>00C00000 0C',
        '<"126322074974" 9000',
      ],
      [
        '>00B00000 04',
        '<6104',
        '>00C00000 04',
        '<00 [275] 9000',
        '>00B00004 0C',
        '<610C',
        '>00C00000 0C',
        '<[126322074974] 9000',
      ],
    ],
    [
      'odd INS, each piece in its data object',
      ['>00B10000 04 54020000 08', '<5304 00 "275" 9000', '>00B10000 04 54020004 0E', '<530C "126322074974" 9000'],
      ['>00B10000 04 54020000 08', '<5304 00 "275" 9000', '>00B10000 04 54020004 0E', '<530C [126322074974] 9000'],
    ],
    [
      'odd INS, filler around the data object',
      [
        '>00B10000 04 54020000 0A',
        '<00FF 5304 00 "275" 00 9000',
        '>00B10000 04 54020004 10',
        '<00 530C "126322074974" FF 9000',
      ],
      [
        '>00B10000 04 54020000 0A',
        '<00FF 5304 00 "275" 00 9000',
        '>00B10000 04 54020004 10',
        '<00 530C [126322074974] FF 9000',
      ],
    ],
    [
      'odd INS, something else behind the data object',
      [
        '>00B10000 04 54020000 0A',
        '<5302 0001 9303 "275" 9000',
        '>00B10000 04 54020002 10',
        '<530C "126322074974" 9000',
      ],
      [
        '>00B10000 04 54020000 0A',
        '<5302 0001 9303 "275" 9000',
        '>00B10000 04 54020002 10',
        '<530C [126322074974] 9000',
      ],
    ],
    [
      'odd INS, a data object with a length of three bytes',
      [
        '>00B10000 04 54020000 0A',
        '<53820004 00 "275" 9000',
        '>00B10000 04 54020004 10',
        '<5383 00000C "126322074974" 9000',
      ],
      [
        '>00B10000 04 54020000 0A',
        '<53820004 00 "275" 9000',
        '>00B10000 04 54020004 10',
        '<5383 00000C [126322074974] 9000',
      ],
    ],
    [
      'odd INS, written, filler around the data objects',
      ['>00D70000 0B 00 540100 00 5304 00 "275"', '<9000', '>00D70000 14 FF 540104 FF 530C "126322074974" 00', '<9000'],
      ['>00D70000 0B 00 540100 00 5304 00 [275]', '<9000', '>00D70000 14 FF 540104 FF 530C [126322074974] 00', '<9000'],
    ],
    [
      'more data announced by a record',
      ['>00B20114 00', '<00 "275" 610C', '>00C00000 0C', '<"126322074974" 9000'],
      ['>00B20114 00', '<00 [275] 610C', '>00C00000 0C', '<[126322074974] 9000'],
    ],
    [
      'a piece that is not full has no open end, but a NIR that goes on is hidden where it goes on',
      ['>00B00000 09', '<00 "275" 9000', '>00B00004 0D', '<"126322074974" 00 9000'],
      ['>00B00000 09', '<00 "275" 9000', '>00B00004 0D', '<[126322074974] 00 9000'],
    ],
    [
      'the key alone in the next piece',
      ['>00B00000 0D', '<"2751263220749" 9000', '>00B0000D 03', '<"74" 82 9000'],
      ['>00B00000 0D', '<[2751263220749] 9000', '>00B0000D 03', '<[74] 82 9000'],
    ],
    [
      'a date at the very end is a whole value',
      ['>00B00000 0A', '<82 08 "19751231" 9000', '>00B0000A 0A', '<6B00'],
      ['>00B00000 0A', '<82 08 "19751231" 9000', '>00B0000A 0A', '<6B00'],
    ],
    [
      'eight digits at the very end that are no date may be the beginning of one',
      ['>00B00000 0A', '<82 08 "27512632" 9000', '>00B0000A 0A', '<"2074974" 9000'],
      ['>00B00000 0A', '<82 08 [27512632] 9000', '>00B0000A 0A', '<[2074974] 9000'],
    ],
    [
      'digits at the very end that no length byte closes may be the beginning of one',
      ['>00B00000 0A', '<82 09 "19751231" 9000', '>00B0000A 0A', '<"A" 9000'],
      ['>00B00000 0A', '<82 09 [19751231] 9000', '>00B0000A 0A', '<"A" 9000'],
    ],
    [
      'a record of exactly Le bytes is whole',
      ['>00B20114 08', '<"19751231" 9000', '>00B20214 04', '<"1234" 9000'],
      ['>00B20114 08', '<"19751231" 9000', '>00B20214 04', '<"1234" 9000'],
    ],
  ])('%s', (_, session, outcome) => {
    expect(redact(session)).toEqual(expected(outcome));
  });
});

describe('NIRs cut by the writer', () => {
  it.each([
    [
      'UPDATE BINARY',
      ['>00D60000 04 00 "275"', '<9000', '>00D60004 0D "126322074974" 00', '<9000'],
      ['>00D60000 04 00 [275]', '<9000', '>00D60004 0D [126322074974] 00', '<9000'],
    ],
    [
      'command chaining',
      ['>10DA0101 04 00 "275"', '<9000', '>00DA0101 0D "126322074974" 00', '<9000'],
      ['>10DA0101 04 00 [275]', '<9000', '>00DA0101 0D [126322074974] 00', '<9000'],
    ],
    [
      'two commands that have nothing to do with each other',
      ['>00DA0101 04 00 "275"', '<9000', '>00DA0102 0C "126322074974"', '<9000'],
      ['>00DA0101 04 00 "275"', '<9000', '>00DA0102 0C "126322074974"', '<9000'],
    ],
  ])('%s', (_, session, outcome) => {
    expect(redact(session)).toEqual(expected(outcome));
  });
});

const NIRS = [
  '275126322074974',
  '180032B02040123',
  '297022A02077878',
  '255069999999934',
  '100010199900138',
  '299079749900274',
] as const;

/** Bytes that belong to no NIR, in any reading: nothing in it is a digit, in ASCII or in BCD, or stands between groups. */
const noHalfDigits = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((piece) => piece.map((byte) => ((byte | 0x0a) === 0x2e ? 0x2c : byte | 0x0a)));

describe('a file with NIRs, read by READ BINARY in pieces', () => {
  /** Reads `file` and gives what the trace says of its bytes, joined. */
  function traced(file: Uint8Array, sizes: readonly number[]): string {
    const redactor = new Redactor();
    let text = '';
    let offset = 0;
    for (let i = 0; offset < file.length; i++) {
      const size = sizes[i % sizes.length] as number;
      const part = file.subarray(offset, offset + size);
      redactor.command(Uint8Array.of(0x00, 0xb0, offset >> 8, offset & 0xff, size & 0xff));
      const apdu = Uint8Array.of(...part, 0x90, 0x00);
      text += maskedHex(apdu, redactor.response(apdu)).slice(0, -4);
      offset += part.length;
    }
    return text;
  }

  it.each(NIRS)('%s: at every place where it can be cut once', (nir) => {
    const file = bytes(mixed(`65 11 93 0F "${nir}" 65 00`));
    for (let cut = 1; cut < file.length; cut++) {
      expect(traced(file, [cut, file.length]), `cut at ${cut}`).toBe(expected([`65 11 93 0F [${nir}] 65 00`])[0]);
    }
  });

  it('of any contents, in pieces of any sizes: the NIRs are masked, and nothing else is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(noHalfDigits(20), fc.constantFrom(...NIRS)), { maxLength: 4 }),
        noHalfDigits(20),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        (parts, end, sizes) => {
          let file = '';
          let outcome = '';
          for (const [before, nir] of parts) {
            // A byte that is neither keeps two NIRs apart.
            const gap = `2C${maskedHex(before)}`;
            file += gap + ascii(nir);
            outcome += gap + masked(nir);
          }
          file += `2C${maskedHex(end)}`;
          outcome += `2C${maskedHex(end)}`;
          expect(traced(bytes(file), sizes)).toBe(outcome);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('in a long run of digits, wherever it begins and however it is cut, no NIR stays readable', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 }).map((list) => list.join(''));
    fc.assert(
      fc.property(
        digits,
        fc.constantFrom(...NIRS),
        digits,
        fc.integer({ min: 1, max: 60 }),
        (before, nir, after, size) => {
          const text = traced(bytes(ascii(before + nir + after)), [size]);
          expect(text.slice(2 * before.length, 2 * (before.length + nir.length))).toBe(masked(nir));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what is no secret', () => {
  it('stays as it is, in any session', () => {
    const instruction = fc
      .integer({ min: 0, max: 0xff })
      .filter((ins) => ![0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2c, 0x2d, 0xc2, 0xc3].includes(ins));
    // PUT KEY is of the proprietary classes, LOAD KEYS of the reader's.
    const cla = fc.integer({ min: 0, max: 0x7f });
    // What is written to a file may be half of a NIR in BCD.
    const exchange = fc.tuple(cla, instruction, noHalfDigits(30), noHalfDigits(40));
    fc.assert(
      fc.property(fc.array(exchange, { maxLength: 8 }), (session) => {
        const redactor = new Redactor();
        for (const [cla, ins, data, answer] of session) {
          expect(redactor.command(Uint8Array.of(cla, ins, 0, 0, data.length, ...data, 0))).toEqual([]);
          expect(redactor.response(Uint8Array.of(...answer, 0x90, 0x00))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('any bytes at all are taken, and masks lie within them in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 40 })), { maxLength: 8 }), (session) => {
        const redactor = new Redactor();
        for (const [isCommand, apdu] of session) {
          let end = 0;
          for (const mask of isCommand ? redactor.command(apdu) : redactor.response(apdu)) {
            expect(mask.offset).toBeGreaterThanOrEqual(end);
            expect(mask.length).toBeGreaterThan(0);
            end = mask.offset + mask.length;
          }
          expect(end).toBeLessThanOrEqual(apdu.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('redactText', () => {
  it.each([
    ['read 275126322074974 today', 'read XXXXXXXXXXXXXXX today'],
    ['read 2 75 12 63 220 749 74 today', 'read XXXXXXXXXXXXXXXXXXXXX today'],
    ['1.80.03.2B.020.401-23', 'XXXXXXXXXXXXXXXXXXXXX'],
    ['2751263220749', 'XXXXXXXXXXXXX'],
    ['ACS ACR122U 00 00', 'ACS ACR122U 00 00'],
    ['card D2500000024D465F564954414C45 gone', 'card D2500000024D465F564954414C45 gone'],
    ['2026-11-23T07:22:48.123Z', '2026-11-23T07:22:48.123Z'],
    ['', ''],
  ])('%s', (text, outcome) => {
    expect(redactText(text).text).toBe(outcome);
  });

  it('says where', () => {
    expect(redactText('a 2751263220749 b').masks).toEqual([{ offset: 2, length: 13, what: 'nir' }]);
  });
});
