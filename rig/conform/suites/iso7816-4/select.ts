import { bytesFrom, defineCase, field, given, ok, refused, send, sweep } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import { filesOf, type LocatedDirectory, type LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase, Expectation } from '../../model.ts';
import { directory, EXTENDED_LENGTH, file, MASTER_FILE, trait } from '../../needs.ts';

/** A DF in the tree with an EF, a parent that is not the MF or is, and so on: who is selected in these cases. */
const NAMED_WITH_FILE = directory('a DF in the MF with a name and an EF', {
  named: true,
  inTree: true,
  withFile: true,
});
const NAMED = directory('a DF with a name', { named: true });
const WITH_CHILD = directory('a DF in the MF that has a DF in it', { inTree: true, withDirectory: true });
const WITH_SIBLING = directory('a DF with another one beside it', { inTree: true, withSibling: true });
const TRANSPARENT = file({ structure: 'transparent', access: { read: 'free' }, bytes: 2 });

/** What SELECT answers for each kind of control information in b4b3 of P2. */
const KINDS = [
  { p2: '00', words: 'FCI', answer: { status: '9000', data: '6F*' } },
  { p2: '04', words: 'FCP', answer: { status: '9000', data: '62*' } },
  // FMD may be without anything to say, and a card may know none.
  { p2: '08', words: 'FMD', answer: { status: '9000|6A86|6A81', decided: '9000', data: '*' } },
  { p2: '0C', words: 'no answer', answer: { status: '9000', data: '' } },
] as const;

function command(p1: string, p2: string, data: string): string {
  return `00A4${p1}${p2}${field(data)}${p2 === '0C' ? '' : '00'}`;
}

/** One way of naming a file: its P1, from where, and what it names. */
interface Way {
  readonly name: string;
  readonly words: string;
  readonly steps: (select: (p1: string, data: string) => CommandStep) => ConformanceCase['bind'];
}

function way(
  name: string,
  words: string,
  steps: (
    card: Parameters<ConformanceCase['bind']>[0],
    select: (p1: string, data: string) => CommandStep,
  ) => ReturnType<ConformanceCase['bind']>,
): Way {
  return { name, words, steps: (select) => (card) => steps(card, select) };
}

const none = (words: string): string => `the card has not ${words}, as far as it is declared`;

const WAYS: readonly Way[] = [
  way('MF', 'the MF by its identifier', (card, select) => {
    const mf = MASTER_FILE.find(card);
    return mf === null ? none(MASTER_FILE.words) : [select('00', '3F00')];
  }),
  way('MF0', 'the MF by P1 00 without data', (card, select) => {
    const mf = MASTER_FILE.find(card);
    return mf === null ? none(MASTER_FILE.words) : [select('00', '')];
  }),
  way('DF', 'a child DF by its identifier', (card, select) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...(df.parent?.select ?? []), select('00', df.fid)];
  }),
  way('EF', 'a child EF by its identifier', (card, select) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [...ef.reach, select('00', ef.fid)];
  }),
  way('P1-01', 'a child DF by P1 01', (card, select) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...(df.parent?.select ?? []), select('01', df.fid)];
  }),
  way('P1-02', 'an EF under the current DF by P1 02', (card, select) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [...ef.reach, select('02', ef.fid)];
  }),
  way('P1-03', 'the parent DF by P1 03', (card, select) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...df.select, select('03', '')];
  }),
  way('P1-04', 'a DF by its name', (card, select) => {
    const df = NAMED.find(card);
    return df === null ? none(NAMED.words) : [select('04', df.name)];
  }),
  way('P1-08', 'an EF by its path from the MF', (card, select) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [select('08', `${ef.directory.path}${ef.fid}`)];
  }),
  way('P1-08D', 'a DF by its path from the MF', (card, select) => {
    const df = WITH_CHILD.find(card)?.directories[0];
    return df === undefined ? none(WITH_CHILD.words) : [select('08', df.path)];
  }),
  way('P1-09', 'an EF by its path from the current DF', (card, select) => {
    const df = WITH_CHILD.find(card);
    const child = df?.directories.find((each) => each.files.length > 0);
    const ef = child?.files[0];
    if (df === null || child === undefined || ef === undefined) return none(WITH_CHILD.words);
    return [...df.select, select('09', `${child.fid}${ef.fid}`)];
  }),
];

/** Every way of naming a file, with every kind of answer. */
const WAYS_AND_KINDS: readonly ConformanceCase[] = WAYS.flatMap(({ name, words, steps }) =>
  KINDS.map(({ p2, words: kind, answer }) =>
    caseOf({
      id: `SEL-${name}-${p2}`,
      title: `${words}: ${kind}`,
      bind: steps((p1, data) => send(`SELECT, ${kind}`, command(p1, p2, data), answer)),
    }),
  ),
);

/** A SELECT case that finds its files itself. */
function caseOf(text: Pick<ConformanceCase, 'id' | 'title' | 'bind'>): ConformanceCase {
  return { ...text, standard: 'ISO/IEC 7816-4', commands: ['SELECT'], statusWords: [], destructive: false, needs: [] };
}

/** File identifier that is nowhere, in each way of naming. */
const NOT_FOUND: readonly ConformanceCase[] = [
  ['00', 'by identifier', (df: LocatedDirectory) => df.absentFid],
  ['01', 'as a child DF', (df: LocatedDirectory) => df.absentFid],
  ['02', 'as an EF under the current DF', (df: LocatedDirectory) => df.absentFid],
  ['04', 'by name', () => 'F0DEADBEEF'],
  ['08', 'by path from the MF', (df: LocatedDirectory) => `${df.path}${df.absentFid}`],
  ['09', 'by path from the current DF', (df: LocatedDirectory) => df.absentFid],
].flatMap(([p1, words, data], i) => {
  const absent = data as (df: LocatedDirectory) => string;
  const number = `${i + 1}`;
  return [
    defineCase({
      id: `SEL-20${number}`,
      title: `what is not there ${words as string} is not found`,
      commands: ['SELECT'],
      statusWords: ['6A82'],
      needs: { f: TRANSPARENT },
      steps: ({ f }) => [f.reach, send('SELECT', command(p1 as string, '00', absent(f.directory)), refused('6A82'))],
    }),
    defineCase({
      id: `SEL-21${number}`,
      title: `not found ${words as string}: the selection stays`,
      commands: ['SELECT', 'READ BINARY'],
      statusWords: ['6A82'],
      needs: { f: TRANSPARENT },
      steps: ({ f }) => [
        f.select,
        send('SELECT', command(p1 as string, '0C', absent(f.directory)), refused('6A82')),
        send('the EF is current still', '00B0000002', ok(f.part(0, 2))),
        send('and so is its DF', f.selection, ok('')),
      ],
    }),
  ];
});

/** A length of the data field that P1 cannot mean. */
const WRONG_LENGTHS: readonly ConformanceCase[] = [
  ['00', '3F', 'an identifier of one byte'],
  ['00', '3F0000', 'an identifier of three bytes'],
  ['01', '7F', 'a DF identifier of one byte'],
  ['01', '7F1000', 'a DF identifier of three bytes'],
  ['02', '2F', 'an EF identifier of one byte'],
  ['02', '2F0000', 'an EF identifier of three bytes'],
  ['03', '3F00', 'the parent DF with data'],
  ['08', '3F002F', 'a path of three bytes'],
  ['09', '2F', 'a path of one byte'],
].map(([p1, data, words], i) =>
  defineCase({
    id: `SEL-22${i + 1}`,
    title: `${words} is refused`,
    commands: ['SELECT'],
    statusWords: ['6A87'],
    steps: () => [
      send('SELECT', command(p1 as string, '0C', data as string), refused('6700|6A80|6A82|6A86|6A87', '6A87|6700')),
    ],
  }),
);

/** What control information says of a file: read from the FCP. */
const CONTROL_INFORMATION: readonly ConformanceCase[] = (
  [
    ['transparent', '01', 'a transparent EF'],
    ['linear-fixed', '02', 'a linear EF of fixed records'],
    ['linear-variable', '04', 'a linear EF of variable records'],
    ['cyclic', '06', 'a cyclic EF'],
    ['ber-tlv', '39', 'an EF of data objects'],
  ] as const
).flatMap(([structure, descriptor, words], i) => {
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
      id: `FCP-${i + 1}${id}`,
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

/** Names cut short on the right. */
const PARTIAL = trait('two DFs whose names begin alike', (card) => sharedStart(card) !== null);

function sharedStart(
  card: Parameters<typeof PARTIAL.find>[0],
): { readonly start: string; readonly names: readonly string[] } | null {
  const names = namesOf(card);
  for (const name of names) {
    const start = name.slice(0, -2);
    const alike = names.filter((each) => each.startsWith(start));
    if (start.length >= 10 && alike.length >= 2) return { start, names: alike };
  }
  return null;
}

function namesOf(card: Parameters<typeof PARTIAL.find>[0]): readonly string[] {
  const names: string[] = [];
  const walk = (df: NonNullable<typeof card.masterFile>): void => {
    if (df.name !== null) names.push(hex(...df.name));
    for (const child of df.children) if (child.kind === 'directory') walk(child);
  };
  if (card.masterFile !== null) walk(card.masterFile);
  for (const application of card.applications) walk(application);
  return names.sort();
}

const isOneOf = (names: readonly string[]): string => names.join('|');

const PARTIAL_NAMES: readonly ConformanceCase[] = [
  defineCase({
    id: 'SEL-301',
    title: 'a name cut short on the right selects a DF that begins like it',
    commands: ['SELECT'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        send(
          'SELECT first',
          command('04', '00', start),
          { status: '9000', objects: { '6F/84': commonPattern(names) } },
          { first: { object: '6F/84' } },
        ),
      ];
    },
  }),
  defineCase({
    id: 'SEL-302',
    title: 'next after the first is another DF that begins like it',
    commands: ['SELECT'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        given('SELECT first', command('04', '00', start)),
        send('SELECT next', command('04', '02', start), { status: '9000', objects: { '6F/84': commonPattern(names) } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-303',
    title: 'next goes through all that begin like it, and then finds no more',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        given('SELECT first', command('04', '00', start)),
        ...names.slice(1).map((_, i) => send(`SELECT next, ${i + 1}`, command('04', '02', start), '9000')),
        send('SELECT next, once too often', command('04', '02', start), refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'SEL-304',
    title: 'first and last are the ends of the same row: previous of last comes back to first',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        send('SELECT first', command('04', '00', start), '9000', { first: { object: '6F/84' } }),
        send('SELECT last', command('04', '01', start), '9000'),
        ...names.slice(2).map((_, i) => send(`SELECT previous, ${i + 1}`, command('04', '03', start), '9000')),
        send('SELECT previous reaches the first', command('04', '03', start), {
          status: '9000',
          objects: { '6F/84': '{first}' },
        }),
        send('SELECT previous, once too often', command('04', '03', start), refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'SEL-305',
    title: 'a whole name selects its DF and no longer one',
    commands: ['SELECT'],
    needs: { df: NAMED },
    steps: ({ df }) => [
      send('SELECT', command('04', '00', df.name), { status: '9000', objects: { '6F/84': df.name } }),
    ],
  }),
  defineCase({
    id: 'SEL-306',
    title: 'a name that goes on after the whole name of a DF is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED },
    steps: ({ df }) => [send('SELECT', command('04', '00', `${df.name}7E`), refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-307',
    title: 'names of 1 to 255 bytes that no DF has are refused, whatever their length',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    steps: () => [
      sweep(
        'SELECT by a name of each length',
        '00A40400{value}00',
        Array.from({ length: 255 }, (_, i) => `${hex(i + 1)}${'E7'.repeat(i + 1)}`),
        refused('6A82|6A80|6A86|6A87|6700'),
      ),
    ],
  }),
];

/** Every name has the same length where this is used with two; otherwise only the start is looked at. */
function commonPattern(names: readonly string[]): string {
  const first = isOneOf(names).split('|')[0] as string;
  let shared = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, shared))) shared--;
  return `${first.slice(0, shared)}*`;
}

const REST: readonly ConformanceCase[] = [
  defineCase({
    id: 'SEL-101',
    title: 'by identifier: the current DF sees its parent',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD },
    steps: ({ df }) => {
      const child = df.directories[0] as LocatedDirectory;
      return [
        child.select,
        send('SELECT the parent, FCP', `00A4000402${df.fid}00`, { status: '9000', objects: { '62/83': df.fid } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-102',
    title: 'by identifier: the current DF sees the DFs beside it',
    commands: ['SELECT'],
    needs: { df: WITH_SIBLING },
    steps: ({ df }) => {
      const sibling = df.parent?.directories.find((each) => each.fid !== df.fid) as LocatedDirectory;
      return [
        df.select,
        send('SELECT the sibling, FCP', `00A4000402${sibling.fid}00`, {
          status: '9000',
          objects: { '62/83': sibling.fid },
        }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-103',
    title: 'by identifier: the MF from anywhere',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD, mf: MASTER_FILE },
    steps: ({ df }) => [
      df.directories[0]?.select ?? [],
      send('SELECT MF, FCP', '00A40004023F0000', { status: '9000', objects: { '62/83': '3F00' } }),
    ],
  }),
  defineCase({
    id: 'SEL-104',
    title: 'by identifier: what lies two levels below is not seen',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: WITH_CHILD, mf: MASTER_FILE },
    steps: ({ df, mf }) => {
      const grandchild = df.directories[0] as LocatedDirectory;
      const hidden = mf.directories.every((each) => each.fid !== grandchild.fid);
      if (!hidden) return 'the identifier is there on another level too';
      return [mf.select, send('SELECT', `00A4000C02${grandchild.fid}`, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-105',
    title: 'P1 01 finds no EF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [f.reach, send('SELECT as a DF', `00A4010C02${f.fid}`, refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-106',
    title: 'P1 02 finds no DF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED_WITH_FILE },
    steps: ({ df }) => [df.parent?.select ?? [], send('SELECT as an EF', `00A4020C02${df.fid}`, refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-107',
    title: 'P1 03 climbs from level to level up to the MF',
    commands: ['SELECT'],
    needs: { df: WITH_CHILD },
    steps: ({ df }) => {
      const child = df.directories[0] as LocatedDirectory;
      return [
        child.select,
        send('SELECT parent', '00A4030400', { status: '9000', objects: { '62/83': df.fid } }),
        send('SELECT parent of that', '00A4030400', { status: '9000', objects: { '62/83': df.parent?.fid ?? '3F00' } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-108',
    title: 'the MF has no parent: either refused or the MF again',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: ({ mf }) => [mf.select, send('SELECT parent of the MF', '00A4030C', refused('9000|6A82|6A86|6985|6A81'))],
  }),
  defineCase({
    id: 'SEL-109',
    title: 'a path from the current DF does not begin with what lies beside it',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: WITH_SIBLING },
    steps: ({ df }) => {
      const sibling = df.parent?.directories.find((each) => each.fid !== df.fid) as LocatedDirectory;
      return [df.select, send('SELECT', `00A4090C02${sibling.fid}`, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-110',
    title: 'a path that goes through an EF is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      f.reach,
      send('SELECT', `00A4080C${field(`${f.directory.path}${f.fid}${f.fid}`)}`, refused('6A82')),
    ],
  }),
  defineCase({
    id: 'SEL-111',
    title: 'selecting a DF leaves no EF current',
    commands: ['SELECT', 'READ BINARY'],
    statusWords: ['6986'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      f.select,
      given('READ BINARY: the EF is current', '00B0000001'),
      f.reach,
      send('READ BINARY', '00B0000001', refused('6986')),
    ],
  }),
  defineCase({
    id: 'SEL-112',
    title: 'selecting an EF keeps its DF current: another EF of it can be selected',
    commands: ['SELECT'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => {
      const other = f.directory.files.find((each) => each.fid !== f.fid && each.lifeCycle === 'activated');
      if (other === undefined) return 'the DF has only one EF';
      return [f.select, send('SELECT the other', other.selection, ok(''))];
    },
  }),
  defineCase({
    id: 'SEL-113',
    title: 'after a reset the MF is current',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: ({ mf }) => {
      const child = mf.files[0];
      if (child === undefined) return 'the MF is declared without an EF';
      return [send('SELECT an EF of the MF, with nothing before', child.selection, ok(''))];
    },
  }),
  defineCase({
    id: 'SEL-114',
    title: 'after a reset no EF is current',
    commands: ['READ BINARY', 'SELECT'],
    statusWords: ['6986'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      f.select,
      given('READ BINARY', '00B0000001'),
      { kind: 'power', mode: 'warm' },
      send('READ BINARY', '00B0000001', refused('6986')),
    ],
  }),
  defineCase({
    id: 'SEL-115',
    title: 'a reset leaves the selected application: its EFs are not found in the MF',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED_WITH_FILE, mf: MASTER_FILE },
    steps: ({ df, mf }) => {
      const own = df.files.find((each) => mf.files.every((other) => other.fid !== each.fid));
      if (own === undefined) return 'its EFs have the identifiers of EFs in the MF';
      return [df.select, { kind: 'power', mode: 'warm' }, send('SELECT', own.selection, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'SEL-116',
    title: 'P1 values that mean nothing are refused',
    commands: ['SELECT'],
    statusWords: ['6A86'],
    steps: () => [
      sweep(
        'SELECT under a reserved P1',
        '00A4{value}0C023F00',
        [...bytesFrom(0x05, 0x07), ...bytesFrom(0x0b, 0xff)],
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'SEL-117',
    title: 'P2 with b8 to b5 set is refused',
    commands: ['SELECT'],
    statusWords: ['6A86'],
    steps: () => [
      sweep(
        'SELECT under a reserved P2',
        '00A400{value}023F00',
        bytesFrom(0x10, 0xff).filter((_, i) => (i & 0x03) === 0),
        refused('6A86|6A81|6B00', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'SEL-118',
    title: 'every P1-P2 gets a status word, and none but those of the standard',
    commands: ['SELECT'],
    needs: { f: TRANSPARENT },
    steps: ({ f }) => [
      sweep(
        'SELECT under each P1-P2',
        `00A4{value}02${f.fid}`,
        Array.from({ length: 65_536 }, (_, i) => hex16(i)),
        { status: '9000|6A80|6A81|6A82|6A86|6A87|6700|6B00|6283|6285' },
        '00A4000C023F00',
      ),
    ],
  }),
  defineCase({
    id: 'SEL-119',
    title: 'an extended Lc is as good as a short one',
    commands: ['SELECT'],
    needs: { extended: EXTENDED_LENGTH, mf: MASTER_FILE },
    steps: () => [send('SELECT MF', '00A4000C0000023F00', ok(''))],
  }),
  defineCase({
    id: 'SEL-120',
    title: 'with an extended Le the same template comes as with a short one',
    commands: ['SELECT'],
    needs: { extended: EXTENDED_LENGTH, mf: MASTER_FILE },
    steps: () => [
      send('SELECT MF, short', '00A40004023F0000', { status: '9000', data: '62*' }, { fcp: { object: '62' } }),
      send('SELECT MF, extended', '00A400040000023F000000', { status: '9000', objects: { 62: '{fcp}' } }),
    ],
  }),
  defineCase({
    id: 'SEL-121',
    title: 'without Le no template comes',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE, own: trait('T=1 rules', (card) => card.protocol === 'T=1') },
    steps: () => [send('SELECT MF, FCI, no Le', '00A40000023F00', { status: '9000|61XX', decided: '9000', data: '' })],
  }),
  defineCase({
    id: 'SEL-122',
    title: 'an Le smaller than the template is no reason to cut it',
    commands: ['SELECT'],
    statusWords: ['6CXX'],
    needs: { mf: MASTER_FILE, own: trait('T=1 rules', (card) => card.protocol === 'T=1') },
    steps: () => [send('SELECT MF, FCP, Le 02', '00A40004023F0002', { status: '6CXX|61XX', decided: '6CXX' })],
  }),
  defineCase({
    id: 'SEL-123',
    title: 'refused for its Le, SELECT leaves the selection as it was',
    commands: ['SELECT'],
    needs: {
      f: TRANSPARENT,
      own: trait("Vitap's decisions", (card) => card.decisions === 'vitap' && card.protocol === 'T=1'),
    },
    steps: ({ f }) => [
      f.select,
      send('SELECT MF, FCP, Le 02', '00A40004023F0002', refused('6CXX')),
      send('READ BINARY: the EF is current still', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'SEL-124',
    title: 'identifier 3FFF in a path means the current DF and is no file',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { mf: MASTER_FILE },
    steps: () => [send('SELECT 3FFF as an EF', '00A4020C023FFF', refused('6A82|6A80'))],
  }),
  defineCase({
    id: 'SEL-125',
    title: 'files of the same identifier in two DFs are two files',
    commands: ['SELECT', 'READ BINARY'],
    needs: { pair: trait('two EFs of one identifier in two DFs', (card) => twins(card) !== null) },
    steps: ({ pair }) => {
      const [a, b] = twins(pair)!;
      return [
        a.select,
        send('READ BINARY of the one', '00B0000002', ok(a.part(0, 2))),
        b.select,
        send('SELECT the other, FCP', `00A4020402${b.fid}00`, {
          status: '9000',
          objects: { '62/80': hex16(b.length) },
        }),
      ];
    },
  }),
];

function twins(
  card: Parameters<typeof PARTIAL.find>[0],
): readonly [a: ReturnType<typeof TRANSPARENT.find> & object, b: ReturnType<typeof TRANSPARENT.find> & object] | null {
  const all = transparentFiles(card);
  for (const a of all) {
    const b = all.find(
      (each) => each.fid === a.fid && each.directory.path !== a.directory.path && each.length !== a.length,
    );
    if (b !== undefined) return [a, b];
  }
  return null;
}

function transparentFiles(card: Parameters<typeof PARTIAL.find>[0]): readonly LocatedFile[] {
  return filesOf(card).filter(
    (each) =>
      each.structure === 'transparent' &&
      each.access.read === 'free' &&
      each.lifeCycle === 'activated' &&
      each.length >= 2,
  );
}

export const SELECT_CASES: readonly ConformanceCase[] = [
  ...WAYS_AND_KINDS,
  ...REST,
  ...NOT_FOUND,
  ...WRONG_LENGTHS,
  ...PARTIAL_NAMES,
  ...CONTROL_INFORMATION,
  ...DIRECTORY_INFORMATION,
];
