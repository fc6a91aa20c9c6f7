import { describe, it } from 'vitest';
import { check, type Row } from './fault-rows.ts';

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
    ['a fixed record too short', [['{ text: ab }', '«{ text: a }']], 'record 2 of E005 has 1 byte, every record has 2'],
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
