import type { Structure } from '../../declaration.ts';
import { defineCase, field, given, ok, refused, send, tlv } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { file, IDENTIFIERS, trait } from '../../needs.ts';
import { newRecord } from './prototypes.ts';

const MODE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3, NUMBER: 4, FROM: 5, UP_TO: 6 } as const;
const FREE = { read: 'free', update: 'free', append: 'free' } as const;
const LINEAR: readonly (readonly [letter: string, structure: Structure])[] = [
  ['F', 'linear-fixed'],
  ['V', 'linear-variable'],
];
const fixed = file({ structure: 'linear-fixed', access: FREE, records: 3, recordSize: 4 });
const variable = file({ structure: 'linear-variable', access: FREE, records: 3, recordSize: 4 });
const cyclic = file({ structure: 'cyclic', access: FREE, records: 3, recordSize: 4 });
/** WRITE RECORD makes a logical OR and what is erased is 00, as its data coding byte says. */
const OR = trait('a data coding byte that makes WRITE a logical OR', (card) => card.decisions === 'vitap');
/** Cases that count on the records that a file had at the start. */
const wish = (structure: Structure) => file({ structure, access: FREE, records: 3, recordSize: 4 });

const read = (number: number, f: LocatedFile): string => `00B2${hex(number)}${f.p2(MODE.NUMBER, false)}00`;
const update = (number: number, f: LocatedFile, data: string, mode: number = MODE.NUMBER): string =>
  `00DC${hex(number)}${f.p2(mode, false)}${field(data)}`;
const is = (words: string, number: number, f: LocatedFile, data: string): CommandStep =>
  send(words, read(number, f), ok(data));

/** Which record each mode of UPDATE RECORD changes, from record 2 as the current one. */
const MODES = [
  { id: '0', words: 'first', mode: MODE.FIRST, p1: 0, target: () => 1 },
  { id: '1', words: 'last', mode: MODE.LAST, p1: 0, target: (f: LocatedFile) => f.count },
  { id: '2', words: 'next', mode: MODE.NEXT, p1: 0, target: () => 3 },
  { id: '3', words: 'previous', mode: MODE.PREVIOUS, p1: 0, target: () => 1 },
  { id: '4', words: 'number 3', mode: MODE.NUMBER, p1: 3, target: () => 3 },
  { id: '5', words: 'the current record', mode: MODE.NUMBER, p1: 0, target: () => 2 },
] as const;

/** Makes record 2 the current one. */
const toSecond = (f: LocatedFile): readonly CommandStep[] => [
  ...f.select,
  ...[1, 2].map((number) => given(`READ RECORD next: ${number} is current`, `00B200${f.p2(MODE.NEXT, false)}00`)),
];

const UPDATE: readonly ConformanceCase[] = LINEAR.flatMap(([letter, structure]) => [
  ...MODES.map(({ id, words, mode, p1, target }) =>
    defineCase({
      id: `URE-${letter}${id}`,
      title: `UPDATE RECORD ${words} of a ${structure} EF, record 2 current`,
      commands: ['UPDATE RECORD'],
      destructive: true,
      needs: { f: wish(structure) },
      steps: ({ f }) => {
        const number = target(f);
        const others = [1, 2, 3].filter((each) => each !== number);
        return [
          toSecond(f),
          send('UPDATE RECORD', update(p1, f, newRecord(f, '5C'), mode), ok('')),
          is('READ RECORD: it is the new one', number, f, newRecord(f, '5C')),
          ...others.map((each) => is(`record ${each} is as it was`, each, f, f.record(each))),
        ];
      },
    }),
  ),
  defineCase({
    id: `URE-${letter}6`,
    title: `UPDATE RECORD of a number that is not there, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    statusWords: ['6A83'],
    needs: { f: wish(structure) },
    steps: ({ f }) => [f.select, send('UPDATE RECORD 254', update(254, f, newRecord(f)), refused('6A83'))],
  }),
  defineCase({
    id: `URE-${letter}7`,
    title: `UPDATE RECORD of the current record where none is, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    statusWords: ['6A83'],
    needs: { f: wish(structure) },
    steps: ({ f }) => [f.select, send('UPDATE RECORD 00', update(0, f, newRecord(f)), refused('6A83|6985', '6A83'))],
  }),
  defineCase({
    id: `URE-${letter}8`,
    title: `UPDATE RECORD with more than a record holds changes nothing, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: wish(structure) },
    steps: ({ f }) => {
      if (f.recordSize > 254) return 'its records are too long for a short command';
      return [
        f.select,
        send(
          'UPDATE RECORD 1, one byte too long',
          update(1, f, 'DD'.repeat(f.recordSize + 1)),
          refused('6700|6A80|6A84|6A87|6A85'),
        ),
        is('record 1 is as it was', 1, f, f.record(1)),
      ];
    },
  }),
  defineCase({
    id: `URE-${letter}9`,
    title: `UPDATE RECORD by short identifier, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: file({ structure, access: FREE, records: 3, recordSize: 4, sfi: true }) },
    steps: ({ f }) => [
      f.reach,
      send('UPDATE RECORD 2', `00DC02${f.p2(MODE.NUMBER)}${field(newRecord(f, '6D'))}`, ok('')),
      is('READ RECORD 2 of the EF that is current now', 2, f, newRecord(f, '6D')),
    ],
  }),
  defineCase({
    id: `URE-${letter}A`,
    title: `UPDATE RECORD survives the power going off, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: wish(structure) },
    steps: ({ f }) => [
      f.select,
      send('UPDATE RECORD 1', update(1, f, newRecord(f, '7E')), ok('')),
      { kind: 'power', mode: 'cold' },
      f.select,
      is('READ RECORD 1', 1, f, newRecord(f, '7E')),
    ],
  }),
  defineCase({
    id: `URE-${letter}B`,
    title: `UPDATE RECORD without data has a wrong length, ${structure} EF`,
    commands: ['UPDATE RECORD'],
    statusWords: ['6700'],
    needs: { f: wish(structure) },
    steps: ({ f }) => [f.select, send('UPDATE RECORD 1', update(1, f, ''), refused('6700|6A80|6A87', '6700'))],
  }),
]);

const UPDATE_SIZES: readonly ConformanceCase[] = [
  defineCase({
    id: 'URE-F-C',
    title: 'UPDATE RECORD with less than a record of fixed length changes nothing',
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE RECORD 1, one byte too short',
        update(1, f, 'DD'.repeat(f.recordSize - 1)),
        refused('6700|6A80|6A87|6A85'),
      ),
      is('record 1 is as it was', 1, f, f.record(1)),
    ],
  }),
  defineCase({
    id: 'URE-V-C',
    title: 'a record of variable length takes the length of what it is updated with',
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: variable },
    steps: ({ f }) => {
      const longest = Math.min(f.recordSize, 255);
      return [
        f.select,
        send('UPDATE RECORD 2 with the longest', update(2, f, '9A'.repeat(longest)), ok('')),
        is('READ RECORD 2', 2, f, '9A'.repeat(longest)),
        send('UPDATE RECORD 2 with one byte', update(2, f, '9B'), ok('')),
        is('READ RECORD 2', 2, f, '9B'),
        is('record 3 is as it was', 3, f, f.record(3)),
      ];
    },
  }),
  defineCase({
    id: 'URE-C-1',
    title: 'UPDATE RECORD previous on a cyclic EF makes a new record 1',
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: cyclic },
    steps: ({ f }) => [
      f.select,
      send('UPDATE RECORD previous', update(0, f, newRecord(f, 'C9'), MODE.PREVIOUS), ok('')),
      is('record 1 is the new one', 1, f, newRecord(f, 'C9')),
      is('record 2 is what record 1 was', 2, f, f.record(1)),
    ],
  }),
  defineCase({
    id: 'URE-C-2',
    title: 'UPDATE RECORD previous on a full cyclic EF overwrites the oldest',
    commands: ['UPDATE RECORD'],
    destructive: true,
    needs: { f: cyclic },
    steps: ({ f }) => [
      f.select,
      Array.from({ length: f.capacity }, (_, i) =>
        send(`UPDATE RECORD previous, ${i + 1}`, update(0, f, newRecord(f, hex(i + 1)), MODE.PREVIOUS), ok('')),
      ),
      is('record 1 is the last one written', 1, f, newRecord(f, hex(f.capacity))),
      is('the last record is the first one written', f.capacity, f, newRecord(f, '01')),
      send('there are no more than the file has room for', read(f.capacity + 1, f), refused('6A83')),
    ],
  }),
];

/** b2b1 of P2 with b3 set: what is done with the bytes that are there. */
const PARTIAL: readonly ConformanceCase[] = (
  [
    ['0', 4, 'replace', '0F', 'F0', 'F0'],
    ['1', 5, 'AND', '3C', '0F', '0C'],
    ['2', 6, 'OR', '30', '0C', '3C'],
    ['3', 7, 'XOR', '3C', '0F', '33'],
  ] as const
).map(([id, mode, words, before, operand, after]) =>
  defineCase({
    id: `URO-${id}`,
    title: `UPDATE RECORD DD: ${words} a part of a record`,
    commands: ['UPDATE RECORD (odd INS)'],
    destructive: true,
    needs: { f: fixed },
    steps: ({ f }) => {
      const old = before.repeat(f.recordSize);
      return [
        f.select,
        given('UPDATE RECORD 2', update(2, f, old)),
        send(
          `UPDATE RECORD DD ${words} from byte 1`,
          `00DD02${f.p2(mode, false)}${field(tlv('54', '01') + tlv('53', operand + operand))}`,
          ok(''),
        ),
        is('READ RECORD 2', 2, f, before + after + after + before.repeat(f.recordSize - 3)),
      ];
    },
  }),
);

const PARTIAL_REST: readonly ConformanceCase[] = [
  defineCase({
    id: 'URO-4',
    title: 'UPDATE RECORD DD over the end of the record changes nothing',
    commands: ['UPDATE RECORD (odd INS)'],
    destructive: true,
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE RECORD DD from the last byte, two bytes',
        `00DD01${f.p2(4, false)}${field(tlv('54', hex(f.recordSize - 1)) + tlv('53', 'AABB'))}`,
        refused('6A84|6B00|6700|6A80'),
      ),
      is('record 1 is as it was', 1, f, f.record(1)),
    ],
  }),
  defineCase({
    id: 'URO-5',
    title: 'UPDATE RECORD DD of a record that is not there',
    commands: ['UPDATE RECORD (odd INS)'],
    statusWords: ['6A83'],
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send('UPDATE RECORD DD 254', `00DDFE${f.p2(4, false)}${field('5401005301AA')}`, refused('6A83')),
    ],
  }),
];

const WRITE: readonly ConformanceCase[] = [
  ...MODES.map(({ id, words, mode, p1, target }) =>
    defineCase({
      id: `WRE-F${id}`,
      title: `WRITE RECORD ${words} of a linear-fixed EF sets bits and clears none`,
      commands: ['WRITE RECORD'],
      destructive: true,
      needs: { f: fixed, or: OR },
      steps: ({ f }) => {
        const number = target(f);
        return [
          f.select,
          given(`UPDATE RECORD ${number}`, update(number, f, newRecord(f, '50'))),
          toSecond(f),
          send('WRITE RECORD', `00D2${hex(p1)}${f.p2(mode, false)}${field(newRecord(f, '0A'))}`, ok('')),
          is('READ RECORD', number, f, newRecord(f, '5A')),
        ];
      },
    }),
  ),
  defineCase({
    id: 'WRE-F6',
    title: 'WRITE RECORD of a record that is not there',
    commands: ['WRITE RECORD'],
    statusWords: ['6A83'],
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send('WRITE RECORD 254', `00D2FE${f.p2(4, false)}${field(newRecord(f))}`, refused('6A83')),
    ],
  }),
  defineCase({
    id: 'WRE-F7',
    title: 'WRITE RECORD of another length than the record changes nothing',
    commands: ['WRITE RECORD'],
    destructive: true,
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send('WRITE RECORD 1, one byte', `00D201${f.p2(4, false)}01FF`, refused('6700|6A80|6A87|6A85')),
      is('record 1 is as it was', 1, f, f.record(1)),
    ],
  }),
];

const APPEND: readonly ConformanceCase[] = [
  ...LINEAR.flatMap(([letter, structure]) => {
    const needs = { f: file({ structure, access: FREE, records: 1, room: true }) };
    const append = (f: LocatedFile, data: string): string => `00E200${f.p2(0, false)}${field(data)}`;
    return [
      defineCase({
        id: `ARE-${letter}1`,
        title: `APPEND RECORD puts a record at the end of a ${structure} EF`,
        commands: ['APPEND RECORD'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          send('APPEND RECORD', append(f, newRecord(f, 'E1')), ok('')),
          is('it is the one after the last', f.count + 1, f, newRecord(f, 'E1')),
          is('the one before is as it was', f.count, f, f.record(f.count)),
        ],
      }),
      defineCase({
        id: `ARE-${letter}2`,
        title: `APPEND RECORD fills a ${structure} EF, and then there is no room`,
        commands: ['APPEND RECORD'],
        statusWords: ['6A84'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          Array.from({ length: f.capacity - f.count }, (_, i) =>
            send(`APPEND RECORD ${f.count + i + 1}`, append(f, newRecord(f, hex(i + 1))), {
              status: '9000|6381',
              decided: '9000',
            }),
          ),
          send('APPEND RECORD, one too many', append(f, newRecord(f)), refused('6A84')),
          is('the last one is there', f.capacity, f, newRecord(f, hex(f.capacity - f.count))),
        ],
      }),
      defineCase({
        id: `ARE-${letter}3`,
        title: `APPEND RECORD by short identifier, ${structure} EF`,
        commands: ['APPEND RECORD'],
        destructive: true,
        needs: { f: file({ structure, access: FREE, records: 1, room: true, sfi: true }) },
        steps: ({ f }) => [
          f.reach,
          send('APPEND RECORD', `00E200${f.p2(0)}${field(newRecord(f, 'E3'))}`, ok('')),
          is('READ RECORD of the EF that is current now', f.count + 1, f, newRecord(f, 'E3')),
        ],
      }),
      defineCase({
        id: `ARE-${letter}4`,
        title: `APPEND RECORD with more than a record holds, ${structure} EF`,
        commands: ['APPEND RECORD'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          send(
            'APPEND RECORD, one byte too long',
            append(f, 'DD'.repeat(f.recordSize + 1)),
            refused('6700|6A80|6A84|6A87|6A85'),
          ),
          send('no record was added', read(f.count + 1, f), refused('6A83')),
        ],
      }),
    ];
  }),
  defineCase({
    id: 'ARE-C1',
    title: 'APPEND RECORD to a cyclic EF makes a new record 1',
    commands: ['APPEND RECORD'],
    destructive: true,
    needs: { f: cyclic },
    steps: ({ f }) => [
      f.select,
      send('APPEND RECORD', `00E20000${field(newRecord(f, 'E5'))}`, ok('')),
      is('record 1 is the new one', 1, f, newRecord(f, 'E5')),
      is('record 2 is what record 1 was', 2, f, f.record(1)),
    ],
  }),
  defineCase({
    id: 'ARE-C2',
    title: 'APPEND RECORD to a full cyclic EF overwrites the oldest',
    commands: ['APPEND RECORD'],
    destructive: true,
    needs: { f: cyclic },
    steps: ({ f }) => [
      f.select,
      Array.from({ length: f.capacity + 1 }, (_, i) =>
        send(`APPEND RECORD ${i + 1}`, `00E20000${field(newRecord(f, hex(i + 1)))}`, ok('')),
      ),
      is('record 1 is the last one', 1, f, newRecord(f, hex(f.capacity + 1))),
      is('the last record is the second one written', f.capacity, f, newRecord(f, '02')),
    ],
  }),
  defineCase({
    id: 'ARE-C3',
    title: 'APPEND RECORD of another length than the records of a cyclic EF changes nothing',
    commands: ['APPEND RECORD'],
    destructive: true,
    needs: { f: cyclic },
    steps: ({ f }) => [
      f.select,
      send(
        'APPEND RECORD, one byte too short',
        `00E20000${field('DD'.repeat(f.recordSize - 1))}`,
        refused('6700|6A80|6A87|6A85'),
      ),
      is('record 1 is as it was', 1, f, f.record(1)),
    ],
  }),
  defineCase({
    id: 'ARE-001',
    title: 'APPEND RECORD with a P1 other than 00',
    commands: ['APPEND RECORD'],
    statusWords: ['6A86'],
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      send('APPEND RECORD', `00E20100${field(newRecord(f))}`, refused('6A86|6A81|6B00', '6A86')),
    ],
  }),
];

const ERASE: readonly ConformanceCase[] = [
  defineCase({
    id: 'ERE-F1',
    title: 'ERASE RECORD erases one record and leaves it in its place',
    commands: ['ERASE RECORD'],
    destructive: true,
    needs: { f: fixed, or: OR },
    steps: ({ f }) => [
      f.select,
      send('ERASE RECORD 2', `000C02${f.p2(MODE.NUMBER, false)}`, ok('')),
      is('record 2 is erased', 2, f, newRecord(f, '00')),
      is('record 1 is as it was', 1, f, f.record(1)),
      is('record 3 is as it was', 3, f, f.record(3)),
    ],
  }),
  defineCase({
    id: 'ERE-F2',
    title: 'ERASE RECORD from one up to the last',
    commands: ['ERASE RECORD'],
    destructive: true,
    needs: { f: fixed, or: OR },
    steps: ({ f }) => [
      f.select,
      send('ERASE RECORD from 2', `000C02${f.p2(MODE.FROM, false)}`, ok('')),
      is('record 1 is as it was', 1, f, f.record(1)),
      is('record 2 is erased', 2, f, newRecord(f, '00')),
      is('the last is erased', f.count, f, newRecord(f, '00')),
    ],
  }),
  defineCase({
    id: 'ERE-F3',
    title: 'ERASE RECORD of a record that is not there',
    commands: ['ERASE RECORD'],
    statusWords: ['6A83'],
    needs: { f: fixed },
    steps: ({ f }) => [f.select, send('ERASE RECORD 254', `000CFE${f.p2(MODE.NUMBER, false)}`, refused('6A83'))],
  }),
  defineCase({
    id: 'ERE-F4',
    title: 'ERASE RECORD in another mode than 100 and 101',
    commands: ['ERASE RECORD'],
    statusWords: ['6A86'],
    needs: { f: fixed },
    steps: ({ f }) => [
      f.select,
      [0, 1, 2, 3, 6, 7].map((mode) =>
        send(`mode ${mode}`, `000C01${f.p2(mode, false)}`, refused('6A86|6A81|6B00', '6A86')),
      ),
    ],
  }),
  defineCase({
    id: 'ERE-F5',
    title: 'an erased record takes bits by WRITE RECORD again',
    commands: ['ERASE RECORD', 'WRITE RECORD'],
    destructive: true,
    needs: { f: fixed, or: OR },
    steps: ({ f }) => [
      f.select,
      send('ERASE RECORD 1', `000C01${f.p2(MODE.NUMBER, false)}`, ok('')),
      send('WRITE RECORD 1', `00D201${f.p2(MODE.NUMBER, false)}${field(newRecord(f, '3C'))}`, ok('')),
      is('READ RECORD 1', 1, f, newRecord(f, '3C')),
    ],
  }),
];

const SEARCHED = [
  ['F', 'linear-fixed'],
  ['V', 'linear-variable'],
  ['C', 'cyclic'],
] as const;

const numbersWith = (f: LocatedFile, string: string, from = 1): number[] =>
  Array.from({ length: f.count }, (_, i) => i + 1).filter((each) => each >= from && holds(f.record(each), string));

function holds(record: string, string: string): boolean {
  for (let at = 0; at + string.length <= record.length; at += 2) if (record.startsWith(string, at)) return true;
  return false;
}

const SEARCH: readonly ConformanceCase[] = SEARCHED.flatMap(([letter, structure]) => {
  const needs = { f: file({ structure, access: { read: 'free' }, records: 3 }) };
  const search = (p1: number, mode: number, f: LocatedFile, data: string): string =>
    `00A2${hex(p1)}${f.p2(mode, false)}${field(data)}00`;
  /** A byte of record 2, the best known by more than one record. */
  const string = (f: LocatedFile): string => f.record(2).slice(0, 2);
  return [
    defineCase({
      id: `SRE-${letter}1`,
      title: `SEARCH RECORD forward from record 1 names every record with the string, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(1, 4, f, string(f)), ok(hex(...numbersWith(f, string(f))))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}2`,
      title: `SEARCH RECORD backward from the last names them the other way round, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(f.count, 5, f, string(f)), ok(hex(...numbersWith(f, string(f)).reverse()))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}3`,
      title: `SEARCH RECORD forward from record 2 passes over record 1, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(2, 4, f, string(f)), ok(hex(...numbersWith(f, string(f), 2)))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}4`,
      title: `SEARCH RECORD for what no record holds warns 6282, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      statusWords: ['6282'],
      needs,
      steps: ({ f }) => [f.select, send('SEARCH RECORD', search(1, 4, f, '7E7D'), { status: '6282', data: '' })],
    }),
    defineCase({
      id: `SRE-${letter}5`,
      title: `SEARCH RECORD by its content finds the record itself, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD for record 3', search(1, 4, f, f.record(3)), {
          status: '9000',
          data: `${hex(...numbersWith(f, f.record(3)))}`,
        }),
      ],
    }),
    defineCase({
      id: `SRE-${letter}6`,
      title: `SEARCH RECORD from a record that is not there, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      statusWords: ['6A83'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD from 254', search(254, 4, f, 'AA'), refused('6A83|6282', '6A83')),
      ],
    }),
    ...(
      [
        ['A', 0, 'forward from the first', false],
        ['B', 1, 'backward from the last', true],
        ['C', 2, 'forward from the next', false],
        ['D', 3, 'backward from the previous', true],
      ] as const
    ).map(([id, mode, words, backward]) =>
      defineCase({
        id: `SRE-${letter}${id}`,
        title: `SEARCH RECORD among the records of one identifier, ${words}, ${structure} EF`,
        commands: ['SEARCH RECORD'],
        needs: { ...needs, identifiers: IDENTIFIERS },
        steps: ({ f }) => {
          const identifier = f.identifier(2);
          const found = numbersWith(f, identifier).filter((each) => f.identifier(each) === identifier);
          if (backward) found.reverse();
          return [
            f.select,
            send('SEARCH RECORD', search(Number.parseInt(identifier, 16), mode, f, identifier), ok(hex(...found))),
          ];
        },
      }),
    ),
    defineCase({
      id: `SRE-${letter}E`,
      title: `SEARCH RECORD through a file named by its identifier, ${structure} EF`,
      standard: 'ISO/IEC 7816-4, as ICAO Doc 9303 uses it',
      commands: ['SEARCH RECORD'],
      needs: { ...needs, own: trait('the search through several EFs', (card) => card.decisions === 'vitap') },
      steps: ({ f }) => {
        const data = tlv(
          '7F76',
          tlv('51', f.fid) + tlv('A1', tlv('80', '00')) + tlv('A3', tlv('B1', tlv('81', f.record(3)))),
        );
        return [
          f.reach,
          send('SEARCH RECORD, P2 F8', `00A200F8${field(data)}00`, {
            status: '9000',
            objects: { '7F76/51': f.fid, '7F76/02': hex(numbersWith(f, f.record(3))[0] as number) },
          }),
        ];
      },
    }),
    defineCase({
      id: `SRE-${letter}7`,
      title: `enhanced SEARCH RECORD looks from an offset only, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs: { ...needs, identifiers: IDENTIFIERS },
      steps: ({ f }) => {
        // The identifier of record 1, looked for behind the first byte of each record.
        const byte = f.identifier(1);
        const found = numbersWithBehind(f, byte, 1);
        return [
          f.select,
          send(
            'SEARCH RECORD forward from 1, offset 1',
            search(1, 6, f, `0401${byte}`),
            found.length === 0 ? { status: '6282', data: '' } : ok(hex(...found)),
          ),
          send(
            'SEARCH RECORD forward from 1, offset 0',
            search(1, 6, f, `0400${byte}`),
            ok(hex(...numbersWith(f, byte))),
          ),
        ];
      },
    }),
    defineCase({
      id: `SRE-${letter}8`,
      title: `enhanced SEARCH RECORD looks behind a byte, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => {
        // The second byte of record 2 behind its first one.
        const [first, second] = [f.record(2).slice(0, 2), f.record(2).slice(2, 4)];
        if (second === '') return 'the record is of one byte';
        const found = Array.from({ length: f.count }, (_, i) => i + 1).filter((each) => {
          const at = bytesOf(f.record(each)).indexOf(first);
          return (
            at >= 0 &&
            bytesOf(f.record(each))
              .slice(at + 1)
              .includes(second)
          );
        });
        return [
          f.select,
          send('SEARCH RECORD forward from 1', search(1, 6, f, `0C${first}${second}`), ok(hex(...found))),
        ];
      },
    }),
  ];
});

function bytesOf(record: string): string[] {
  return record.match(/../g) ?? [];
}

function numbersWithBehind(f: LocatedFile, byte: string, offset: number): number[] {
  return Array.from({ length: f.count }, (_, i) => i + 1).filter((each) =>
    bytesOf(f.record(each)).slice(offset).includes(byte),
  );
}

export const WRITE_RECORD_CASES: readonly ConformanceCase[] = [
  ...UPDATE,
  ...UPDATE_SIZES,
  ...PARTIAL,
  ...PARTIAL_REST,
  ...WRITE,
  ...APPEND,
  ...ERASE,
  ...SEARCH,
];
