import { describe, expect, it } from 'vitest';
import { check, type Row } from './fault-rows.ts';
import { broken, faults } from './small-profile.ts';

describe('keys and values', () => {
  it.each<Row>([
    ['an unknown key', [['uid: random', 'uid: random\n  «colour: green']], '`colour` is not a key that is known here'],
    [
      'an unknown key in a list',
      [['      usualName: ADRUN', '      usualName: ADRUN\n      «adress: x']],
      '`adress` is not a key that is known here',
    ],
    [
      'a missing section',
      [
        ['card: { serial: "0001", type: T, validFrom: "20240102" }\n', ''],
        ['profile: small', '«profile: small'],
      ],
      '`card` is missing',
    ],
    [
      'a missing field in a section',
      [
        ['  protocol: T=1\n', ''],
        ['link:', '«link:'],
      ],
      '`protocol` is missing',
    ],
    [
      'a missing field in a list',
      [['    - index: 1\n      usualName: ADRUN', '    - «index: 1']],
      '`usualName` is missing',
    ],
    [
      'a missing access of a code',
      [
        ['          access: always\n', ''],
        ['        - reference: 81', '        - «reference: 81'],
      ],
      '`access` is missing',
    ],
    [
      'a list in place of a value',
      [
        ['firstName: ZOE', 'firstName: «[ZOE]'.replace('«', '')],
        ['      firstName: [ZOE]', '      «firstName: [ZOE]'],
      ],
      'a single value is needed here',
    ],
    [
      'a value in place of a mapping',
      [['holder: { windowSeconds: 60, uses: 1 }', 'holder: «yes']],
      'a mapping of keys to values is needed here',
    ],
    [
      'a value in place of a list',
      [['rights: [{ start: 20240101, end: 20241231 }]', 'rights: «none']],
      'a list is needed here',
    ],
    [
      'an empty list of people',
      [['    files: [{ name: IDENT, fid: D001 }]', '    «files: []']],
      'at least one entry is needed here',
    ],
    [
      'a word that is none',
      [['interface: contact', 'interface: «wireless']],
      '`wireless` is none of contact, contactless, wired',
    ],
    [
      'a profile name',
      [['profile: small', 'profile: «Small Profile']],
      '`Small Profile` is not a name of 1 to 16 small letters, digits and hyphens',
    ],
    ['another type than T', [['type: T', 'type: «V']], 'must be T, a test card'],
    [
      'a day that is none',
      [['validFrom: "20240102"', 'validFrom: «"20240230"']],
      '`20240230` is not a day of the calendar written AAAAMMJJ',
    ],
    [
      'a short birth date',
      [['birthDate: 19751231', 'birthDate: «1975123']],
      'a birth date has 8 digits AAAAMMJJ, this one has 7',
    ],
    [
      'a written birth date',
      [['birthDate: 19751231', 'birthDate: «1975-12-31']],
      '`1975-12-31` is not 8 digits AAAAMMJJ',
    ],
    ['an empty name', [['usualName: ADRUN', 'usualName: «""']], 'is empty'],
    [
      'an amount without cents',
      [['total: 30.00', 'total: «30']],
      '`30` is not an amount in euros with two decimals, as 26.50',
    ],
    ['an index of 256', [['index: 2', 'index: «256']], '`256` is not a whole number from 1 to 255'],
    ['a quality that nobody has', [['quality: 6', 'quality: «7']], 'no quality has this code'],
    ['a caisse of two digits', [['caisse: "999"', 'caisse: «"99"']], '`99` is not 3 digits'],
    ['neither yes nor no', [['thirdParty: yes', 'thirdParty: «true']], '`true` is neither yes nor no'],
    [
      'a file identifier with 0x',
      [['fid: E001', 'fid: «0xE001']],
      '`0xE001` is not a file identifier of 4 hexadecimal digits',
    ],
    [
      'a reserved file identifier',
      [['fid: E001', 'fid: «3FFF']],
      'is a reserved file identifier: 0000, 3F00, 3FFF and FFFF are',
    ],
    [
      'an SFI of 1F',
      [['sfi: "01"\n          structure: linear-variable', 'sfi: «1F\n          structure: linear-variable']],
      '`1F` is not a short EF identifier, two hexadecimal digits 01 to 1E',
    ],
    [
      'a byte that is none',
      [['- { reference: 82,', '- { reference: «182,']],
      '`182` is not a byte of two hexadecimal digits',
    ],
    [
      'half a byte',
      [['historicalBytes: 80 82 90 00', 'historicalBytes: «80 82 90 0']],
      '`80 82 90 0` is not hexadecimal bytes',
    ],
    [
      '16 historical bytes',
      [['historicalBytes: 80 82 90 00', 'historicalBytes: «00112233445566778899AABBCCDDEEFF']],
      '16 bytes, 0 to 15 needed',
    ],
    ['a UID of 5 bytes', [['uid: random', 'uid: «"0102030405"']], 'a UID has 4, 7 or 10 bytes, or is `random`'],
    [
      'a name of 17 bytes',
      [['name: F0 61 62 63 64', 'name: «000102030405060708090A0B0C0D0E0F10']],
      '17 bytes, 1 to 16 needed',
    ],
    ['too many tries', [['tries: 3', 'tries: «16']], '`16` is not a whole number from 1 to 15'],
  ])('%s', (...row) => check(row));
});

describe('the tag of a data object', () => {
  // ITU-T X.690 8.1.2: numbers to 30 in one byte; above, 1F in the first, seven bits in each of the others, no zeros first.
  it.each([
    ['DF01', '`DF01` is not a tag: number 1 has a shorter form'],
    ['DF80', '`DF80` is not a whole tag: its last byte says that one more follows'],
    ['DF8001', '`DF8001` is not a tag: number 1 has a shorter form'],
    ['DF8049', '`DF8049` is not a tag: number 73 has a shorter form'],
    ['5F', '`5F` is not a whole tag: its last byte says that one more follows'],
    ['5F2E01', '`5F2E01` is not a tag: it ends with 5F2E'],
    ['8401', '`8401` is not a tag: 84 is one by itself'],
    ['00', '`00` is not a tag: none begins with 00'],
    ['0084', '`0084` is not a tag: none begins with 00'],
    ['DF81818101', '`DF81818101` is not a tag of 2, 4 or 6 hexadecimal digits'],
  ])('%s', (tag, message) => {
    check(['', [['{ tag: 5A, hex: 80 25 }', `{ tag: «"${tag}", hex: 80 25 }`]], message]);
  });

  it.each(['5A', '5F2E', 'DF1F', 'DF8101', '9E'])('%s is one', (tag) => {
    expect(faults(broken(['tag: 5A', `tag: ${tag.replace(/^(9E)$/, '"$1"')}`]).text)).toEqual([]);
  });
});
