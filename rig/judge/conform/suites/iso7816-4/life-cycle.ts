import type { Structure } from '../../declaration.ts';
import { bytesFrom, defineCase, given, ok, refused, send, sweep } from '../../define.ts';
import type { LocatedDirectory, LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase, Expectation } from '../../model.ts';
import { directory, file, OWN_DECISIONS as OWN } from '../../needs.ts';

const ALL: readonly Structure[] = ['transparent', 'linear-fixed', 'linear-variable', 'cyclic', 'ber-tlv'];
const NUMBERED = [
  ['1', 'transparent'],
  ['2', 'linear-fixed'],
  ['3', 'linear-variable'],
  ['4', 'cyclic'],
  ['5', 'ber-tlv'],
] as const;
const free = (structure: Structure | readonly Structure[]) =>
  file({ structure, access: { read: 'free', deactivate: 'free', activate: 'free', terminate: 'free' } });
const FREE_DF = directory('a DF that may be deactivated, activated and terminated', {
  inTree: true,
  access: { deactivate: 'free', activate: 'free', terminate: 'free' },
});

const deactivate = '00040000';
const activate = '00440000';
const terminate = '00E80000';

/** A read that works on the file while it is activated, and what it gives. */
function readOf(f: LocatedFile): readonly [command: string, expect: Expectation] | null {
  if (f.structure === 'transparent') return f.length > 0 ? ['00B0000001', ok(f.part(0, 1))] : null;
  if (f.structure === 'ber-tlv') return null;
  // A longer record would come in parts.
  const first = f.record(1);
  return first !== '' && first.length <= 512 ? ['00B2010400', ok(first)] : null;
}

/** From a reset to where the last command of its selection finds the DF. */
const wayTo = (df: LocatedDirectory): readonly CommandStep[] =>
  df.selection.slice(0, -1).map((command) => given('SELECT what it is in', command));

const status = (f: LocatedFile, sw: string, byte: string): CommandStep =>
  send('SELECT, FCP', `00A4020402${f.fid}00`, { status: sw, objects: { '62/8A': byte } });

export const LIFE_CYCLE_CASES: readonly ConformanceCase[] = [
  ...NUMBERED.flatMap(([number, structure]) => {
    const needs = { f: free(structure) };
    return [
      defineCase({
        id: `LCY-${number}1`,
        title: `DEACTIVATE FILE of a ${structure} EF shows in its status byte, and lasts`,
        commands: ['DEACTIVATE FILE'],
        statusWords: ['6283'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          send('DEACTIVATE FILE', deactivate, ok('')),
          status(f, '6283', '04|06'),
          { kind: 'power', mode: 'cold' },
          f.reach,
          status(f, '6283', '04|06'),
        ],
      }),
      defineCase({
        id: `LCY-${number}2`,
        title: `ACTIVATE FILE brings a deactivated ${structure} EF back`,
        commands: ['ACTIVATE FILE', 'DEACTIVATE FILE'],
        destructive: true,
        needs,
        steps: ({ f }) => {
          const read = readOf(f);
          return [
            f.select,
            given('DEACTIVATE FILE', deactivate),
            send('ACTIVATE FILE', activate, ok('')),
            read === null ? [] : send('read it', read[0], read[1]),
            status(f, '9000', '05|07'),
          ];
        },
      }),
      defineCase({
        id: `LCY-${number}3`,
        title: `TERMINATE EF of a ${structure} EF shows in its status byte, and lasts`,
        commands: ['TERMINATE EF'],
        statusWords: ['6285'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          send('TERMINATE EF', terminate, ok('')),
          { kind: 'power', mode: 'cold' },
          f.reach,
          status(f, '6285', '0C|0D|0E|0F'),
        ],
      }),
      defineCase({
        id: `LCY-${number}4`,
        title: `ACTIVATE FILE does not bring a terminated ${structure} EF back`,
        commands: ['ACTIVATE FILE', 'TERMINATE EF'],
        statusWords: ['6985'],
        destructive: true,
        needs,
        steps: ({ f }) => [
          f.select,
          given('TERMINATE EF', terminate),
          send('ACTIVATE FILE', activate, refused('6985|6982|6285|6A82|6986|6981', '6985')),
          status(f, '6285', '0C|0D|0E|0F'),
        ],
      }),
    ];
  }),
  defineCase({
    id: 'LCY-101',
    title: 'a file that was deactivated is still found, and reading it is refused',
    commands: ['DEACTIVATE FILE', 'READ BINARY'],
    statusWords: ['6985'],
    destructive: true,
    needs: { f: free('transparent') },
    steps: ({ f }) => [
      f.select,
      given('DEACTIVATE FILE', deactivate),
      send('SELECT it', f.selection, { status: '6283', data: '' }),
      send('READ BINARY', '00B0000001', refused('6985|6A82|6986|6283|6982', '6985')),
    ],
  }),
  defineCase({
    id: 'LCY-102',
    title: 'deactivating one file leaves the others',
    commands: ['DEACTIVATE FILE', 'READ BINARY'],
    destructive: true,
    needs: { f: free('transparent') },
    steps: ({ f }) => {
      const other = f.directory.files.find(
        (each) =>
          each.structure === 'transparent' && each.fid !== f.fid && each.access.read === 'free' && each.length > 0,
      );
      if (other === undefined) return 'there is no other transparent EF beside it';
      return [
        f.select,
        given('DEACTIVATE FILE', deactivate),
        other.select,
        send('READ BINARY of another', '00B0000001', ok(other.part(0, 1))),
      ];
    },
  }),
  ...(
    [
      ['1', 'DEACTIVATE FILE', '04', 'deactivate'],
      ['2', 'ACTIVATE FILE', '44', 'activate'],
      ['3', 'TERMINATE EF', 'E8', 'terminate'],
    ] as const
  ).flatMap(([id, name, ins, operation]) => [
    defineCase({
      id: `LCY-20${id}`,
      title: `${name} where the rule is never`,
      commands: [name],
      statusWords: ['6982'],
      destructive: true,
      needs: { f: file({ structure: ALL, access: { [operation]: 'never' } as Record<string, 'never'> }) },
      steps: ({ f }) => [f.select, send(name, `00${ins}0000`, refused('6982|6985', '6982'))],
    }),
    defineCase({
      id: `LCY-21${id}`,
      title: `${name} behind a code that was not presented`,
      commands: [name],
      statusWords: ['6982'],
      destructive: true,
      needs: { f: file({ structure: ALL, access: { [operation]: 'code' } as Record<string, 'code'> }) },
      steps: ({ f }) => [f.select, send(name, `00${ins}0000`, refused('6982'))],
    }),
    defineCase({
      id: `LCY-22${id}`,
      title: `${name} with P1-P2 that mean nothing`,
      commands: [name],
      statusWords: ['6A86'],
      destructive: true,
      needs: { f: free('transparent') },
      steps: ({ f }) => [
        f.select,
        sweep(name, `00${ins}{value}00`, bytesFrom(0x0a, 0xff), refused('6A86|6A81|6B00|6700', '6A86')),
        status(f, '9000', '05|07'),
      ],
    }),
  ]),
  defineCase({
    id: 'LCY-301',
    title: 'a DF that was deactivated says so when it is selected',
    commands: ['DEACTIVATE FILE', 'SELECT'],
    statusWords: ['6283'],
    destructive: true,
    needs: { df: FREE_DF },
    steps: ({ df }) => [
      df.select,
      send('DEACTIVATE FILE', deactivate, ok('')),
      { kind: 'power', mode: 'cold' },
      ...wayTo(df),
      send('SELECT it', df.selection.at(-1) as string, { status: '6283', data: '*' }),
    ],
  }),
  defineCase({
    id: 'LCY-302',
    title: 'ACTIVATE FILE brings a DF back',
    commands: ['ACTIVATE FILE', 'DEACTIVATE FILE'],
    destructive: true,
    needs: { df: FREE_DF },
    steps: ({ df }) => [
      df.select,
      given('DEACTIVATE FILE', deactivate),
      send('ACTIVATE FILE', activate, ok('')),
      { kind: 'power', mode: 'cold' },
      ...wayTo(df),
      send('SELECT it', df.selection.at(-1) as string, { status: '9000', data: '*' }),
    ],
  }),
  defineCase({
    id: 'LCY-303',
    title: 'a DF that was terminated says so when it is selected, and stays so',
    commands: ['TERMINATE DF', 'SELECT'],
    statusWords: ['6285'],
    destructive: true,
    needs: { df: FREE_DF },
    steps: ({ df }) => [
      df.select,
      send('TERMINATE DF', '00E60000', ok('')),
      { kind: 'power', mode: 'cold' },
      ...wayTo(df),
      send('SELECT it', df.selection.at(-1) as string, { status: '6285', data: '*' }),
      send('ACTIVATE FILE', activate, refused('6985|6982|6285|6A82', '6985')),
    ],
  }),
  defineCase({
    id: 'LCY-304',
    title: 'TERMINATE EF is not for DFs',
    commands: ['TERMINATE EF', 'SELECT'],
    destructive: true,
    needs: { df: FREE_DF },
    steps: ({ df }) => [
      df.select,
      send('TERMINATE EF with no EF current', terminate, refused('6986|6985|6981|6A82|6982', '6986|6981')),
      { kind: 'power', mode: 'cold' },
      ...wayTo(df),
      send('SELECT it', df.selection.at(-1) as string, { status: '9000', data: '*' }),
    ],
  }),
  defineCase({
    id: 'LCY-311',
    title: 'TERMINATE CARD USAGE without the right to it is refused, and the card goes on',
    commands: ['TERMINATE CARD USAGE', 'SELECT'],
    statusWords: ['6982'],
    destructive: true,
    needs: { own: OWN },
    steps: ({ own }) => {
      const rule = own.masterFile?.access.terminate;
      const refuses = rule === 'never' || rule === 'out-of-reach' || (typeof rule === 'object' && 'code' in rule);
      if (!refuses) return 'the rule of the MF is not known to refuse this';
      return [
        send('TERMINATE CARD USAGE', '00FE0000', refused('6982|6985', '6982')),
        { kind: 'power', mode: 'cold' },
        send('SELECT MF', '00A4000C023F00', ok('')),
      ];
    },
  }),
  defineCase({
    id: 'LCY-312',
    title: 'TERMINATE CARD USAGE ends the card for good',
    commands: ['TERMINATE CARD USAGE'],
    destructive: true,
    needs: { own: OWN },
    steps: ({ own }) => {
      const rule = own.masterFile?.access.terminate;
      if (own.masterFile === null || typeof rule !== 'object' || !('code' in rule))
        return 'the rule of the MF is not one code';
      const found = own.masterFile.codes.find((each) => each.reference === rule.code);
      if (found === undefined) return 'the code is not declared';
      const block = [...found.block].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
      const lc = found.block.length.toString(16).toUpperCase().padStart(2, '0');
      const reference = rule.code.toString(16).toUpperCase().padStart(2, '0');
      return [
        send('VERIFY the code of the card', `002000${reference}${lc}${block}`, ok('')),
        send('TERMINATE CARD USAGE', '00FE0000', ok('')),
        { kind: 'power', mode: 'cold' },
        // Which commands a terminated card still answers is its own affair; it must not say 9000 to a read.
        send('SELECT MF', '00A4000C023F00', { status: '6285|6985|6A82|6D00|6E00|6F00' }),
        send('READ BINARY by short identifier', '00B09E0001', refused('6985|6285|6A82|6986|6D00|6E00|6F00|6982')),
      ];
    },
  }),
];
