import { describe, it } from 'vitest';
import { check, NIRS, type Row } from './fault-rows.ts';
import { SMALL } from './small-profile.ts';

describe('NIR', () => {
  it.each<Row>([
    ['a wrong key', [[NIRS, '"2751263220749"\n    key: «"73"']], 'NIR 2 75 12 63 220 749 has key 74, not 73'],
    ['a wrong key of Corsica', [['key: "23"', 'key: «"24"']], 'NIR 1 80 03 2B 020 401 has key 23, not 24'],
    [
      '2A for 2B',
      [['1 80 03 2b 020 401\n      key: ', '1 80 03 2A 020 401\n      key: «']],
      'NIR 1 80 03 2A 020 401 has key 93, not 23',
    ],
    [
      'a month that is none',
      [[NIRS, '«"2751363220749"\n    key: "74"']],
      'not a NIR: month 13 is neither 01 to 12 nor 20 to 99',
    ],
    ['a short number', [[NIRS, '«"275126322074"\n    key: "74"']], 'not a NIR: 12 characters, a NIR has 13'],
    [
      'a provisional number',
      [[NIRS, '«"8299912345678"\n    key: "74"']],
      '8 2 999 12345678 is a provisional number, which has no key: a NIR is needed here',
    ],
    [
      'no key',
      [
        ['      key: "23"\n', ''],
        ['certifiedNir: 1 80', 'certifiedNir: «1 80'],
      ],
      'the NIR needs its `key` beside it',
    ],
    [
      'a key of nothing',
      [['      certifiedNir: 1 80 03 2b 020 401\n      key: "23"', '      key: «"23"']],
      'a key without its `certifiedNir`',
    ],
    [
      'another NIR than above',
      [['certifiedNir: "2751263220749"\n      key: "74"', 'certifiedNir: «"180032B020401"\n      key: "23"']],
      'the insured has NIR 2 75 12 63 220 749 above, and another one here',
    ],
  ])('%s', (...row) => check(row));
});

describe('people and invoices', () => {
  it.each<Row>([
    ['an invoice of nobody', [['beneficiary: 2', 'beneficiary: «3']], 'no beneficiary has index 3'],
    [
      'a total that is not the sum',
      [['total: 30.00', 'total: «30.01']],
      'total 30,01 € is not AMO + AMC + patient, which make 30,00 €',
    ],
    [
      'an index twice',
      [
        ['index: 2', 'index: «1'],
        ['beneficiary: 2', 'beneficiary: 1'],
      ],
      'another beneficiary has index 1',
    ],
    ['a first who is no insured', [['quality: 0', 'quality: «6']], 'the first beneficiary is the insured, quality 0'],
    ['two insured', [['quality: 6', 'quality: «0']], 'only the first beneficiary is the insured'],
    [
      'a right that ends before it starts',
      [['end: 20241231', 'end: «20231231']],
      'the end 20231231 lies before the start 20240101',
    ],
    [
      'an invoice number twice',
      [
        [
          '      status: sent',
          '      status: sent\n    - { number: «"000000001", date: 20250301, beneficiary: 1, professionalId: "999000018", professionalName: X, total: 0.00, amo: 0.00, amc: 0.00, patient: 0.00, thirdParty: no, status: sent }',
        ],
      ],
      'another invoice has number 000000001',
    ],
    [
      'a name that is not Latin-1',
      [['    - index: 2\n      usualName: CORSE', '    - «index: 2\n      usualName: ŒDIPE']],
      'D001: tag 80: not Latin-1',
    ],
    [
      'a name too long for its reader',
      [
        ['    - index: 2\n      usualName: CORSE', `    - «index: 2\n      usualName: ${'X'.repeat(107)}`],
        ['recordSize: 160', 'recordSize: 200'],
      ],
      '128 bytes of this person in D001 IDENT, 127 at most',
    ],
    [
      'no data',
      [
        ['          content: affiliation', '          content: «affiliation'],
        [SMALL.slice(SMALL.indexOf('data:'), SMALL.indexOf('masterFile:')), ''],
        ['content: identity', 'content: { hex: 00 }'],
        ['content: nirs', 'content: { hex: 00 }'],
        ['content: beneficiaries', 'records: []'],
        ['content: rights', 'records: []'],
        ['content: invoices', 'records: []'],
        ['content: signature', 'content: { hex: 00 }'],
      ],
      '`affiliation` is made from `data`, which this profile does not have',
    ],
  ])('%s', (...row) => check(row));

  it('more than a reader takes at once', () => {
    const person = (index: number): string =>
      `    - { index: ${index}, usualName: ${'N'.repeat(40)}, firstName: ${'F'.repeat(40)}, ` +
      'birthDate: 20100101, birthRank: 1, quality: 6 }\n';
    // 24 and 28 bytes for the two that were there, 96 for each of the new ones.
    check([
      'five people',
      [
        ['  invoices:', `${person(3)}${person(4)}${person(5)}  invoices:`],
        ['recordSize: 160\n          capacity: 4', 'recordSize: 160\n          capacity: 5'],
        ['content: identity', 'content: «identity'],
      ],
      '340 bytes in D001 IDENT, 256 at most: readers read it once',
    ]);
  });
});
