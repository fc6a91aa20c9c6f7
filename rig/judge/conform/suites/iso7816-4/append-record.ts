import { defineCase, field, ok, refused, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { file, WRITE_IS_OR as OR } from '../../needs.ts';
import { newRecord } from './prototypes.ts';
import { cyclic, FREE, fixed, is, LINEAR, MODE, read } from './record-files.ts';

const APPEND: readonly ConformanceCase[] = [
  ...LINEAR.flatMap(([letter, structure]) => {
    const needs = { f: file({ structure, access: FREE, records: 1, room: 1 }) };
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
        needs: { f: file({ structure, access: FREE, records: 1, room: 1, sfi: true }) },
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

/** Records that are added, and records that are erased. */
export const APPEND_RECORD_CASES: readonly ConformanceCase[] = [...APPEND, ...ERASE];
