import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/apdu/index.ts';
import {
  AFFILIATION,
  APPLICATION,
  BENEFICIARY,
  CARD_VALIDITY,
  CardDataError,
  decodeInvoice,
  encodeInvoice,
  IDENTITY,
  INVOICE,
  type Invoice,
  NIR_ENTRY,
  RIGHT,
  withRights,
} from '../../../src/applet/vitale/index.ts';

/** Spaced hex, with texts in quotes: `80 'ADRUN'` is `80 05 41…`, the length and the bytes. */
function bytes(spaced: string): Uint8Array {
  return fromHex(
    spaced.replace(/'([^']*)'/g, (_, text: string) => {
      const content = Buffer.from(text, 'latin1');
      return content.length.toString(16).padStart(2, '0') + content.toString('hex');
    }),
  );
}

const zoe = {
  index: 1,
  quality: 0,
  birthRank: 1,
  birthDate: '19751231',
  usualName: 'ADRUN',
  birthName: null,
  firstName: 'ZOE',
  certifiedNir: { nir: '2751263220749', key: '74' },
};
const invoice: Invoice = {
  number: '000000107',
  date: '20251020',
  beneficiaryIndex: 2,
  professionalId: '999000026',
  professionalName: 'ÉCRINS',
  total: 123_456,
  amo: 74_074,
  amc: 40_000,
  patient: 9_382,
  thirdParty: true,
  status: 'paid',
};
// 1234.56 = 01E240, 740.74 = 01215A, 400.00 = 9C40, 93.82 = 24A6
const invoiceHex =
  "E4 4A 80'000000107' 81'20251020' 82 01 02 83'999000026' 84 07 C38943 52494E53 " +
  '85 04 0001E240 86 04 0001215A 87 04 00009C40 88 04 000024A6 89 01 01 8A 01 02';

describe('records and templates, both ways', () => {
  const rows = [
    [
      'D001',
      IDENTITY,
      { name: 'ADRUN', firstName: 'ZOÉ', birthDate: '19751331' },
      "65 16 80'ADRUN' 81 03 5A4FC9 82'19751331'",
    ],
    [
      '2002',
      NIR_ENTRY,
      { nationality: 'FRA', nir: { nir: '2751263220749', key: '74' } },
      "65 16 90'FRA' 93'275126322074974'",
    ],
    ['2002, no NIR', NIR_ENTRY, { nationality: 'FRA', nir: null }, "65 05 90'FRA'"],
    ['2003', CARD_VALIDITY, { validFrom: '20240102', type: 'T' }, "66 0D 80'20240102' 81'T'"],
    [
      'E001',
      AFFILIATION,
      { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
      "E1 13 80'01' 81'999' 82'0001' 83'10'",
    ],
    ['E002', BENEFICIARY, zoe, "E2 30 80 01 01 81 01 00 82 01 01 83'19751231' 84'ADRUN' 86'ZOE' 87'275126322074974'"],
    [
      'E002, all',
      BENEFICIARY,
      { ...zoe, birthName: 'Œ' },
      "E2 34 80 01 01 81 01 00 82 01 01 83'19751231' 84'ADRUN' 85 02 C592 86'ZOE' 87'275126322074974'",
    ],
    [
      'E003',
      RIGHT,
      { beneficiaryIndex: 3, start: '20240101', end: '20241231' },
      "E3 17 80 01 03 81'20240101' 82'20241231'",
    ],
    ['E003, open', RIGHT, { beneficiaryIndex: 3, start: '20240101', end: null }, "E3 0D 80 01 03 81'20240101'"],
    ['E004', INVOICE, invoice, invoiceHex],
    [
      '2F00',
      APPLICATION,
      { aid: fromHex('F0617043562D454D5501'), label: 'apCV-EMU' },
      "61 16 4F 0A F0617043562D454D5501 50'apCV-EMU'",
    ],
  ] as const;

  // The templates have different types; each row pairs one with a value of its own.
  it.each(rows)('%s', (_, template, value, hex) => {
    const { encode, decode } = template as unknown as {
      encode(value: unknown): Uint8Array;
      decode(bytes: Uint8Array): unknown;
    };
    expect(toHex(encode.call(template, value))).toBe(toHex(bytes(hex)));
    expect(decode.call(template, bytes(hex))).toEqual(value);
  });

  it('lays persons one after the other, and reads them over padding and unknown tags', () => {
    const people = [
      { name: 'A', firstName: 'B', birthDate: '20000101' },
      { name: 'C', firstName: 'D', birthDate: '20000102' },
    ];
    const one = "65 10 80'A' 81'B' 82'20000101'";
    const two = "65 10 80'C' 81'D' 82'20000102'";
    expect(toHex(IDENTITY.encodeAll(people))).toBe(toHex(bytes(one + two)));
    expect(IDENTITY.decodeAll(bytes(`${one} 00 00 9F21 01 FF ${two} 00`))).toEqual(people);
    expect(IDENTITY.decodeAll(bytes("65 14 80'A' DF21 01 00 81'B' 82'20000101'"))).toEqual([people[0]]);
    expect(IDENTITY.decodeAll(fromHex('0000'))).toEqual([]);
  });
});

describe('invoice records', () => {
  it('are padded with FF to 112 bytes', () => {
    const record = encodeInvoice(invoice);
    expect(toHex(record)).toBe(toHex(bytes(invoiceHex)) + 'FF'.repeat(112 - 76));
    expect(decodeInvoice(record)).toEqual(invoice);
  });

  it('take a professional of 43 bytes and no more', () => {
    expect(
      decodeInvoice(encodeInvoice({ ...invoice, professionalName: 'x'.repeat(43) })).professionalName,
    ).toHaveLength(43);
    expect(() => encodeInvoice({ ...invoice, professionalName: 'x'.repeat(44) })).toThrow(
      'E004: tag E4: 113 bytes in a record of 112',
    );
  });

  it('add up', () => {
    expect(() => decodeInvoice(encodeInvoice({ ...invoice, amc: 39_999 }))).toThrow(
      'E004: tag 85: the total is not AMO + AMC + patient',
    );
  });
});

describe('what a card may hold and should not', () => {
  const right = "80 01 03 81'20240101'";
  it.each([
    ['empty', '', 'E003: empty', 0],
    ['only padding', 'FFFF', 'E003: tag cut short at offset 0', 0],
    ['another template', `E4 0D ${right}`, 'E003: tag E4: E3 expected in its place', 0xe4],
    ['a tag missing', "E3 0A 81'20240101'", 'E003: tag 80: missing', 0x80],
    ['a tag twice', `E3 10 80 01 03 ${right}`, 'E003: tag 80: there twice', 0x80],
    ['index of two bytes', "E3 0E 80 02 0003 81'20240101'", 'E003: tag 80: 2 bytes instead of 1', 0x80],
    ['index of no byte', "E3 0C 80 00 81'20240101'", 'E003: tag 80: 0 bytes instead of 1', 0x80],
    ['short date', "E3 0C 80 01 03 81'2024010'", 'E003: tag 81: not 8 digits', 0x81],
    ['date of letters', "E3 0D 80 01 03 81'2024JAN1'", 'E003: tag 81: not 8 digits', 0x81],
    ['longer than its record', `E3 20 ${right}`, 'E003: 32 bytes announced, 13 there at offset 0', 0],
    [
      'a value longer than its template',
      'E3 0D 80 01 03 81 09 3230323430313031 00',
      'E003: 9 bytes announced, 8 there at offset 5',
      0,
    ],
    ['something after it', `E3 0D ${right} 41`, 'E003: tag E3: bytes that are no padding after it', 0xe3],
    ['mixed padding', `E3 0D ${right} FF 00`, 'E003: tag E3: bytes that are no padding after it', 0xe3],
  ])('%s', (_, hex, message, tag) => {
    let caught: unknown;
    try {
      RIGHT.decode(bytes(hex));
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CardDataError);
    expect(caught).toMatchObject({ message, file: 'E003', tag });
  });

  it.each([
    ['FF', "E3 0D 80 01 03 81'20240101' FFFFFF"],
    ['00', "E3 0D 80 01 03 81'20240101' 0000"],
  ])('padding with %s is none of its business', (_, hex) => {
    expect(RIGHT.decode(bytes(hex)).beneficiaryIndex).toBe(3);
  });

  it.each([
    ['UTF-8 cut short', '84 07 C38943 52494E53', '84 07 43524949 4E53C3', 'E004: tag 84: not UTF-8'],
    ['an escape sequence in a name', '84 07 C38943 52494E53', '84 07 1B5B324A 414141', 'tag 84: a control character'],
    ['a status of tomorrow', '8A 01 02', '8A 01 04', 'E004: tag 8A: code 4 is not known'],
    ['a flag of 02', '89 01 01', '89 01 02', 'E004: tag 89: neither 00 nor 01'],
    // The byte that is saved goes to padding inside the template.
    ['an amount of three bytes', '87 04 00009C40', '87 03 009C40 00', 'E004: tag 87: 3 bytes instead of 4'],
  ])('%s', (_, from, to, message) => {
    expect(invoiceHex).toContain(from);
    expect(() => decodeInvoice(bytes(invoiceHex.replace(from, to)))).toThrow(message);
  });

  it('never lets another error out, whatever single byte is changed', () => {
    const whole = encodeInvoice(invoice);
    for (let at = 0; at < 76; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0x84, 0xff]) {
        const record = Uint8Array.from(whole);
        record[at] = value;
        try {
          decodeInvoice(record);
        } catch (error) {
          expect(error).toBeInstanceOf(CardDataError);
        }
      }
    }
  });
});

describe('what does not fit its field', () => {
  it.each([
    [
      'a name beyond Latin-1',
      () => IDENTITY.encode({ name: 'ŒUVRE', firstName: 'A', birthDate: '20000101' }),
      'D001: tag 80: not Latin-1',
    ],
    ['no name', () => IDENTITY.encode({ name: '', firstName: 'A', birthDate: '20000101' }), 'D001: tag 80: empty'],
    [
      'a control character',
      () => IDENTITY.encode({ name: 'A\n', firstName: 'A', birthDate: '20000101' }),
      'D001: tag 80: a control character',
    ],
    [
      'a birth date of 7 digits',
      () => IDENTITY.encode({ name: 'A', firstName: 'A', birthDate: '2000010' }),
      'D001: tag 82: not 8 digits',
    ],
    ['index 256', () => BENEFICIARY.encode({ ...zoe, index: 256 }), 'E002: tag 80: not a number 0 to 255'],
    ['half a cent', () => INVOICE.encode({ ...invoice, amc: 0.5 }), 'E004: tag 87: not a number 0 to 4294967295'],
    ['less than nothing', () => INVOICE.encode({ ...invoice, amc: -1 }), 'E004: tag 87: not a number 0 to 4294967295'],
    [
      'a NIR without its key',
      () => NIR_ENTRY.encode({ nationality: null, nir: { nir: '2751263220749', key: '' } }),
      'tag 93: not the 15 characters of a NIR and its key',
    ],
    [
      'an AID of 17 bytes',
      () => APPLICATION.encode({ aid: new Uint8Array(17), label: null }),
      '2F00: tag 4F: an AID of 17 bytes',
    ],
    [
      'a label of 17 bytes',
      () => APPLICATION.encode({ aid: new Uint8Array(5), label: 'x'.repeat(17) }),
      '2F00: tag 50: a label of 17 bytes',
    ],
  ])('%s', (_, encode, message) => {
    expect(encode).toThrow(CardDataError);
    expect(encode).toThrow(message);
  });
});

it('gives each beneficiary its own rights', () => {
  const other = { ...zoe, index: 2 };
  const rights = [
    { beneficiaryIndex: 2, start: '20240101', end: null },
    { beneficiaryIndex: 9, start: '20240101', end: null },
    { beneficiaryIndex: 2, start: '20250101', end: '20251231' },
  ];
  expect(withRights([zoe, other], rights)).toEqual([
    { ...zoe, rights: [] },
    {
      ...other,
      rights: [
        { start: '20240101', end: null },
        { start: '20250101', end: '20251231' },
      ],
    },
  ]);
});
