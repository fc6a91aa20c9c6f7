import { defineCase, field, given, ok, refused, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedDirectory } from '../../located.ts';
import type { ConformanceCase, Step } from '../../model.ts';
import { create, WORKSHOP } from './creation.ts';

/** The commands on files name their file as SELECT does: each way of naming, for each of them. */

interface Made {
  readonly df: LocatedDirectory;
  /** Identifier of the file that was made in it. */
  readonly fid: string;
  /** Its DF name, for a DF. */
  readonly name: string;
}

interface Way {
  /** Last part of the ids of its cases. */
  readonly number: string;
  /** The same for the cases that give it to a command for the other kind of file; absent: there is none. */
  readonly wrongKind?: string;
  readonly p1: string;
  readonly words: string;
  readonly data: (made: Made) => string;
  /** Brings the card where the name has its meaning. */
  readonly from: (made: Made) => readonly Step[];
}

const inWorkshop = ({ df }: Made): readonly Step[] => df.select;
const inFile = ({ df, fid }: Made): readonly Step[] => [
  ...df.select,
  given('SELECT it', `00A4000C02${fid}`, '9000|62XX'),
];

const EF_WAYS: readonly Way[] = [
  { number: '1', p1: '00', words: 'the current EF', data: () => '', from: inFile },
  { number: '2', p1: '00', words: 'by identifier', data: ({ fid }) => fid, from: inWorkshop },
  { number: '3', p1: '02', words: 'an EF under the current DF', data: ({ fid }) => fid, from: inWorkshop },
  {
    number: '4',
    p1: '08',
    words: 'by path from the MF',
    data: ({ df, fid }) => `${df.path}${fid}`,
    from: () => [given('SELECT MF', '00A4000C023F00')],
  },
  { number: '5', p1: '09', words: 'by path from the current DF', data: ({ fid }) => fid, from: inWorkshop },
];

const DF_WAYS: readonly Way[] = [
  { number: '1', p1: '00', words: 'the current DF', data: () => '', from: inFile },
  { number: '2', p1: '00', words: 'by identifier', data: ({ fid }) => fid, from: inWorkshop },
  { number: '3', wrongKind: '1', p1: '01', words: 'a child DF', data: ({ fid }) => fid, from: inWorkshop },
  {
    number: '4',
    wrongKind: '2',
    p1: '04',
    words: 'by name',
    data: ({ name }) => name,
    from: () => [given('SELECT MF', '00A4000C023F00')],
  },
  {
    number: '5',
    wrongKind: '3',
    p1: '08',
    words: 'by path from the MF',
    data: ({ df, fid }) => `${df.path}${fid}`,
    from: () => [given('SELECT MF', '00A4000C023F00')],
  },
  {
    number: '6',
    wrongKind: '4',
    p1: '09',
    words: 'by path from the current DF',
    data: ({ fid }) => fid,
    from: inWorkshop,
  },
  {
    number: '7',
    wrongKind: '5',
    p1: '03',
    words: 'the parent DF',
    data: () => '',
    from: (made) => [
      ...inFile(made),
      given('CREATE FILE of a DF in it', create({ fid: '7F7B', descriptor: '38' })),
      given('SELECT that', '00A4000C027F7B', '9000'),
    ],
  },
];

const COMMANDS = [
  { id: 'D', name: 'DEACTIVATE FILE', ins: '04', kinds: 'both', before: '', after: '6283' },
  { id: 'A', name: 'ACTIVATE FILE', ins: '44', kinds: 'both', before: '04', after: '9000' },
  { id: 'E', name: 'TERMINATE EF', ins: 'E8', kinds: 'ef', before: '', after: '6285' },
  { id: 'T', name: 'TERMINATE DF', ins: 'E6', kinds: 'df', before: '', after: '6285' },
  { id: 'X', name: 'DELETE FILE', ins: 'E4', kinds: 'both', before: '', after: '6A82' },
] as const;

const DF_NAME = 'F07465737444460B';

function cases(kind: 'ef' | 'df', ways: readonly Way[]): readonly ConformanceCase[] {
  return COMMANDS.filter(({ kinds }) => kinds === 'both' || kinds === kind).flatMap(
    ({ id, name, ins, before, after }) =>
      ways
        // In a deactivated DF no child can be made from which it would be the parent.
        .filter(({ p1 }) => before === '' || p1 !== '03')
        .map(({ number, p1, words, data, from }) =>
          defineCase({
            id: `NAM-${id}${kind === 'ef' ? 'E' : 'D'}${number}`,
            title: `${name} of ${kind === 'ef' ? 'an EF' : 'a DF'}, named as ${words}`,
            commands: [name],
            ...(after === '9000' ? {} : { statusWords: [after] }),
            destructive: true,
            needs: { df: WORKSHOP },
            steps: ({ df }) => {
              const made: Made = { df, fid: df.absentFid, name: DF_NAME };
              const file =
                kind === 'ef'
                  ? create({ fid: made.fid, descriptor: '0141', size: 4 })
                  : create({ fid: made.fid, descriptor: '38', name: DF_NAME });
              return [
                df.select,
                given('CREATE FILE', file),
                before === '' ? [] : [...inFile(made), given('DEACTIVATE FILE', `00${before}0000`)],
                from(made),
                send(name, `00${ins}${p1}00${field(data(made))}`, ok('')),
                df.select,
                send(
                  'SELECT it',
                  `00A4000C02${made.fid}`,
                  after === '6A82' ? refused('6A82') : { status: after, data: '' },
                ),
              ];
            },
          }),
        ),
  );
}

/** A command for the one kind of file, given the other. */
const WRONG_KIND: readonly ConformanceCase[] = [
  ...DF_WAYS.filter(({ wrongKind }) => wrongKind !== undefined).map(({ wrongKind, p1, words, data, from }) =>
    defineCase({
      id: `NAM-W${wrongKind}`,
      title: `TERMINATE EF of a DF, named as ${words}, is refused and ends nothing`,
      commands: ['TERMINATE EF'],
      destructive: true,
      needs: { df: WORKSHOP },
      steps: ({ df }) => {
        const made: Made = { df, fid: df.absentFid, name: DF_NAME };
        return [
          df.select,
          given('CREATE FILE', create({ fid: made.fid, descriptor: '38', name: DF_NAME })),
          from(made),
          send('TERMINATE EF', `00E8${p1}00${field(data(made))}`, refused('6981|6985|6986|6A82|6A86|6A81')),
          df.select,
          send('SELECT it', `00A4000C02${made.fid}`, ok('')),
        ];
      },
    }),
  ),
  defineCase({
    id: 'NAM-WE',
    title: 'TERMINATE DF of an EF is refused and ends nothing',
    commands: ['TERMINATE DF'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = df.absentFid;
      return [
        df.select,
        given('CREATE FILE', create({ fid, descriptor: '0141', size: 4 })),
        df.select,
        send('TERMINATE DF', `00E6020002${fid}`, refused('6981|6985|6986|6A82|6A86|6A81')),
        send('SELECT it', `00A4000C02${fid}`, ok('')),
      ];
    },
  }),
];

/** From a DF in it: a deactivated DF is still the way to what it holds. */
const FROM_INSIDE: ConformanceCase = defineCase({
  id: 'NAM-AP',
  title: 'ACTIVATE FILE of a DF, named as the parent DF',
  commands: ['ACTIVATE FILE'],
  destructive: true,
  needs: { df: WORKSHOP },
  steps: ({ df }) => {
    const fid = df.absentFid;
    return [
      df.select,
      given('CREATE FILE of a DF', create({ fid, descriptor: '38' })),
      given('CREATE FILE of a DF in it', create({ fid: '7F7B', descriptor: '38' })),
      df.select,
      given('DEACTIVATE FILE of the outer DF', `0004010002${fid}`),
      given('SELECT the inner DF', `00A4080C${field(`${df.path}${fid}7F7B`)}`, '9000|6283'),
      send('ACTIVATE FILE of the parent', '00440300', ok('')),
      df.select,
      send('SELECT the outer DF', `00A4000C02${fid}`, ok('')),
    ];
  },
});

const NOT_THERE: readonly ConformanceCase[] = COMMANDS.map(({ id, name, ins, kinds }) =>
  defineCase({
    id: `NAM-${id}N`,
    title: `${name} of a file that is not there`,
    commands: [name],
    statusWords: ['6A82'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => [
      df.select,
      send(name, `00${ins}${kinds === 'df' ? '01' : '02'}00${hex(2)}${df.absentFid}`, refused('6A82')),
    ],
  }),
);

export const NAMING_CASES: readonly ConformanceCase[] = [
  ...cases('ef', EF_WAYS),
  ...cases('df', DF_WAYS),
  ...WRONG_KIND,
  FROM_INSIDE,
  ...NOT_THERE,
];
