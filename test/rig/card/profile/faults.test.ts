import { describe, expect, it } from 'vitest';
import { ProfileError, parseProfile } from '../../../../rig/card/profile/index.ts';
import { broken, type Change, faults, SMALL, world } from './small-profile.ts';

/** What is wrong, how it comes in (« marks the place that must be named), and what is said. */
type Row = readonly [name: string, changes: readonly Change[], message: string];

function check([, changes, message]: Row): void {
  const { text, places } = broken(...changes);
  expect(places).toHaveLength(1);
  expect(faults(text)).toEqual([{ file: 'profiles/x.yaml', ...places[0], message }]);
}

const NIRS = '"2751263220749"\n    key: "74"';

describe('a right profile', () => {
  it('has no fault', () => expect(faults(SMALL)).toEqual([]));
});

describe('YAML', () => {
  it.each<Row>([
    ['a key twice', [['profile: small', 'profile: small\n«profile: again']], 'this key is there twice'],
    [
      'a tag',
      [['windowSeconds: 60', 'windowSeconds: «!!int 60']],
      'tags (!…) have no place in a profile: plain text is enough',
    ],
    ['an alias of nothing', [['uid: random', 'uid: «*random']], 'the alias *random names nothing above it'],
    [
      'an alias of itself',
      [['holder: { windowSeconds: 60', 'holder: &h { windowSeconds: «*h']],
      'the alias *h lies in what it names',
    ],
    [
      'a merge key',
      [['holder: { windowSeconds: 60', 'holder: { «<<: { a: b }, windowSeconds: 60']],
      'merge keys (<<) are not read: name the alias where it is used',
    ],
    [
      'a key that is a list',
      [['holder: { windowSeconds: 60', 'holder: { ? «[a] : b, windowSeconds: 60']],
      'a key must be plain text',
    ],
  ])('%s', (...row) => check(row));

  it.each([
    ['nothing', '', 'the file is empty'],
    ['only a comment', '# profile\n', 'the file is empty'],
    ['a list', '- a\n', 'a mapping of keys to values is needed here'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'not YAML'],
    ['a tab', 'a: 1\n\tb: 2\n', 'not YAML: tabs are not allowed as indentation'],
  ])('%s', (_, text, message) => {
    const found = faults(text);
    expect(found.map((fault) => fault.message).join('\n')).toContain(message);
    for (const { line, column } of found) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
  });

  it('does not unfold what multiplies', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join(', ')
        }]`,
    );
    expect(faults(levels.join('\n'))[0]?.message).toBe('more than 20000 values');
  });
});

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

describe('files', () => {
  it.each<Row>([
    [
      'a file over 65,535 bytes',
      [['content: identity', 'content: { hex: 00, repeat: «65536 }']],
      '65536 bytes, a file holds 65535 at most',
    ],
    [
      'a file over 65,535 bytes in parts',
      [['content: identity', '«content: { tlv: [{ tag: 53, hex: 00, repeat: 65533 }] }']],
      '65537 bytes in D001 IDENT, a file holds 65535 at most',
    ],
    [
      'no content',
      [
        ['      content: identity\n', ''],
        ['    - fid: D001', '    - «fid: D001'],
      ],
      '`content` is missing',
    ],
    [
      'no record size',
      [
        ['          recordSize: 112\n', ''],
        ['        - fid: E004', '        - «fid: E004'],
      ],
      '`recordSize` is missing',
    ],
    [
      'a record size of a transparent file',
      [['      content: identity', '      recordSize: «5\n      content: identity']],
      'a transparent file has no records',
    ],
    [
      'a record too long',
      [
        ['recordSize: 160', 'recordSize: 53'],
        ['content: beneficiaries', 'content: «beneficiaries'],
      ],
      'record 2 of E002 has 54 bytes, 53 at most',
    ],
    [
      'an invoice too long',
      [
        ['recordSize: 112', 'recordSize: 75'],
        ['    - number:', '    - «number:'],
      ],
      'E004: tag E4: 76 bytes in a record of 75',
    ],
    [
      'a fixed record too short',
      [['{ text: ab }', '«{ text: a }']],
      'record 2 of E005 has 1 bytes, every record has 2',
    ],
    [
      'more records than there is room',
      [['recordSize: 2\n          capacity: 2', 'recordSize: 2\n          capacity: «1']],
      '2 records in E005, which has room for 1',
    ],
    [
      'bytes as the content of records',
      [['content: rights', '«content: { hex: 00 }']],
      'a file of records has the name of a generator here, or a list in `records`',
    ],
    [
      'two kinds of content',
      [['content: identity', '«content: { hex: 00, text: a }']],
      'both `hex` and `text`: one of them',
    ],
    [
      'no kind of content',
      [['content: identity', '«content: {}']],
      'one of hex, text, counting, tlv, pointers, ndef, rules is needed',
    ],
    [
      'a generator that is none',
      [['content: identity', 'content: «identities']],
      '`identities` is none of identity, nirs, card-data, directory, affiliation, beneficiaries, rights, invoices, signature, card-access, card-security',
    ],
    ['a repeat of a text', [['{ text: ab }', '«{ text: ab, repeat: 2 }']], '`repeat` goes with `hex`'],
    [
      'a text that is not Latin-1',
      [['{ text: ab }', '{ text: «Œ, encoding: latin-1 }']],
      'a character that is not in latin-1',
    ],
    ['a constructed tag with bytes', [['{ tag: 5A,', '{ tag: «61,']], 'this tag is constructed: it needs `tlv`'],
    [
      'a primitive tag with objects',
      [['[{ tag: 5A, hex: 80 25 }]', '[{ tag: «5A, tlv: [{ tag: 5A, hex: 80 25 }] }]']],
      'this tag is primitive: it cannot hold `tlv`',
    ],
    [
      'a file identifier twice',
      [['fid: E005', 'fid: «E001']],
      'file identifier E001 is already there in this directory',
    ],
    [
      'a directory with the identifier of a file',
      [['    - fid: 2000', '    - fid: «2F02']],
      'file identifier 2F02 is already there in this directory',
    ],
    [
      'an SFI twice',
      [['sfi: "02"\n          structure: linear-variable', 'sfi: «"01"\n          structure: linear-variable']],
      'short EF identifier 01 is already there in this directory',
    ],
    [
      'two directories of one name',
      [['name: F0 61 62 63 64', 'name: «D250000002 564954414C45']],
      'another directory already has the name D250000002564954414C45',
    ],
    ['a long label', [['label: VITALE', 'label: «12345678901234567']], 'a label is at most 16 characters of Latin-1'],
    [
      'nothing to sign',
      [
        ['content: rights', 'records: []'],
        ['content: signature', 'content: «signature'],
      ],
      '`signature` signs E001, E002 and E003: here is no E003 that is made from `data`',
    ],
    [
      'a certificate of the last century',
      [['validFrom: "20240102"', 'validFrom: «"19991231"']],
      'a certificate can hold from 2000 to 2089',
    ],
  ])('%s', (...row) => check(row));

  it.each<Row>([
    [
      'an application that does not exist',
      [['- application: D250000002 4D465F564954414C45', '- application: «D250000002 4D465F564954414C46']],
      'there is no application D2500000024D465F564954414C46 on this card: a reader dies on it',
    ],
    [
      'a file that does not exist',
      [['{ name: IDENT, fid: D001 }', '{ name: IDENT, fid: «D002 }']],
      'there is no file D002 in that application',
    ],
    [
      'a file that readers find by themselves',
      [['{ name: IDENT, fid: D001 }', '{ name: PAN, fid: «2F02 }']],
      'readers look into 2F02 by themselves: listed, it is shown twice',
    ],
    [
      'a name of nine characters',
      [
        ['            pointers:', '            «pointers:'],
        ['{ name: IDENT, fid: D001 }', '{ name: IDENTITES, fid: D001 }'],
      ],
      "2001: tag 80: file name 'IDENTITES' is not 1 to 8 characters of Latin-1",
    ],
  ])('POINTERS to %s', (...row) => check(row));
});

describe('codes, environments, rules', () => {
  const code = 'code: "271828"';
  it.each<Row>([
    ['a code longer than its format', [[code, 'code: «"2718281"']], 'the code has 7 digits, its own format says 6'],
    [
      'a code shorter than its format',
      [
        [code, 'code: «"27182"'],
        ['maxLength: 6', 'maxLength: 8'],
      ],
      'the code has 5 digits, its own format says 6 to 8',
    ],
    ['a code with a letter', [[code, 'code: «"27182a"']], 'what is written here is not 1 to 16 digits'],
    ['lengths the wrong way round', [['minLength: 6', 'minLength: «7']], 'minLength 7 is over maxLength 6'],
    [
      'a short padded block',
      [['maxLength: 6', 'maxLength: 6\n          paddedLength: «5']],
      'a block of 5 bytes is too short for codes of 6 digits',
    ],
    [
      'padding with a digit',
      [['maxLength: 6', 'maxLength: 6\n          paddedLength: 8\n          paddingByte: «30']],
      '30 is a digit: padding could not be told from the code',
    ],
    [
      'a card-wide reference in an application',
      [
        ['{ reference: 82,', '{ reference: «"02",'],
        ['unblockedBy: 82', 'unblockedBy: "02"'],
      ],
      'the reference of a code outside the master file is 81 to 9F',
    ],
    [
      'a reference twice',
      [
        ['{ reference: 82,', '{ reference: «81,'],
        ['unblockedBy: 82', 'unblockedBy: 81'],
      ],
      'a code with reference 81 is already there',
    ],
    ['nothing to unblock it', [['unblockedBy: 82', 'unblockedBy: «83']], 'there is no other code 83 here'],
    [
      'a window that is not there',
      [
        ['holder: { windowSeconds: 60, uses: 1 }\n', ''],
        ['unlocksHolder: yes', 'unlocksHolder: «yes'],
      ],
      'this card has no `holder`: there is no window to open',
    ],
    [
      'an environment of no code',
      [['code: { id: 1, reference: 81, by: verify }', 'code: { id: 1, reference: «83, by: verify }']],
      'there is no code 83 in this directory',
    ],
    [
      'an environment of no card-wide code',
      [['code: { id: 1, reference: 81, by: verify }', 'code: { id: 1, reference: «"01", by: verify }']],
      'there is no code 01 in the master file',
    ],
    ['an environment number twice', [['holder: { id: 2', 'holder: { id: «1']], 'an environment 1 is already there'],
    [
      'a holder who cannot unlock',
      [
        ['          unlocksHolder: yes\n', ''],
        ['by: holder', 'by: «holder'],
      ],
      'code 81 does not say `unlocksHolder: yes`',
    ],
    [
      'an environment called never',
      [['        holder: { id: 2', '        «never: { id: 3, reference: 81, by: verify }\n        holder: { id: 2']],
      '`never` cannot be the word of an environment',
    ],
    [
      'a word that is no condition',
      [['{ read: { contact: code,', '{ read: { contact: «pin,']],
      '`pin` is no condition here: always, never, secure-messaging, external-authentication, code, holder',
    ],
    [
      'a word of another directory',
      [
        [
          'structure: transparent\n      access: { read: always }\n      content: identity',
          'structure: transparent\n      access: { read: «code }\n      content: identity',
        ],
      ],
      '`code` is no condition here: always, never, secure-messaging, external-authentication',
    ],
    [
      'always and something',
      [['{ read: { contact: code,', '{ read: { «contact: { any: [always, code] },']],
      '`always` stands alone',
    ],
    [
      'two environments',
      [
        [
          '          access: always\n          unlocksHolder',
          '          access: { «contact: { all: [code, holder] } }\n          unlocksHolder',
        ],
      ],
      'two environments in one condition: a condition byte names only one',
    ],
    [
      'a rule of no file',
      [['capacity: 1\n          access: { read: code }', 'capacity: 1\n          access: { rule: 1, in: «E0AA }']],
      'there is no linear file E0AA here or in the master file',
    ],
    [
      'a rule in a file that is not linear',
      [['capacity: 1\n          access: { read: code }', 'capacity: 1\n          access: { rule: 1, in: «E004 }']],
      'there is no linear file E004 here or in the master file',
    ],
    [
      'a rule that is not there',
      [['capacity: 1\n          access: { read: code }', 'capacity: 1\n          access: { rule: «3, in: E005 }']],
      'E005 has 2 records, no record 3',
    ],
    [
      'a rule without its file',
      [['capacity: 1\n          access: { read: code }', 'capacity: 1\n          «access: { rule: 3 }']],
      '`rule` and `in` go together',
    ],
    [
      'a rule and access modes',
      [
        [
          'capacity: 1\n          access: { read: code }',
          'capacity: 1\n          «access: { rule: 1, in: E005, read: code }',
        ],
      ],
      'access modes, `rule` or `expanded`: one of them',
    ],
    [
      'a word that is none, inside something',
      [['{ read: { contact: code,', '{ read: { «contact: { not: pin },']],
      '`pin` is no condition here: always, never, secure-messaging, external-authentication, code, holder',
    ],
    [
      'all and any',
      [['{ read: { contact: code,', '{ read: { «contact: { all: [code], any: [code] },']],
      'a word is needed here, or one of `all`, `any` and `not`',
    ],
    [
      'an access mode of a directory on a file',
      [['{ read: { contact: code, contactless: holder } }', '{ «create-file: code }']],
      '`create-file` is not a key that is known here',
    ],
    [
      'an interface that is none',
      [['{ read: { contact: code,', '{ read: { «bluetooth: code,']],
      '`bluetooth` is not a key that is known here',
    ],
  ])('%s', (...row) => check(row));

  it('never repeats a code', () => {
    for (const change of [
      ['minLength: 6', 'minLength: 7'],
      [code, 'code: "271828 "'],
      [code, 'code: 2718281'],
    ] as Change[]) {
      for (const { message } of faults(broken(change).text)) expect(message).not.toContain('27182');
    }
  });
});

describe('link', () => {
  const atr = (hex: string): Change => ['uid: random', `uid: random\n  atr: «${hex}`];
  it.each<Row>([
    [
      'T=0 without an ATR',
      [['protocol: T=1', 'protocol: «T=0']],
      'T=0 needs an `atr`: the one that is made otherwise offers T=1',
    ],
    [
      'an ATR of the other protocol',
      [atr('3B 75 13 00 00 43 09 EA 90 00')],
      'the ATR offers T=0 and `protocol` is T=1',
    ],
    ['an ATR that is none', [atr('3C 00')], 'an ATR begins with 3B or 3F'],
    ['an ATR cut short', [atr('3B 80 80')], 'the ATR is cut short in its interface bytes'],
    ['an ATR with a byte too many', [atr('3B 80 80 01 01 00')], 'the ATR announces 5 bytes and has 6'],
    ['an ATR with a wrong TCK', [atr('3B 81 80 01 00 01')], 'the last byte, TCK, is wrong'],
  ])('%s', (...row) => check(row));

  it('takes whole ATRs', () => {
    // 3B 80 80 01 01: of a contactless card without historical bytes (PC/SC part 3).
    const { text } = broken(['uid: random', 'uid: 01020304050607\n  atr: 3B 80 80 01 01']);
    expect(faults(text)).toEqual([]);
  });
});

describe('several faults', () => {
  it('are told at once, in the order of the text', () => {
    const { text, places } = broken(
      ['interface: contact', 'interface: «air'],
      [NIRS, '"2751263220749"\n    key: «"73"'],
      ['      firstName: ANTHONY', '      firstName: ANTHONY\n      «groupeSanguin: A'],
      ['total: 30.00', 'total: «31.00'],
      ['fid: E005', 'fid: «E5'],
    );
    const found = faults(text);
    expect(found.map(({ line, column }) => ({ line, column }))).toEqual(places);
    expect(found.map(({ message }) => message)).toEqual([
      '`air` is none of contact, contactless, wired',
      'NIR 2 75 12 63 220 749 has key 74, not 73',
      '`groupeSanguin`: medical data have no place on this card',
      'total 31,00 € is not AMO + AMC + patient, which make 30,00 €',
      '`E5` is not a file identifier of 4 hexadecimal digits',
    ]);
  });

  it('are told at once where parts do not fit each other', () => {
    const { text, places } = broken(
      ['beneficiary: 2', 'beneficiary: «7'],
      ['fid: D001 }]', 'fid: «D009 }]'],
      ['unblockedBy: 82', 'unblockedBy: «8F'],
      ['fid: E002', 'fid: «E001'],
      ['content: signature', 'content: «signature'],
    );
    const found = faults(text);
    expect(found.map(({ line, column }) => ({ line, column }))).toEqual(places);
  });

  it('make an error of one line each', () => {
    const { text } = broken(['interface: contact', 'interface: air'], ['uid: random', 'uid: 01']);
    let caught: unknown;
    try {
      parseProfile(text, 'profiles/x.yaml', world());
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ProfileError);
    expect((caught as ProfileError).message).toBe(
      'profiles/x.yaml:3:14: `air` is none of contact, contactless, wired\n' +
        'profiles/x.yaml:6:8: 1 bytes, 4 to 10 needed',
    );
  });
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
