import { bytesFrom, defineCase, field, ok, refused, SELECTED, send, sweep } from '../../define.ts';
import { directoriesOf, type LocatedCode, type LocatedDirectory } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { CHAINING, codeOf, OWN_DECISIONS as OWN, trait } from '../../needs.ts';
import { CARD_WIDE, GUARDED, LOCAL, right, tries, UNBLOCKED, wrong } from './presented-codes.ts';

/** Each of these once for a code of an application and once for one of the whole card. */
const BOTH: readonly ConformanceCase[] = (
  [
    ['A', 'a code of an application', LOCAL],
    ['K', 'a code of the whole card', CARD_WIDE],
  ] as const
).flatMap(([letter, words, need]) => {
  const one = (
    id: string,
    title: string,
    steps: (c: LocatedCode) => ReturnType<Parameters<typeof defineCase>[0]['steps']>,
    more: { destructive?: boolean; statusWords?: readonly string[]; own?: boolean } = {},
  ): ConformanceCase =>
    defineCase({
      id: `VER-${letter}${id}`,
      title: `${words}: ${title}`,
      commands: ['VERIFY'],
      destructive: more.destructive ?? false,
      statusWords: more.statusWords ?? [],
      needs: more.own === true ? { c: need, own: OWN } : { c: need },
      steps: ({ c }) => steps(c),
    });
  return [
    one(
      '01',
      'not presented yet, a query tells the tries left',
      (c) => [c.directory.select, send('VERIFY without data', c.query, refused(tries(c.tries)))],
      { statusWords: ['63CX'] },
    ),
    one('02', 'the right code is taken', (c) => [c.directory.select, right(c)]),
    one('03', 'presented, a query says 9000', (c) => [
      c.directory.select,
      right(c),
      send('VERIFY without data', c.query, ok('')),
    ]),
    one(
      '04',
      'a wrong code costs a try',
      (c) => [
        c.directory.select,
        wrong(c, c.tries - 1),
        send('VERIFY without data', c.query, refused(tries(c.tries - 1))),
      ],
      {
        destructive: true,
        statusWords: ['63CX'],
      },
    ),
    one(
      '05',
      'every wrong code costs a try, and then it is blocked',
      (c) => [
        c.directory.select,
        Array.from({ length: c.tries }, (_, i) => wrong(c, c.tries - 1 - i)),
        send('VERIFY a wrong code', c.verify(c.wrong), refused('6983')),
        send('VERIFY the right code', c.verify(c.right), refused('6983')),
      ],
      { destructive: true, statusWords: ['63C0', '6983'] },
    ),
    one(
      '06',
      'blocked, a query says so',
      (c) => [
        c.directory.select,
        Array.from({ length: c.tries }, (_, i) => wrong(c, c.tries - 1 - i)),
        send('VERIFY without data', c.query, refused('6983|63C0', '6983')),
      ],
      { destructive: true, statusWords: ['6983'] },
    ),
    one(
      '07',
      'the right code gives the tries back',
      (c) => [
        c.directory.select,
        wrong(c, c.tries - 1),
        right(c),
        { kind: 'power', mode: 'warm' },
        c.directory.select,
        send('VERIFY without data', c.query, refused(tries(c.tries))),
      ],
      { destructive: true },
    ),
    one(
      '08',
      'a try that was spent is not given back by the power going off',
      (c) => [
        c.directory.select,
        wrong(c, c.tries - 1),
        { kind: 'power', mode: 'cold' },
        c.directory.select,
        send('VERIFY without data', c.query, refused(tries(c.tries - 1))),
      ],
      { destructive: true },
    ),
    one(
      '09',
      'blocked, it stays blocked after the power went off',
      (c) => [
        c.directory.select,
        Array.from({ length: c.tries }, (_, i) => wrong(c, c.tries - 1 - i)),
        { kind: 'power', mode: 'cold' },
        c.directory.select,
        send('VERIFY the right code', c.verify(c.right), refused('6983')),
      ],
      { destructive: true, statusWords: ['6983'] },
    ),
    one('10', 'a warm reset forgets that it was presented', (c) => [
      c.directory.select,
      right(c),
      { kind: 'power', mode: 'warm' },
      c.directory.select,
      send('VERIFY without data', c.query, refused(tries(c.tries))),
    ]),
    one('11', 'a cold reset forgets that it was presented', (c) => [
      c.directory.select,
      right(c),
      { kind: 'power', mode: 'cold' },
      c.directory.select,
      send('VERIFY without data', c.query, refused(tries(c.tries))),
    ]),
    one(
      '12',
      'a wrong code after the right one takes the verification back',
      (c) => [
        c.directory.select,
        right(c),
        wrong(c, c.tries - 1),
        send('VERIFY without data', c.query, refused(tries(c.tries - 1))),
      ],
      { destructive: true },
    ),
    one(
      '13',
      'a block of a length that the code cannot have costs no try',
      (c) => [
        c.directory.select,
        send('VERIFY of 17 bytes', c.verify('31'.repeat(17)), refused('6700|6A80|6A87', '6700')),
        send('VERIFY without data', c.query, refused(tries(c.tries))),
      ],
      { destructive: true, statusWords: ['6700'], own: true },
    ),
    one('14', 'selecting an EF in the same DF keeps it presented', (c) => {
      const ef = c.directory.files[0];
      if (ef === undefined) return 'the DF is declared without an EF in use';
      return [
        c.directory.select,
        right(c),
        send('SELECT an EF', ef.selection, SELECTED),
        send('VERIFY without data', c.query, ok('')),
      ];
    }),
    one('16', 'an Le behind the right code, which many clients send, is no reason to refuse it', (c) => [
      c.directory.select,
      send('VERIFY, case 4', `${c.verify(c.right)}00`, { status: '9000|6700|6A86', decided: '9000', data: '' }),
    ]),
    one(
      '17',
      'a query with Le 00 tells the tries left',
      (c) => [
        c.directory.select,
        send('VERIFY without data, Le 00', `${c.query}00`, refused(`${tries(c.tries)}|6700|6A86`, tries(c.tries))),
      ],
      { statusWords: ['63CX'] },
    ),
  ];
});

const VERIFY: readonly ConformanceCase[] = [
  defineCase({
    id: 'VER-101',
    title: 'selecting another application forgets a code of the first',
    commands: ['VERIFY', 'SELECT'],
    needs: {
      c: LOCAL,
      card: trait('another application', (card) => directoriesOf(card).filter((each) => each.name !== '').length > 1),
    },
    steps: ({ c, card }) => {
      const other = directoriesOf(card).find((each) => each.name !== '' && !isWithin(each, c.directory));
      if (other === undefined) return 'there is no other application';
      return [
        c.directory.select,
        right(c),
        other.selection.map((command) => send('SELECT the other application', command, '9000|61XX')),
        c.directory.select,
        send('VERIFY without data', c.query, refused(tries(c.tries))),
      ];
    },
  }),
  defineCase({
    id: 'VER-102',
    title: 'selecting another application keeps a code of the whole card',
    commands: ['VERIFY', 'SELECT'],
    needs: { c: CARD_WIDE, own: OWN },
    steps: ({ c, own }) => {
      const other = directoriesOf(own).find((each) => each.name !== '');
      if (other === undefined) return 'there is no application';
      return [
        c.directory.select,
        right(c),
        other.selection.map((command) => send('SELECT an application', command, '9000|61XX')),
        send('VERIFY without data, there', c.query, ok('')),
      ];
    },
  }),
  defineCase({
    id: 'VER-103',
    title: 'a reference that no code has',
    commands: ['VERIFY'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [c.directory.select, send('VERIFY 9E', '0020009E0431323334', refused('6A88|6A86', '6A88'))],
  }),
  defineCase({
    id: 'VER-104',
    title: 'a query of a reference that no code has',
    commands: ['VERIFY'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [c.directory.select, send('VERIFY 9E without data', '0020009E', refused('6A88|6A86', '6A88'))],
  }),
  defineCase({
    id: 'VER-105',
    title: 'a code of an application is not known outside of it',
    commands: ['VERIFY'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [send('VERIFY without data, in the MF', c.query, refused('6A88|6A86|6A82|6985', '6A88'))],
  }),
  defineCase({
    id: 'VER-106',
    title: 'P1 01 to FE mean nothing',
    commands: ['VERIFY'],
    statusWords: ['6A86'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      sweep(
        'VERIFY under a reserved P1',
        `0020{value}${c.reference}`,
        bytesFrom(0x01, 0xfe),
        refused('6A86|6A81|6B00', '6A86'),
      ),
      send('no try was spent', c.query, refused(tries(c.tries))),
    ],
  }),
  defineCase({
    id: 'VER-107',
    title: 'every P2 that names no code is refused, and no try is spent',
    commands: ['VERIFY'],
    needs: { c: LOCAL },
    steps: ({ c }) => {
      const known = new Set(c.directory.declaration.codes.map((each) => each.reference));
      const unknown = bytesFrom(0x01, 0xff, [...known, ...Array.from({ length: 0x1f }, (_, i) => i + 1)]);
      return [
        c.directory.select,
        sweep('VERIFY without data', '002000{value}', unknown, refused('6A88|6A86|6A81|6B00')),
        send('no try was spent', c.query, refused(tries(c.tries))),
      ];
    },
  }),
  defineCase({
    id: 'VER-108',
    title: 'P1 FF takes the verification back',
    commands: ['VERIFY'],
    needs: { c: LOCAL, own: OWN },
    steps: ({ c }) => [
      c.directory.select,
      right(c),
      send('VERIFY FF', `0020FF${c.reference}`, ok('')),
      send('VERIFY without data', c.query, refused(tries(c.tries))),
    ],
  }),
  defineCase({
    id: 'VER-109',
    title: 'a code in a chain of two commands',
    commands: ['VERIFY'],
    needs: { c: LOCAL, chaining: CHAINING },
    steps: ({ c }) => {
      if (c.length < 2) return 'the code is of one byte';
      return [
        c.directory.select,
        send('the first byte', `102000${c.reference}01${c.right.slice(0, 2)}`, ok('')),
        send('the others', `002000${c.reference}${field(c.right.slice(2))}`, ok('')),
        send('VERIFY without data', c.query, ok('')),
      ];
    },
  }),
  defineCase({
    id: 'VER-110',
    title: 'tries of one code are not those of another',
    commands: ['VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const other = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (other === null) return 'the other code is not declared';
      return [
        c.directory.select,
        wrong(c, c.tries - 1),
        send('query of the other code', other.query, refused(tries(other.tries))),
      ];
    },
  }),
  defineCase({
    id: 'VER-111',
    title: 'presented, a code opens what it guards, and what it guards closes with a reset',
    commands: ['VERIFY', 'UPDATE BINARY'],
    statusWords: ['6982'],
    destructive: true,
    needs: { g: GUARDED },
    steps: ({ g }) => [
      g.file.select,
      send('UPDATE BINARY before', '00D6000001AA', refused('6982')),
      right(g.code),
      send('UPDATE BINARY after', '00D6000001AA', ok('')),
      { kind: 'power', mode: 'warm' },
      g.file.select,
      send('UPDATE BINARY after the reset', '00D6000001BB', refused('6982')),
    ],
  }),
  defineCase({
    id: 'VER-112',
    title: 'a wrong code opens nothing',
    commands: ['VERIFY', 'UPDATE BINARY'],
    statusWords: ['6982'],
    destructive: true,
    needs: { g: GUARDED },
    steps: ({ g }) => [
      g.file.select,
      wrong(g.code, g.code.tries - 1),
      send('UPDATE BINARY', '00D6000001AA', refused('6982')),
    ],
  }),
  defineCase({
    id: 'VER-121',
    title: 'VERIFY 21 with bytes that are no data object',
    commands: ['VERIFY (odd INS)'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('VERIFY 21', `002100${c.reference}025F2E`, refused('6A80|6A85|6700|6A86|6A88|6A81')),
      send('no try was spent', c.query, refused(tries(c.tries))),
    ],
  }),
];

/** Whether one of two DFs is the other, or in it. */
function isWithin(a: LocatedDirectory, b: LocatedDirectory): boolean {
  if (a.declaration === b.declaration) return true;
  const climbs = (from: LocatedDirectory, to: LocatedDirectory): boolean =>
    from.parent !== null && (from.parent.declaration === to.declaration || climbs(from.parent, to));
  return climbs(a, b) || climbs(b, a);
}

export const VERIFY_CASES: readonly ConformanceCase[] = [...BOTH, ...VERIFY];
