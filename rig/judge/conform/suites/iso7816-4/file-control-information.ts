import { defineCase, field, send } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { ConformanceCase, Expectation } from '../../model.ts';
import { directory, file, MASTER_FILE } from '../../needs.ts';
import { NAMED, NAMED_WITH_FILE } from './selected-files.ts';

/** What control information says of a file: read from the FCP. */
const CONTROL_INFORMATION: readonly ConformanceCase[] = (
  [
    ['1', 'transparent', '01', 'a transparent EF'],
    ['2', 'linear-fixed', '02', 'a linear EF of fixed records'],
    ['3', 'linear-variable', '04', 'a linear EF of variable records'],
    ['4', 'cyclic', '06', 'a cyclic EF'],
    ['5', 'ber-tlv', '39', 'an EF of data objects'],
  ] as const
).flatMap(([number, structure, descriptor, words]) => {
  const needs = { f: file({ structure, access: { read: 'free' } }) };
  // b8 is kept for later, b7 says shareable, b6 to b4 what kind of EF.
  const fixed =
    structure === 'ber-tlv' ? [descriptor, '79'] : [descriptor, hex(0x40 | Number.parseInt(descriptor, 16))];
  const judge = (
    id: string,
    title: string,
    expect: (find: { fid: string; sfi: string; size: string; record: string }) => Expectation,
  ): ConformanceCase =>
    defineCase({
      id: `FCP-${number}${id}`,
      title: `${words}: ${title}`,
      commands: ['SELECT'],
      needs,
      steps: ({ f }) => {
        const records = `${hex16(f.recordSize)}`;
        const size =
          structure === 'transparent'
            ? f.length
            : structure === 'ber-tlv'
              ? (f.declaration.size ?? 0)
              : f.recordSize * f.capacity;
        const sfi = f.declaration.sfi === null ? '' : hex(f.sfi << 3);
        return [
          f.reach,
          send('SELECT, FCP', `00A4020402${f.fid}00`, expect({ fid: f.fid, sfi, size: hex16(size), record: records })),
        ];
      },
    });
  return [
    judge('1', 'the file descriptor byte (82) says so', () => ({
      status: '9000',
      objects: { '62/82': `${fixed[0]}*` },
    })),
    judge('2', 'the FCP has its identifier (83)', ({ fid }) => ({ status: '9000', objects: { '62/83': fid } })),
    judge('3', 'the FCP has its short identifier (88)', ({ sfi }) => ({ status: '9000', objects: { '62/88': sfi } })),
    judge('4', 'the life cycle status byte (8A) says activated', () => ({
      status: '9000',
      objects: { '62/8A': '05' },
    })),
    judge('5', 'the FCP has its size (80)', ({ size }) => ({ status: '9000', objects: { '62/80': size } })),
    ...(structure.includes('linear') || structure === 'cyclic'
      ? [
          judge('6', 'the descriptor (82) has the record size', ({ record }) => ({
            status: '9000',
            objects: { '62/82': `${descriptor}XX${record}*` },
          })),
        ]
      : []),
  ];
});

const DIRECTORY_INFORMATION: readonly ConformanceCase[] = [
  defineCase({
    id: 'FCP-61',
    title: 'a DF: the file descriptor byte (82) says so',
    commands: ['SELECT'],
    needs: { df: NAMED_WITH_FILE },
    steps: ({ df }) => [
      df.parent?.select ?? [],
      send('SELECT, FCP', `00A4010402${df.fid}00`, { status: '9000', objects: { '62/82': '38*' } }),
    ],
  }),
  defineCase({
    id: 'FCP-62',
    title: 'a DF with a name: the FCP has the name (84) and the identifier (83)',
    commands: ['SELECT'],
    needs: { df: NAMED_WITH_FILE },
    steps: ({ df }) => [
      df.parent?.select ?? [],
      send('SELECT, FCP', `00A4010402${df.fid}00`, { status: '9000', objects: { '62/84': df.name, '62/83': df.fid } }),
    ],
  }),
  defineCase({
    id: 'FCP-63',
    title: 'a DF without a name: the FCP has none',
    commands: ['SELECT'],
    needs: { df: directory('a DF without a name', { named: false, inTree: true }) },
    steps: ({ df }) => [
      df.parent?.select ?? [],
      send('SELECT, FCP', `00A4010402${df.fid}00`, { status: '9000', objects: { '62/84': null, '62/83': df.fid } }),
    ],
  }),
  defineCase({
    id: 'FCP-64',
    title: 'the MF: its FCP says DF, 3F00 and activated',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: () => [
      send('SELECT, FCP', '00A40004023F0000', {
        status: '9000',
        objects: { '62/82': '38*', '62/83': '3F00', '62/8A': '05' },
      }),
    ],
  }),
  defineCase({
    id: 'FCP-65',
    title: 'a DF by name: the FCI has the name (84)',
    commands: ['SELECT'],
    needs: { df: NAMED },
    steps: ({ df }) => [
      send('SELECT, FCI', `00A40400${field(df.name)}00`, { status: '9000', objects: { '6F/84': df.name } }),
    ],
  }),
  defineCase({
    id: 'FCP-66',
    title: 'a DF with a label: the FMD has it (50)',
    commands: ['SELECT'],
    needs: { df: NAMED },
    steps: ({ df }) => {
      const { label } = df.declaration;
      if (label === null) return 'the DF is declared without a label';
      return [
        send('SELECT, FMD', `00A40408${field(df.name)}00`, { status: '9000', objects: { '64/50': hex(...label) } }),
      ];
    },
  }),
  defineCase({
    id: 'FCP-71',
    title: 'a deactivated EF: SELECT warns 6283 and its status byte says deactivated',
    commands: ['SELECT'],
    statusWords: ['6283'],
    needs: {
      f: file({
        structure: ['transparent', 'linear-fixed', 'linear-variable', 'cyclic', 'ber-tlv'],
        lifeCycle: 'deactivated',
      }),
    },
    steps: ({ f }) => [
      f.reach,
      send('SELECT, FCP', `00A4020402${f.fid}00`, { status: '6283', objects: { '62/8A': '04' } }),
    ],
  }),
  defineCase({
    id: 'FCP-72',
    title: 'a terminated EF: SELECT warns 6285 and its status byte says terminated',
    commands: ['SELECT'],
    statusWords: ['6285'],
    needs: {
      f: file({
        structure: ['transparent', 'linear-fixed', 'linear-variable', 'cyclic', 'ber-tlv'],
        lifeCycle: 'terminated',
      }),
    },
    // b4b3 set is termination state, whatever the low bits.
    steps: ({ f }) => [
      f.reach,
      send('SELECT, FCP', `00A4020402${f.fid}00`, { status: '6285', objects: { '62/8A': '0X' } }),
    ],
  }),
];

export const CONTROL_INFORMATION_CASES: readonly ConformanceCase[] = [...CONTROL_INFORMATION, ...DIRECTORY_INFORMATION];
