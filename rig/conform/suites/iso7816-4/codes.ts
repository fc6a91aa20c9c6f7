import { bytesFrom, defineCase, field, given, ok, refused, send, sweep } from '../../define.ts';
import { directoriesOf, type LocatedCode } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { CHAINING, code, codeOf, guarded, trait } from '../../needs.ts';

const LOCAL = code({ cardWide: false, tries: 2 });
const CARD_WIDE = code({ cardWide: true, tries: 2 });
const UNBLOCKED = code({ unblocked: true, tries: 2 });
const OWN = trait("Vitap's decisions", (card) => card.decisions === 'vitap');
const GUARDED = guarded('update', { structure: 'transparent', bytes: 4 });

const tries = (n: number): string => `63C${n.toString(16).toUpperCase()}`;
const right = (c: LocatedCode): CommandStep => send('VERIFY the right code', c.verify(c.right), ok(''));
const wrong = (c: LocatedCode, left: number): CommandStep =>
  send(`VERIFY a wrong code: ${left} left`, c.verify(c.wrong), refused(tries(left)));

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
      const ef = c.directory.files.find((each) => each.lifeCycle === 'activated');
      if (ef === undefined) return 'the DF is declared without an EF';
      return [
        c.directory.select,
        right(c),
        send('SELECT an EF', ef.selection, ok('')),
        send('VERIFY without data', c.query, ok('')),
      ];
    }),
    one(
      '15',
      'VERIFY with Le has a wrong length',
      (c) => [c.directory.select, send('VERIFY, case 4', `${c.verify(c.right)}00`, refused('6700|9000|6A86', '6700'))],
      { statusWords: ['6700'] },
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
      const other = directoriesOf(card).find((each) => each.name !== '' && each.name !== c.directory.name);
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

/** Another code of the same length than the one that it has. */
function newCode(c: LocatedCode): string {
  return `39${c.right.slice(2)}` === c.right ? `38${c.right.slice(2)}` : `39${c.right.slice(2)}`;
}

const change = (c: LocatedCode, p1: string, data: string): string => `0024${p1}${c.reference}${field(data)}`;

const CHANGE: readonly ConformanceCase[] = [
  ...(
    [
      ['A', LOCAL, 'a code of an application'],
      ['K', CARD_WIDE, 'a code of the whole card'],
    ] as const
  ).flatMap(([letter, need, words]) => [
    defineCase({
      id: `CHG-${letter}1`,
      title: `${words}: CHANGE REFERENCE DATA with old and new: the new one counts, the old one no more`,
      commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
      destructive: true,
      needs: { c: need },
      steps: ({ c }) => [
        c.directory.select,
        send('CHANGE REFERENCE DATA', change(c, '00', c.right + newCode(c)), ok('')),
        { kind: 'power', mode: 'cold' },
        c.directory.select,
        send('VERIFY the old code', c.verify(c.right), refused(tries(c.tries - 1))),
        send('VERIFY the new code', c.verify(newCode(c)), ok('')),
      ],
    }),
    defineCase({
      id: `CHG-${letter}2`,
      title: `${words}: CHANGE REFERENCE DATA with a wrong old code costs a try and changes nothing`,
      commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
      statusWords: ['63CX'],
      destructive: true,
      needs: { c: need },
      steps: ({ c }) => [
        c.directory.select,
        send('CHANGE REFERENCE DATA', change(c, '00', c.wrong + newCode(c)), refused(tries(c.tries - 1))),
        send('VERIFY the code that it had', c.verify(c.right), ok('')),
      ],
    }),
    defineCase({
      id: `CHG-${letter}3`,
      title: `${words}: CHANGE REFERENCE DATA of a blocked code is refused`,
      commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
      statusWords: ['6983'],
      destructive: true,
      needs: { c: need },
      steps: ({ c }) => [
        c.directory.select,
        Array.from({ length: c.tries }, (_, i) => given(`VERIFY a wrong code, ${i + 1}`, c.verify(c.wrong), '63CX')),
        send('CHANGE REFERENCE DATA', change(c, '00', c.right + newCode(c)), refused('6983')),
      ],
    }),
  ]),
  defineCase({
    id: 'CHG-011',
    title: 'CHANGE REFERENCE DATA without a new code has a wrong length',
    commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
    destructive: true,
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('CHANGE REFERENCE DATA with one code alone', change(c, '00', c.right), refused('6700|6A80|6A87')),
      send('VERIFY the code that it had', c.verify(c.right), ok('')),
    ],
  }),
  defineCase({
    id: 'CHG-012',
    title: 'CHANGE REFERENCE DATA of a reference that no code has',
    commands: ['CHANGE REFERENCE DATA'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('CHANGE REFERENCE DATA 9E', '0024009E083132333435363738', refused('6A88|6A86', '6A88')),
    ],
  }),
  defineCase({
    id: 'CHG-013',
    title: 'CHANGE REFERENCE DATA with a P1 that means nothing',
    commands: ['CHANGE REFERENCE DATA'],
    statusWords: ['6A86'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      sweep(
        'CHANGE REFERENCE DATA',
        `0024{value}${c.reference}083132333435363738`,
        bytesFrom(0x02, 0xff),
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'CHG-014',
    title: 'CHANGE REFERENCE DATA with the new code alone needs more than nothing',
    commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
    destructive: true,
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send(
        'CHANGE REFERENCE DATA, P1 01, nothing presented',
        change(c, '01', newCode(c)),
        refused('6982|6985|6A86|6A81|6983'),
      ),
      send('VERIFY the code that it had', c.verify(c.right), ok('')),
    ],
  }),
];

const block = (c: LocatedCode): readonly CommandStep[] =>
  Array.from({ length: c.tries }, (_, i) => given(`VERIFY a wrong code, ${i + 1}`, c.verify(c.wrong), '63CX'));
const reset = (c: LocatedCode, p1: string, data: string): string => `002C${p1}${c.reference}${field(data)}`;

const RESET_RETRY: readonly ConformanceCase[] = [
  defineCase({
    id: 'RRC-001',
    title: 'RESET RETRY COUNTER with the unblocking code alone: the code counts again',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        block(c),
        send('RESET RETRY COUNTER, P1 01', reset(c, '01', puk.right), ok('')),
        send('VERIFY without data: all tries are back', c.query, refused(tries(c.tries))),
        send('VERIFY the right code', c.verify(c.right), ok('')),
      ];
    },
  }),
  defineCase({
    id: 'RRC-002',
    title: 'RESET RETRY COUNTER with unblocking code and new code',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        block(c),
        send('RESET RETRY COUNTER, P1 00', reset(c, '00', puk.right + newCode(c)), ok('')),
        send('VERIFY the new code', c.verify(newCode(c)), ok('')),
        { kind: 'power', mode: 'cold' },
        c.directory.select,
        send('VERIFY the old code', c.verify(c.right), refused(tries(c.tries - 1))),
      ];
    },
  }),
  defineCase({
    id: 'RRC-003',
    title: 'RESET RETRY COUNTER with a wrong unblocking code costs that one a try and unblocks nothing',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    statusWords: ['63CX', '6983'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        block(c),
        send(
          'RESET RETRY COUNTER',
          reset(c, '01', puk.wrong),
          refused(`${tries(puk.tries - 1)}|6982`, tries(puk.tries - 1)),
        ),
        send('VERIFY the right code', c.verify(c.right), refused('6983')),
      ];
    },
  }),
  defineCase({
    id: 'RRC-004',
    title: 'RESET RETRY COUNTER does not count as presenting the code',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        given('RESET RETRY COUNTER, P1 01', reset(c, '01', puk.right)),
        send('VERIFY without data', c.query, refused(tries(c.tries))),
      ];
    },
  }),
  defineCase({
    id: 'RRC-008',
    title: 'RESET RETRY COUNTER with a new code, after the unblocking code was verified',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        block(c),
        send('RESET RETRY COUNTER, P1 02, nothing verified', reset(c, '02', newCode(c)), refused('6982|6985', '6982')),
        given('VERIFY the unblocking code', puk.verify(puk.right)),
        send('RESET RETRY COUNTER, P1 02', reset(c, '02', newCode(c)), ok('')),
        send('VERIFY the new code', c.verify(newCode(c)), ok('')),
      ];
    },
  }),
  defineCase({
    id: 'RRC-009',
    title: 'RESET RETRY COUNTER without data, after the unblocking code was verified',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED, card: OWN },
    steps: ({ c, card }) => {
      const puk = codeOf(card, c.directory, c.declaration.unblockedBy as number);
      if (puk === null) return 'the unblocking code is not declared';
      return [
        c.directory.select,
        block(c),
        given('VERIFY the unblocking code', puk.verify(puk.right)),
        send('RESET RETRY COUNTER, P1 03', `002C03${c.reference}`, ok('')),
        send('VERIFY the right code', c.verify(c.right), ok('')),
      ];
    },
  }),
  defineCase({
    id: 'RRC-005',
    title: 'RESET RETRY COUNTER with nothing at all is refused',
    commands: ['RESET RETRY COUNTER', 'VERIFY'],
    destructive: true,
    needs: { c: UNBLOCKED },
    steps: ({ c }) => [
      c.directory.select,
      block(c),
      send('RESET RETRY COUNTER, P1 03', `002C03${c.reference}`, refused('6982|6985|6A86|6A81|6700')),
      send('VERIFY the right code', c.verify(c.right), refused('6983')),
    ],
  }),
  defineCase({
    id: 'RRC-006',
    title: 'RESET RETRY COUNTER of a reference that no code has',
    commands: ['RESET RETRY COUNTER'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('RESET RETRY COUNTER 9E', '002C019E083132333435363738', refused('6A88|6A86', '6A88')),
    ],
  }),
  defineCase({
    id: 'RRC-007',
    title: 'RESET RETRY COUNTER with a P1 that means nothing',
    commands: ['RESET RETRY COUNTER'],
    statusWords: ['6A86'],
    needs: { c: UNBLOCKED },
    steps: ({ c }) => [
      c.directory.select,
      sweep(
        'RESET RETRY COUNTER',
        `002C{value}${c.reference}083132333435363738`,
        bytesFrom(0x04, 0xff),
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
];

const REQUIREMENT: readonly ConformanceCase[] = [
  defineCase({
    id: 'EVR-001',
    title: 'DISABLE VERIFICATION REQUIREMENT with a wrong code costs a try and disables nothing',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'UPDATE BINARY'],
    statusWords: ['63CX'],
    destructive: true,
    needs: { g: GUARDED },
    steps: ({ g }) => [
      g.file.select,
      send(
        'DISABLE VERIFICATION REQUIREMENT',
        `002600${g.code.reference}${field(g.code.wrong)}`,
        refused(tries(g.code.tries - 1)),
      ),
      send('UPDATE BINARY', '00D6000001AA', refused('6982')),
    ],
  }),
  defineCase({
    id: 'EVR-002',
    title: 'disabled, a code is required no more; enabled, it is required again',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'ENABLE VERIFICATION REQUIREMENT', 'UPDATE BINARY'],
    statusWords: ['6982'],
    destructive: true,
    needs: { g: GUARDED },
    steps: ({ g }) => [
      g.file.select,
      send('DISABLE VERIFICATION REQUIREMENT', `002600${g.code.reference}${field(g.code.right)}`, ok('')),
      { kind: 'power', mode: 'cold' },
      g.file.select,
      send('UPDATE BINARY, nothing presented', '00D6000001AA', ok('')),
      send('ENABLE VERIFICATION REQUIREMENT', `002800${g.code.reference}${field(g.code.right)}`, ok('')),
      { kind: 'power', mode: 'cold' },
      g.file.select,
      send('UPDATE BINARY, nothing presented', '00D6000001BB', refused('6982')),
    ],
  }),
  defineCase({
    id: 'EVR-003',
    title: 'ENABLE VERIFICATION REQUIREMENT of a reference that no code has',
    commands: ['ENABLE VERIFICATION REQUIREMENT'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('ENABLE VERIFICATION REQUIREMENT 9E', '0028009E0431323334', refused('6A88|6A86', '6A88')),
    ],
  }),
  defineCase({
    id: 'EVR-004',
    title: 'DISABLE VERIFICATION REQUIREMENT of a reference that no code has',
    commands: ['DISABLE VERIFICATION REQUIREMENT'],
    statusWords: ['6A88'],
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      send('DISABLE VERIFICATION REQUIREMENT 9E', '0026009E0431323334', refused('6A88|6A86', '6A88')),
    ],
  }),
  ...(['26', '28'] as const).map((ins, i) =>
    defineCase({
      id: `EVR-01${i + 1}`,
      title: `${ins === '26' ? 'DISABLE' : 'ENABLE'} VERIFICATION REQUIREMENT with a P1 that means nothing`,
      commands: [ins === '26' ? 'DISABLE VERIFICATION REQUIREMENT' : 'ENABLE VERIFICATION REQUIREMENT'],
      statusWords: ['6A86'],
      needs: { c: LOCAL },
      steps: ({ c }) => [
        c.directory.select,
        sweep(
          'the command',
          `00${ins}{value}${c.reference}${field(c.right)}`,
          bytesFrom(0x02, 0xff),
          refused('6A86|6A81|6B00', '6A86'),
        ),
      ],
    }),
  ),
  defineCase({
    id: 'EVR-006',
    title: 'DISABLE VERIFICATION REQUIREMENT without data needs the code verified before',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'UPDATE BINARY'],
    statusWords: ['6982'],
    destructive: true,
    needs: { g: GUARDED },
    steps: ({ g }) => [
      g.file.select,
      send('DISABLE, P1 01, nothing verified', `002601${g.code.reference}`, refused('6982|6985')),
      given('VERIFY', g.code.verify(g.code.right)),
      send('DISABLE, P1 01', `002601${g.code.reference}`, ok('')),
      { kind: 'power', mode: 'cold' },
      g.file.select,
      send('UPDATE BINARY, nothing presented', '00D6000001AA', ok('')),
      given('VERIFY', g.code.verify(g.code.right)),
      send('ENABLE, P1 01', `002801${g.code.reference}`, ok('')),
      { kind: 'power', mode: 'cold' },
      g.file.select,
      send('UPDATE BINARY, nothing presented', '00D6000001BB', refused('6982')),
    ],
  }),
  defineCase({
    id: 'EVR-005',
    title: 'DISABLE VERIFICATION REQUIREMENT of a blocked code is refused',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'VERIFY'],
    statusWords: ['6983'],
    destructive: true,
    needs: { c: LOCAL },
    steps: ({ c }) => [
      c.directory.select,
      block(c),
      send('DISABLE VERIFICATION REQUIREMENT', `002600${c.reference}${field(c.right)}`, refused('6983|6985')),
    ],
  }),
];

export const CODE_CASES: readonly ConformanceCase[] = [...BOTH, ...VERIFY, ...CHANGE, ...RESET_RETRY, ...REQUIREMENT];
