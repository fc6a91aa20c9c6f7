import type { CardDeclaration } from '../../declaration.ts';
import { defineCase, field, given, ok, refused, SELECTED, send, tlv } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { LocatedDirectory } from '../../located.ts';
import type { CommandStep, ConformanceCase, Need, Step } from '../../model.ts';
import { directory, trait } from '../../needs.ts';

const CREATE = 'CREATE FILE';
const DELETE = 'DELETE FILE';

/** A DF in which everything may be made and unmade. @param bytes that the files of the case hold together */
function workshop(bytes: number): Need<LocatedDirectory> {
  return directory(
    `a DF in which files are free to create and to delete, on a card with ${bytes} known bytes of room or more`,
    {
      inTree: true,
      access: { 'create-ef': 'free', 'create-df': 'free', 'delete-child': 'free' },
      // Two files are the most that a case makes at a time; what a card keeps of each besides is its own affair.
      free: { entries: 2, bytes: bytes + 256 },
    },
  );
}

export const WORKSHOP: Need<LocatedDirectory> = workshop(256);
/** Bytes that no card with a workshop has room for. */
const TOO_MANY = trait(
  'a known room of less than 65,535 bytes',
  (card) => card.free !== null && card.free.bytes < 65_535,
);
const FREE_ENTRY = { entries: 1, bytes: 256 };

/** Compact format: every access mode, always. */
const OPEN = tlv('8C', `7F${'00'.repeat(7)}`);

interface NewFile {
  readonly fid: string;
  readonly descriptor: string;
  readonly size?: number;
  readonly sfi?: number;
  readonly lifeCycle?: string;
  readonly name?: string;
}

/** CREATE FILE with a file control parameters template. */
export function create({ fid, descriptor, size, sfi, lifeCycle = '05', name }: NewFile): string {
  const parameters = [
    size === undefined ? '' : tlv('80', hex16(size)),
    tlv('82', descriptor),
    tlv('83', fid),
    name === undefined ? '' : tlv('84', name),
    sfi === undefined ? '' : tlv('88', hex(sfi << 3)),
    tlv('8A', lifeCycle),
    OPEN,
  ].join('');
  return `00E00000${field(tlv('62', parameters))}`;
}

/** Makes a BER-TLV EF with room for `size` bytes and selects it. @returns why not, where that cannot be */
export function openObjects(card: CardDeclaration, size: number): readonly Step[] | string {
  const need = workshop(size);
  const df = need.find(card);
  if (df === null) return `the card has not ${need.words}, as far as it is declared`;
  const fid = df.absentFid;
  return [
    ...df.select,
    given('CREATE FILE for data objects', create({ fid, descriptor: '3941', size })),
    given('SELECT it', `00A4020C02${fid}`),
  ];
}

/** Each structure, what makes a file of it and what shows that it is there. */
const STRUCTURES: readonly {
  readonly id: string;
  readonly words: string;
  readonly file: Omit<NewFile, 'fid'>;
  readonly use: readonly CommandStep[];
}[] = [
  {
    id: '1',
    words: 'a transparent EF',
    file: { descriptor: '0141', size: 32 },
    use: [send('UPDATE BINARY', '00D6000003010203', ok('')), send('READ BINARY', '00B0000003', ok('010203'))],
  },
  {
    id: '2',
    words: 'a linear EF of fixed records',
    file: { descriptor: '0241000403', size: 12 },
    use: [send('APPEND RECORD', '00E2000004A1A2A3A4', ok('')), send('READ RECORD 1', '00B2010400', ok('A1A2A3A4'))],
  },
  {
    id: '3',
    words: 'a linear EF of variable records',
    file: { descriptor: '0441000803', size: 24 },
    use: [send('APPEND RECORD', '00E2000002B1B2', ok('')), send('READ RECORD 1', '00B2010400', ok('B1B2'))],
  },
  {
    id: '4',
    words: 'a cyclic EF',
    file: { descriptor: '0641000203', size: 6 },
    use: [
      send('APPEND RECORD', '00E2000002C1C1', ok('')),
      send('APPEND RECORD', '00E2000002C2C2', ok('')),
      send('READ RECORD 1', '00B2010400', ok('C2C2')),
    ],
  },
  {
    id: '5',
    words: 'an EF of data objects',
    file: { descriptor: '3941', size: 64 },
    use: [send('PUT DATA', '00DA00C102D1D2', ok('')), send('GET DATA', '00CA00C100', ok('D1D2'))],
  },
];

const missing = (df: LocatedDirectory, more = 0): string => hex16(Number.parseInt(df.absentFid, 16) + more);

export const CREATION_CASES: readonly ConformanceCase[] = [
  ...STRUCTURES.flatMap(({ id, words, file, use }) => [
    defineCase({
      id: `CRE-00${id}`,
      title: `CREATE FILE makes ${words}, which works and stays`,
      commands: [CREATE],
      destructive: true,
      needs: { df: WORKSHOP },
      steps: ({ df }) => {
        const fid = missing(df);
        return [
          df.select,
          send('CREATE FILE', create({ fid, ...file }), ok('')),
          send('SELECT it', `00A4020C02${fid}`, ok('')),
          use,
          { kind: 'power', mode: 'cold' },
          df.select,
          send('SELECT it after the power went off', `00A4020C02${fid}`, ok('')),
        ];
      },
    }),
    defineCase({
      id: `CRE-01${id}`,
      title: `CREATE FILE makes ${words} the current EF`,
      commands: [CREATE],
      destructive: true,
      needs: { df: WORKSHOP },
      steps: ({ df }) => [df.select, send('CREATE FILE', create({ fid: missing(df), ...file }), ok('')), use],
    }),
    defineCase({
      id: `DEL-00${id}`,
      title: `DELETE FILE of ${words}: it is found no more, and its identifier is free`,
      commands: [DELETE, CREATE],
      statusWords: ['6A82'],
      destructive: true,
      needs: { df: WORKSHOP },
      steps: ({ df }) => {
        const fid = missing(df);
        return [
          df.select,
          given('CREATE FILE', create({ fid, ...file })),
          given('SELECT it', `00A4020C02${fid}`),
          send('DELETE FILE', '00E40000', ok('')),
          df.select,
          send('SELECT it', `00A4020C02${fid}`, refused('6A82')),
          send('CREATE FILE with its identifier', create({ fid, ...file }), ok('')),
        ];
      },
    }),
  ]),
  defineCase({
    id: 'CRE-021',
    title: 'CREATE FILE makes a DF, in which files can be made',
    commands: [CREATE],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        send('CREATE FILE of a DF', create({ fid, descriptor: '38' }), ok('')),
        send('SELECT it, FCP', `00A4000402${fid}00`, { status: '9000', objects: { '62/83': fid, '62/82': '38*' } }),
        send('CREATE FILE in it', create({ fid: '6F7A', descriptor: '0141', size: 4 }), ok('')),
        send('SELECT that', '00A4020C026F7A', ok('')),
      ];
    },
  }),
  defineCase({
    id: 'CRE-022',
    title: 'CREATE FILE makes a DF with a name, by which it is selected',
    commands: [CREATE, 'SELECT'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const name = 'F07465737444460A';
      return [
        df.select,
        send('CREATE FILE of a DF', create({ fid: missing(df), descriptor: '38', name }), ok('')),
        send('SELECT MF', '00A4000C023F00', ok('')),
        send('SELECT by name', `00A40400${field(name)}00`, { status: '9000', objects: { '6F/84': name } }),
      ];
    },
  }),
  defineCase({
    id: 'CRE-023',
    title: 'CREATE FILE with an identifier that is there',
    commands: [CREATE],
    statusWords: ['6A89'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        given('CREATE FILE', create({ fid, descriptor: '0141', size: 4 })),
        df.select,
        send('CREATE FILE again', create({ fid, descriptor: '0141', size: 4 }), refused('6A89|6A80|6985', '6A89')),
      ];
    },
  }),
  defineCase({
    id: 'CRE-024',
    title: 'CREATE FILE with a DF name that is there',
    commands: [CREATE],
    statusWords: ['6A8A'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const name = namesIn(df)[0];
      if (name === undefined) return 'there is no DF with a name';
      return [
        df.select,
        send(
          'CREATE FILE of a DF',
          create({ fid: missing(df), descriptor: '38', name }),
          refused('6A8A|6A89|6A80', '6A8A'),
        ),
      ];
    },
  }),
  defineCase({
    id: 'CRE-025',
    title: 'CREATE FILE of more than there is room for',
    commands: [CREATE],
    statusWords: ['6A84'],
    destructive: true,
    needs: { df: WORKSHOP, less: TOO_MANY },
    steps: ({ df }) => [
      df.select,
      send(
        'CREATE FILE of 65,535 bytes',
        create({ fid: missing(df), descriptor: '0141', size: 0xffff }),
        refused('6A84'),
      ),
    ],
  }),
  defineCase({
    id: 'CRE-026',
    title: 'a refused CREATE FILE makes nothing',
    commands: [CREATE],
    statusWords: ['6A82', '6A84'],
    destructive: true,
    needs: { df: WORKSHOP, less: TOO_MANY },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        send('CREATE FILE of 65,535 bytes', create({ fid, descriptor: '0141', size: 0xffff }), refused('6A84')),
        send('SELECT it', `00A4020C02${fid}`, refused('6A82')),
      ];
    },
  }),
  ...(
    [
      ['1', 'nothing', ''],
      ['2', 'a template that is cut short', '620A8001'],
      ['3', 'another template', '6F0682010183024A4B'],
      ['4', 'no identifier', tlv('62', `${tlv('80', '0004')}${tlv('82', '0141')}`)],
      ['5', 'no descriptor', tlv('62', `${tlv('80', '0004')}${tlv('83', '4A4C')}`)],
      ['6', 'a descriptor of no structure', tlv('62', `${tlv('80', '0004')}${tlv('82', '0741')}${tlv('83', '4A4C')}`)],
      ['7', 'the identifier of the MF', tlv('62', `${tlv('80', '0004')}${tlv('82', '0141')}${tlv('83', '3F00')}`)],
      ['8', 'the identifier FFFF', tlv('62', `${tlv('80', '0004')}${tlv('82', '0141')}${tlv('83', 'FFFF')}`)],
    ] as const
  ).map(([id, words, data]) =>
    defineCase({
      id: `CRE-03${id}`,
      title: `CREATE FILE with ${words}`,
      commands: [CREATE],
      statusWords: ['6A80'],
      destructive: true,
      needs: { df: WORKSHOP },
      steps: ({ df }) => [
        df.select,
        send('CREATE FILE', `00E00000${field(data)}`, refused('6A80|6700|6A85|6A87|6A89|6A86')),
      ],
    }),
  ),
  defineCase({
    id: 'CRE-041',
    title: 'CREATE FILE where the rule of the DF does not permit it',
    commands: [CREATE],
    statusWords: ['6982'],
    destructive: true,
    needs: {
      df: directory('a DF in which files are never created, on a card with room', {
        inTree: true,
        access: { 'create-ef': 'never' },
        free: FREE_ENTRY,
      }),
    },
    steps: ({ df }) => [
      df.select,
      send('CREATE FILE', create({ fid: missing(df), descriptor: '0141', size: 4 }), refused('6982|6985', '6982')),
    ],
  }),
  defineCase({
    id: 'CRE-042',
    title: 'CREATE FILE behind a code that was not presented',
    commands: [CREATE],
    statusWords: ['6982'],
    destructive: true,
    needs: {
      df: directory('a DF in which files are created after a code, on a card with room', {
        inTree: true,
        access: { 'create-ef': 'code' },
        free: FREE_ENTRY,
      }),
    },
    steps: ({ df }) => [
      df.select,
      send('CREATE FILE', create({ fid: missing(df), descriptor: '0141', size: 4 }), refused('6982')),
    ],
  }),
  defineCase({
    id: 'CRE-043',
    title: 'files can be created until there is room for no more, and deleting one makes room',
    commands: [CREATE, DELETE],
    destructive: true,
    needs: { df: workshop(8000) },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        Array.from({ length: 4 }, (_, i) =>
          send(`CREATE FILE and DELETE FILE, ${i + 1}`, create({ fid, descriptor: '0141', size: 8000 }), ok('')),
        ).flatMap((step) => [step, send('DELETE FILE', '00E40000', ok('')), ...df.select]),
      ];
    },
  }),
  defineCase({
    id: 'DEL-011',
    title: 'DELETE FILE by identifier',
    commands: [DELETE],
    statusWords: ['6A82'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        given('CREATE FILE', create({ fid, descriptor: '0141', size: 4 })),
        df.select,
        send('DELETE FILE', `00E4000002${fid}`, ok('')),
        send('SELECT it', `00A4020C02${fid}`, refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'DEL-012',
    title: 'DELETE FILE of a DF takes what is in it along',
    commands: [DELETE],
    statusWords: ['6A82'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        given('CREATE FILE of a DF', create({ fid, descriptor: '38' })),
        given('CREATE FILE in it', create({ fid: '6F7A', descriptor: '0141', size: 4 })),
        df.select,
        send('DELETE FILE of the DF', `00E4000002${fid}`, ok('')),
        df.select,
        send('SELECT it', `00A4000C02${fid}`, refused('6A82')),
        send('SELECT what was in it', `00A4080C${field(`${df.path}${fid}6F7A`)}`, refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'DEL-013',
    title: 'DELETE FILE of what is not there',
    commands: [DELETE],
    statusWords: ['6A82'],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => [df.select, send('DELETE FILE', `00E4000002${missing(df)}`, refused('6A82'))],
  }),
  defineCase({
    id: 'DEL-014',
    title: 'what was in a deleted file is not in a new one of its size',
    commands: [DELETE, CREATE],
    destructive: true,
    needs: { df: WORKSHOP },
    steps: ({ df }) => {
      const fid = missing(df);
      return [
        df.select,
        given('CREATE FILE', create({ fid, descriptor: '0141', size: 8 })),
        given('UPDATE BINARY', '00D60000085EC2E75EC2E75EC2'),
        send('DELETE FILE', '00E40000', ok('')),
        df.select,
        send('CREATE FILE', create({ fid, descriptor: '0141', size: 8 }), ok('')),
        send('READ BINARY', '00B0000008', { status: '9000', data: '0000000000000000|FFFFFFFFFFFFFFFF' }),
      ];
    },
  }),
  defineCase({
    id: 'DEL-015',
    title: 'DELETE FILE where the rule does not permit it',
    commands: [DELETE],
    statusWords: ['6982'],
    destructive: true,
    needs: {
      df: directory('a DF from which nothing is ever deleted', {
        inTree: true,
        withFile: true,
        access: { 'delete-child': 'never' },
      }),
    },
    steps: ({ df }) => {
      const ef = df.files.find((each) => each.access.delete === 'never');
      if (ef === undefined) return 'each of its EFs may be deleted';
      return [
        ef.select,
        send('DELETE FILE', '00E40000', refused('6982|6985', '6982')),
        send('SELECT it', ef.selection, SELECTED),
      ];
    },
  }),
];

function namesIn(df: LocatedDirectory): readonly string[] {
  const root = ((): LocatedDirectory => {
    let at = df;
    while (at.parent !== null) at = at.parent;
    return at;
  })();
  const names: string[] = [];
  const walk = (each: LocatedDirectory): void => {
    if (each.name !== '') names.push(each.name);
    for (const child of each.everyDirectory) walk(child);
  };
  walk(root);
  return names;
}
