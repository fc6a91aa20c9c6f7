import { describe, expect, it } from 'vitest';
import { check, type Row } from './fault-rows.ts';
import { broken, type Change, faults } from './small-profile.ts';

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
