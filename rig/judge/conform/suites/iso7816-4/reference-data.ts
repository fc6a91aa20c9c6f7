import { bytesFrom, defineCase, field, given, ok, refused, send, sweep } from '../../define.ts';
import type { LocatedCode } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { codeOf, guarded, OWN_DECISIONS as OWN } from '../../needs.ts';
import { CARD_WIDE, LOCAL, tries, UNBLOCKED } from './presented-codes.ts';

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
        send('CHANGE REFERENCE DATA', change(c, '00', c.right + c.other), ok('')),
        { kind: 'power', mode: 'cold' },
        c.directory.select,
        send('VERIFY the old code', c.verify(c.right), refused(tries(c.tries - 1))),
        send('VERIFY the new code', c.verify(c.other), ok('')),
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
        send('CHANGE REFERENCE DATA', change(c, '00', c.wrong + c.other), refused(tries(c.tries - 1))),
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
        send('CHANGE REFERENCE DATA', change(c, '00', c.right + c.other), refused('6983')),
      ],
    }),
  ]),
  defineCase({
    id: 'CHG-011',
    title: 'CHANGE REFERENCE DATA without a new code has a wrong length',
    commands: ['CHANGE REFERENCE DATA', 'VERIFY'],
    destructive: true,
    needs: { c: LOCAL },
    steps: ({ c }) => {
      const { shortest } = c.declaration;
      if (shortest === null) return 'the lengths that the code can have are not known';
      if (c.length >= 2 * shortest) return 'one such block can be an old code and a new one';
      return [
        c.directory.select,
        send('CHANGE REFERENCE DATA with one code alone', change(c, '00', c.right), refused('6700|6A80|6A87')),
        send('VERIFY the code that it had', c.verify(c.right), ok('')),
      ];
    },
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
        change(c, '01', c.other),
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
        send('RESET RETRY COUNTER, P1 00', reset(c, '00', puk.right + c.other), ok('')),
        send('VERIFY the new code', c.verify(c.other), ok('')),
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
        send('RESET RETRY COUNTER, P1 02, nothing verified', reset(c, '02', c.other), refused('6982|6985', '6982')),
        given('VERIFY the unblocking code', puk.verify(puk.right)),
        send('RESET RETRY COUNTER, P1 02', reset(c, '02', c.other), ok('')),
        send('VERIFY the new code', c.verify(c.other), ok('')),
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

/** Files behind a code without which the card can be told to do, and behind one without which it cannot. */
const OPTIONAL = guarded('update', { structure: 'transparent', bytes: 4 }, true);
const REQUIRED = guarded('update', { structure: 'transparent', bytes: 4 }, false);

const REQUIREMENT: readonly ConformanceCase[] = [
  defineCase({
    id: 'EVR-001',
    title: 'DISABLE VERIFICATION REQUIREMENT with a wrong code costs a try and disables nothing',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'UPDATE BINARY'],
    statusWords: ['63CX'],
    destructive: true,
    needs: { g: OPTIONAL },
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
    needs: { g: OPTIONAL },
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
  ...(
    [
      ['1', '26'],
      ['2', '28'],
    ] as const
  ).map(([number, ins]) =>
    defineCase({
      id: `EVR-01${number}`,
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
    needs: { g: OPTIONAL },
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
    id: 'EVR-007',
    title: 'DISABLE VERIFICATION REQUIREMENT of a code that is not optional is refused, and the code stays required',
    commands: ['DISABLE VERIFICATION REQUIREMENT', 'UPDATE BINARY'],
    statusWords: ['6985'],
    destructive: true,
    needs: { g: REQUIRED },
    steps: ({ g }) => [
      g.file.select,
      send(
        'DISABLE VERIFICATION REQUIREMENT',
        `002600${g.code.reference}${field(g.code.right)}`,
        refused('6985|6982|6A81|6A86|6A88', '6985'),
      ),
      { kind: 'power', mode: 'cold' },
      g.file.select,
      send('UPDATE BINARY, nothing presented', '00D6000001AA', refused('6982')),
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

/** Changing codes, unblocking them, and doing without them. */
export const REFERENCE_DATA_CASES: readonly ConformanceCase[] = [...CHANGE, ...RESET_RETRY, ...REQUIREMENT];
