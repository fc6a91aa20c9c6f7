import type { Structure } from '../../declaration.ts';
import { defineCase, given, ok, refused, SELECTED, send, sweep, tlv } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase, Expectation } from '../../model.ts';
import { file, IDENTIFIERS, T1_RULES as T1 } from '../../needs.ts';

const COMMAND = 'READ RECORD';
const STRUCTURES: readonly (readonly [letter: string, structure: Structure])[] = [
  ['F', 'linear-fixed'],
  ['V', 'linear-variable'],
  ['C', 'cyclic'],
];

/** b3b2b1 of P2. */
const MODE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3, NUMBER: 4, FROM: 5, UP_TO: 6 } as const;

const wish = (structure: Structure) => file({ structure, access: { read: 'free' }, records: 3 });
const withSfi = (structure: Structure) => file({ structure, access: { read: 'free' }, records: 3, sfi: true });

const read = (p1: number, p2: string, le = '00'): string => `00B2${hex(p1)}${p2}${le}`;

/** Makes record `number` the current one, by walking there. */
function walkTo(f: LocatedFile, number: number): readonly CommandStep[] {
  return Array.from({ length: number }, (_, i) =>
    given(`READ RECORD next: ${i + 1} is current`, read(0, f.p2(MODE.NEXT, false)), '9000'),
  );
}

interface Reference {
  readonly id: string;
  readonly words: string;
  readonly mode: number;
  readonly p1: (f: LocatedFile) => number;
  /** Numbers of the records that come, with a current record or 0 for none; null for 6A83. */
  readonly finds: (f: LocatedFile, current: number) => readonly number[] | null;
}

const from = (a: number, b: number): number[] => Array.from({ length: b - a + 1 }, (_, i) => a + i);

/** The table of record references of ISO/IEC 7816-4: what P1 and b3b2b1 of P2 mean, with and without a current record. */
const REFERENCES: readonly Reference[] = [
  { id: '0', words: 'first', mode: MODE.FIRST, p1: () => 0, finds: () => [1] },
  { id: '1', words: 'last', mode: MODE.LAST, p1: () => 0, finds: (f) => [f.count] },
  { id: '2', words: 'next', mode: MODE.NEXT, p1: () => 0, finds: (_, current) => [current + 1] },
  {
    id: '3',
    words: 'previous',
    mode: MODE.PREVIOUS,
    p1: () => 0,
    finds: (f, current) => [current === 0 ? f.count : current - 1],
  },
  { id: '4', words: 'number 3', mode: MODE.NUMBER, p1: () => 3, finds: () => [3] },
  { id: '4L', words: 'the last number', mode: MODE.NUMBER, p1: (f) => f.count, finds: (f) => [f.count] },
  {
    id: '4C',
    words: 'the current record',
    mode: MODE.NUMBER,
    p1: () => 0,
    finds: (_, current) => (current === 0 ? null : [current]),
  },
  { id: '5', words: 'all from number 2 to the last', mode: MODE.FROM, p1: () => 2, finds: (f) => from(2, f.count) },
  {
    id: '5C',
    words: 'all from the current to the last',
    mode: MODE.FROM,
    p1: () => 0,
    finds: (f, current) => (current === 0 ? null : from(current, f.count)),
  },
  {
    id: '6',
    words: 'all from the last up to number 2',
    mode: MODE.UP_TO,
    p1: () => 2,
    finds: (f) => from(2, f.count).reverse(),
  },
  {
    id: '6C',
    words: 'all from the last up to the current',
    mode: MODE.UP_TO,
    p1: () => 0,
    finds: (f, current) => (current === 0 ? null : from(current, f.count).reverse()),
  },
];

function expectation(f: LocatedFile, numbers: readonly number[] | null): Expectation | string {
  if (numbers === null) return refused('6A83');
  const data = numbers.map((number) => f.record(number)).join('');
  return data.length > 512 ? 'the records together are longer than a short response' : ok(data);
}

const BY_REFERENCE: readonly ConformanceCase[] = STRUCTURES.flatMap(([letter, structure]) =>
  REFERENCES.flatMap((reference) =>
    [0, 2].map((current) =>
      defineCase({
        id: `RRE-${letter}${reference.id}-${current === 0 ? 'N' : 'C'}`,
        title: `READ RECORD ${reference.words} of a ${structure} EF, ${current === 0 ? 'no record current' : 'record 2 current'}`,
        commands: [COMMAND],
        ...(reference.finds.length > 1 && current === 0 && reference.id.endsWith('C') ? { statusWords: ['6A83'] } : {}),
        needs: { f: wish(structure) },
        steps: ({ f }) => {
          const expect = expectation(f, reference.finds(f, current));
          if (typeof expect === 'string') return expect;
          return [
            f.select,
            walkTo(f, current),
            send(`READ RECORD ${reference.words}`, read(reference.p1(f), f.p2(reference.mode, false)), expect),
          ];
        },
      }),
    ),
  ),
);

/** First, last, next and previous among the records of one identifier. */
const BY_IDENTIFIER: readonly ConformanceCase[] = STRUCTURES.flatMap(([letter, structure]) => {
  const needs = { f: wish(structure), identifiers: IDENTIFIERS };
  const numbers = (f: LocatedFile, identifier: string): number[] =>
    from(1, f.count).filter((each) => f.identifier(each) === identifier);
  /** An identifier that several records have, or at least one; P1 00 means any and FF none. */
  const often = (f: LocatedFile): string | undefined =>
    from(1, f.count)
      .map((each) => f.identifier(each))
      .filter((identifier) => identifier !== '00' && identifier !== 'FF')
      .sort((a, b) => numbers(f, b).length - numbers(f, a).length)[0];
  const one = (
    id: string,
    words: string,
    mode: number,
    current: number,
    find: (all: readonly number[]) => number | undefined,
  ): ConformanceCase =>
    defineCase({
      id: `RRI-${letter}${id}`,
      title: `READ RECORD ${words} with an identifier, ${structure} EF`,
      commands: [COMMAND],
      needs,
      steps: ({ f }) => {
        const identifier = often(f);
        if (identifier === undefined) return 'no record has an identifier that P1 can name';
        const number = find(numbers(f, identifier));
        return [
          f.select,
          walkTo(f, current),
          send(
            `READ RECORD ${words} ${identifier}`,
            read(Number.parseInt(identifier, 16), f.p2(mode, false)),
            number === undefined ? refused('6A83') : ok(f.record(number)),
          ),
        ];
      },
    });
  return [
    one('0', 'first', MODE.FIRST, 0, (all) => all[0]),
    one('1', 'last', MODE.LAST, 0, (all) => all.at(-1)),
    one('2', 'next, no record current,', MODE.NEXT, 0, (all) => all[0]),
    one('3', 'previous, no record current,', MODE.PREVIOUS, 0, (all) => all.at(-1)),
    one('4', 'next after record 1', MODE.NEXT, 1, (all) => all.find((number) => number > 1)),
    one('5', 'previous before record 3', MODE.PREVIOUS, 3, (all) => all.filter((number) => number < 3).at(-1)),
    defineCase({
      id: `RRI-${letter}6`,
      title: `READ RECORD by an identifier that no record has, ${structure} EF`,
      commands: [COMMAND],
      statusWords: ['6A83'],
      needs,
      steps: ({ f }) => {
        const taken = from(1, f.count).map((each) => f.identifier(each));
        const free = ['7E', '5D', '3C'].find((each) => !taken.includes(each)) as string;
        return [
          f.select,
          ...[MODE.FIRST, MODE.LAST, MODE.NEXT, MODE.PREVIOUS].map((mode) =>
            send(`READ RECORD, mode ${mode}`, read(Number.parseInt(free, 16), f.p2(mode, false)), refused('6A83')),
          ),
        ];
      },
    }),
  ];
});

/** The record pointer, and what moves it. */
const POINTER: readonly ConformanceCase[] = STRUCTURES.flatMap(([letter, structure]) => {
  const one = (
    id: string,
    title: string,
    steps: (f: LocatedFile) => readonly (CommandStep | readonly CommandStep[])[],
  ): ConformanceCase =>
    defineCase({
      id: `RRP-${letter}${id}`,
      title: `${structure} EF: ${title}`,
      commands: [COMMAND],
      needs: { f: withSfi(structure) },
      steps: ({ f }) => steps(f),
    });
  const next = (f: LocatedFile, number: number): CommandStep =>
    send(`READ RECORD next is ${number}`, read(0, f.p2(MODE.NEXT, false)), ok(f.record(number)));
  return [
    one('1', 'next goes through all the records, and then finds no more', (f) => [
      f.select,
      from(1, f.count).map((number) => next(f, number)),
      send('READ RECORD next, once too often', read(0, f.p2(MODE.NEXT, false)), refused('6A83')),
    ]),
    one('2', 'previous goes through all the records from the last one, and then finds no more', (f) => [
      f.select,
      from(1, f.count)
        .reverse()
        .map((number) =>
          send(`READ RECORD previous is ${number}`, read(0, f.p2(MODE.PREVIOUS, false)), ok(f.record(number))),
        ),
      send('READ RECORD previous, once too often', read(0, f.p2(MODE.PREVIOUS, false)), refused('6A83')),
    ]),
    one('3', 'reading by number moves no pointer', (f) => [
      f.select,
      next(f, 1),
      send('READ RECORD number 3', read(3, f.p2(MODE.NUMBER, false)), ok(f.record(3))),
      next(f, 2),
    ]),
    one('4', 'a search that finds nothing moves no pointer', (f) => [
      f.select,
      send('READ RECORD last', read(0, f.p2(MODE.LAST, false)), ok(f.record(f.count))),
      send('READ RECORD next finds no more', read(0, f.p2(MODE.NEXT, false)), refused('6A83')),
      send(
        'READ RECORD previous is the one before the last',
        read(0, f.p2(MODE.PREVIOUS, false)),
        ok(f.record(f.count - 1)),
      ),
    ]),
    one('5', 'selecting the EF again forgets the current record', (f) => [
      f.select,
      next(f, 1),
      next(f, 2),
      send('SELECT the EF again', f.selection, SELECTED),
      next(f, 1),
    ]),
    one('6', 'a short identifier forgets the current record', (f) => [
      f.select,
      next(f, 1),
      next(f, 2),
      send('READ RECORD 3 by short identifier', read(3, f.p2(MODE.NUMBER)), ok(f.record(3))),
      next(f, 1),
    ]),
    one('7', 'first by short identifier makes EF and record current', (f) => [
      f.reach,
      send('READ RECORD first by short identifier', read(0, f.p2(MODE.FIRST)), ok(f.record(1))),
      next(f, 2),
    ]),
  ];
});

const REST: readonly ConformanceCase[] = STRUCTURES.flatMap(([letter, structure]) => {
  const needs = { f: wish(structure) };
  return [
    defineCase({
      id: `RRX-${letter}1`,
      title: `READ RECORD of the number after the last, ${structure} EF`,
      commands: [COMMAND],
      statusWords: ['6A83'],
      needs,
      steps: ({ f }) => [f.select, send('READ RECORD', read(f.count + 1, f.p2(MODE.NUMBER, false)), refused('6A83'))],
    }),
    defineCase({
      id: `RRX-${letter}2`,
      title: `READ RECORD of number 254, ${structure} EF`,
      commands: [COMMAND],
      statusWords: ['6A83'],
      needs,
      steps: ({ f }) => [f.select, send('READ RECORD', read(0xfe, f.p2(MODE.NUMBER, false)), refused('6A83'))],
    }),
    defineCase({
      id: `RRX-${letter}3`,
      title: `READ RECORD with Le the length of the record, ${structure} EF`,
      commands: [COMMAND],
      needs,
      steps: ({ f }) => [
        f.select,
        send('READ RECORD 2', read(2, f.p2(MODE.NUMBER, false), hex(f.record(2).length / 2)), ok(f.record(2))),
      ],
    }),
    defineCase({
      id: `RRX-${letter}4`,
      title: `READ RECORD with an Le shorter than the record, ${structure} EF`,
      commands: [COMMAND],
      statusWords: ['6CXX'],
      needs: { ...needs, t1: T1 },
      steps: ({ f }) => {
        const length = f.record(1).length / 2;
        if (length < 2) return 'the record is of one byte';
        return [
          f.select,
          send('READ RECORD 1', read(1, f.p2(MODE.NUMBER, false), hex(length - 1)), {
            status: `6C${hex(length)}|61XX|9000|6700`,
            decided: `6C${hex(length)}`,
          }),
        ];
      },
    }),
    defineCase({
      id: `RRX-${letter}5`,
      title: `READ RECORD with an Le longer than the record, ${structure} EF`,
      commands: [COMMAND],
      statusWords: ['6282'],
      needs: { ...needs, t1: T1 },
      steps: ({ f }) => [
        f.select,
        send('READ RECORD 1', read(1, f.p2(MODE.NUMBER, false), hex(f.record(1).length / 2 + 1)), {
          status: `6282|6C${hex(f.record(1).length / 2)}|9000|6700`,
          decided: '6282',
        }),
      ],
    }),
    defineCase({
      id: `RRX-${letter}6`,
      title: `READ RECORD by short identifier, ${structure} EF`,
      commands: [COMMAND],
      needs: { f: withSfi(structure) },
      steps: ({ f }) => [f.reach, send('READ RECORD 2', read(2, f.p2(MODE.NUMBER)), ok(f.record(2)))],
    }),
    defineCase({
      id: `RRX-${letter}7`,
      title: `every P1-P2 of READ RECORD gets data or a refusal that the standard has, ${structure} EF`,
      commands: [COMMAND],
      needs,
      steps: ({ f }) => [
        f.select,
        sweep(
          'READ RECORD under each P1-P2',
          '00B2{value}00',
          Array.from({ length: 0x10000 }, (_, i) => hex16(i)),
          {
            status: '9000|6282|61XX|6981|6982|6985|6A81|6A82|6A83|6A86|6B00',
          },
        ),
        send('the EF can be selected as before', f.selection, SELECTED),
        send('and read as before', read(1, f.p2(MODE.NUMBER, false)), ok(f.record(1))),
      ],
    }),
    defineCase({
      id: `RRO-${letter}1`,
      title: `READ RECORD B3: a part of a record, ${structure} EF`,
      commands: ['READ RECORD (odd INS)'],
      needs,
      steps: ({ f }) => {
        const part = f.record(2).slice(2, 6);
        if (part === '') return 'the record is of one byte';
        const object = tlv('53', part);
        return [
          f.select,
          send(
            'READ RECORD B3 from byte 1',
            `00B302${f.p2(MODE.NUMBER, false)}03540101${hex(object.length / 2)}`,
            ok(object),
          ),
        ];
      },
    }),
    defineCase({
      id: `RRO-${letter}2`,
      title: `READ RECORD B3: the rest of a record with Le 00, ${structure} EF`,
      commands: ['READ RECORD (odd INS)'],
      needs,
      steps: ({ f }) => {
        if (f.record(1).length <= 2) return 'the record is of one byte';
        return [
          f.select,
          send('READ RECORD B3 from byte 1', `00B301${f.p2(MODE.NUMBER, false)}0354010100`, {
            status: '9000|6282',
            decided: '9000',
            objects: { 53: f.record(1).slice(2) },
          }),
        ];
      },
    }),
    ...[MODE.FIRST, MODE.LAST, MODE.NEXT, MODE.PREVIOUS].map((mode) =>
      defineCase({
        id: `RRO-${letter}4${mode}`,
        title: `READ RECORD B3 in mode ${mode}, any identifier, ${structure} EF`,
        commands: ['READ RECORD (odd INS)'],
        needs,
        steps: ({ f }) => {
          const number = mode === MODE.FIRST || mode === MODE.NEXT ? 1 : f.count;
          const object = tlv('53', f.record(number));
          if (object.length > 510) return 'the record is longer than a short response';
          return [
            f.select,
            send('READ RECORD B3', `00B300${f.p2(mode, false)}03540100${hex(object.length / 2)}`, ok(object)),
          ];
        },
      }),
    ),
    defineCase({
      id: `RRO-${letter}3`,
      title: `READ RECORD B3 from outside the record, ${structure} EF`,
      commands: ['READ RECORD (odd INS)'],
      statusWords: ['6B00'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('READ RECORD B3', `00B301${f.p2(MODE.NUMBER, false)}0354017F00`, refused('6B00|6A80|6A84|6282', '6B00')),
      ],
    }),
  ];
});

const PARAMETERS: readonly ConformanceCase[] = [
  defineCase({
    id: 'RRX-001',
    title: 'READ RECORD with P2 b3b2b1 111 means nothing',
    commands: [COMMAND],
    statusWords: ['6A86'],
    needs: { f: wish('linear-fixed') },
    steps: ({ f }) => [f.select, send('READ RECORD', read(1, f.p2(7, false)), refused('6A86|6A81|6B00', '6A86'))],
  }),
  defineCase({
    id: 'RRX-002',
    title: 'READ RECORD with P1 FF means nothing',
    commands: [COMMAND],
    statusWords: ['6A86'],
    needs: { f: wish('linear-fixed') },
    steps: ({ f }) => [
      f.select,
      send('READ RECORD', read(0xff, f.p2(MODE.NUMBER, false)), refused('6A86|6A83|6B00', '6A86')),
    ],
  }),
  defineCase({
    id: 'RRX-003',
    title: 'READ RECORD by short identifier 31, which is none',
    commands: [COMMAND],
    needs: { f: wish('linear-fixed') },
    steps: ({ f }) => [f.select, send('READ RECORD', read(1, 'FC'), refused('6A86|6A82', '6A86'))],
  }),
  defineCase({
    id: 'RRX-004',
    title: 'READ RECORD with a data field has a wrong length',
    commands: [COMMAND],
    statusWords: ['6700'],
    needs: { f: wish('linear-fixed') },
    steps: ({ f }) => [
      f.select,
      send('READ RECORD, case 4', `00B201${f.p2(4, false)}01AA00`, refused('6700|6A80|6A86|6A87', '6700')),
    ],
  }),
  defineCase({
    id: 'RRX-005',
    title: 'in a cyclic EF record 1 is the newest: its records come in the order declared',
    commands: [COMMAND],
    needs: { f: wish('cyclic') },
    steps: ({ f }) => [
      f.select,
      from(1, f.count).map((number) =>
        send(`READ RECORD ${number}`, read(number, f.p2(MODE.NUMBER, false)), ok(f.record(number))),
      ),
    ],
  }),
];

export const READ_RECORD_CASES: readonly ConformanceCase[] = [
  ...BY_REFERENCE,
  ...BY_IDENTIFIER,
  ...POINTER,
  ...REST,
  ...PARAMETERS,
];
