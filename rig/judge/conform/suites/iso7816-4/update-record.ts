import { defineCase, field, given, ok, refused, send, tlv } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { ConformanceCase } from '../../model.ts';
import { file, WRITE_IS_OR as OR } from '../../needs.ts';
import { newRecord } from './prototypes.ts';
import {
  cyclic,
  FREE,
  fixed,
  is,
  LINEAR,
  MODE,
  MODES,
  read,
  toSecond,
  update,
  variable,
  wish,
} from './record-files.ts';

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

export const UPDATE_RECORD_CASES: readonly ConformanceCase[] = [
  ...UPDATE,
  ...UPDATE_SIZES,
  ...PARTIAL,
  ...PARTIAL_REST,
  ...WRITE,
];
