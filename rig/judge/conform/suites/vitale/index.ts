import { TlvReader } from '../../../../../src/apdu/ber-tlv-reader.ts';
import { defineCase as define, field, given, ok, refused, send } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import { directoriesOf, LocatedCode, type LocatedDirectory, type LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase, Need, Suite } from '../../model.ts';
import { IN_CLEAR, trait } from '../../needs.ts';
import { SUITE_ABOUT } from '../about.ts';

/** What public programs send to a Vitale card, command for command, and what its free files must hold. */
const STANDARD = 'field practice';

const MF_VITALE = 'D2500000024D465F564954414C45';
const VITALE = 'D250000002564954414C45';
const OWN = 'F0617043562D454D5501';

function named(words: string, name: string): Need<LocatedDirectory> {
  return { words, find: (card) => directoriesOf(card).find((each) => each.name === name) ?? null };
}

/** The card is a Vitale, or is not known not to be. */
const IS_VITALE = trait(
  'the application VITALE',
  (card) => card.masterFile === null || named('', VITALE).find(card) !== null,
);
const HAS_OWN = named('our own application', OWN);

function fileOf(words: string, name: string, fid: string): Need<LocatedFile> {
  return {
    words,
    find: (card) =>
      named('', name)
        .find(card)
        ?.files.find((each) => each.fid === fid && each.length > 0) ?? null,
  };
}

const IDENTITIES = fileOf('identities in D001 of MF_VITALE', MF_VITALE, 'D001');
const NIRS = fileOf('NIRs in 2002 of VITALE', VITALE, '2002');
const POINTERS = fileOf('POINTERS in 2001 of VITALE', VITALE, '2001');

/** 8 digits, and 15, in ASCII. */
const DATE = '3X'.repeat(8);
const NIR = '3X'.repeat(15);

interface Template {
  readonly tag: number;
  readonly length: number;
  readonly objects: ReadonlyMap<number, string>;
}

/** The templates of a file, each with its data objects in hex. */
function templates(file: LocatedFile): readonly Template[] {
  const reader = new TlvReader(file.declaration.content ?? new Uint8Array(0));
  const found: Template[] = [];
  while (reader.next()) {
    const objects = new Map<number, string>();
    const inner = reader.enter();
    while (inner.next()) objects.set(inner.tag, hex(...inner.value()));
    found.push({ tag: reader.tag, length: reader.valueLength, objects });
  }
  return found;
}

interface Pointed {
  readonly application: string;
  readonly fid: string;
}

/** The files that POINTERS names: E0 { A0 { 82 id xx AID … } 80 name[8] id fid … }. */
function pointed(file: LocatedFile): readonly Pointed[] {
  const outer = new TlvReader(file.declaration.content ?? new Uint8Array(0));
  if (!outer.next() || outer.tag !== 0xe0) return [];
  const applications = new Map<string, string>();
  const files: Pointed[] = [];
  const list = outer.enter();
  while (list.next()) {
    if (list.tag === 0xa0) {
      const table = list.enter();
      while (table.next()) {
        const value = hex(...table.value());
        if (table.tag === 0x82) applications.set(value.slice(0, 4), value.slice(8));
      }
    } else if (list.tag === 0x80) {
      const value = hex(...list.value());
      files.push({ application: applications.get(value.slice(16, 20)) ?? '', fid: value.slice(20, 24) });
    }
  }
  return files;
}

const FIELD: readonly ConformanceCase[] = [
  define({
    id: 'VIT-001',
    standard: STANDARD,
    title: 'by short identifier: SELECT 3F00 without Le, READ BINARY of SFI 2 gives identities',
    commands: ['SELECT', 'READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      send('SELECT 3F00', '00A40000023F00', { status: '9000|61XX' }),
      send('READ BINARY of SFI 2', '00B0820000', { status: '9000|6282', data: '65*' }),
    ],
  }),
  define({
    id: 'VIT-002',
    standard: STANDARD,
    title: 'by short identifier: SELECT VITALE without Le, READ BINARY of SFI 2 gives NIRs',
    commands: ['SELECT', 'READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      send('SELECT VITALE', `00A40400${field(VITALE)}`, { status: '9000|61XX' }),
      send('READ BINARY of SFI 2', '00B0820000', { status: '9000|6282', data: '65*' }),
    ],
  }),
  define({
    id: 'VIT-003',
    standard: STANDARD,
    title: 'the first identity has a name, a first name and a birth date of 8 digits',
    commands: ['READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      given('SELECT 3F00', '00A40000023F00', '9000|61XX'),
      send('READ BINARY of SFI 2', '00B0820000', {
        status: '9000|6282',
        objects: { '65/80': 'XX*', '65/81': 'XX*', '65/82': DATE },
      }),
    ],
  }),
  define({
    id: 'VIT-004',
    standard: STANDARD,
    title: 'the first NIR has 15 digits',
    commands: ['READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      given('SELECT VITALE', `00A40400${field(VITALE)}`, '9000|61XX'),
      send('READ BINARY of SFI 2', '00B0820000', { status: '9000|6282', objects: { '65/93': NIR } }),
    ],
  }),
  define({
    id: 'VIT-005',
    standard: STANDARD,
    title: 'by identifier: SELECT MF_VITALE, SELECT D001, GET RESPONSE, READ BINARY of 124 bytes',
    commands: ['SELECT', 'GET RESPONSE', 'READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      send('SELECT MF_VITALE', `00A40400${field(MF_VITALE)}00`, { status: '9000|61XX' }),
      send('SELECT D001', '00A4020002D00100', { status: '9000|61XX' }),
      // A T=0 card gives its 30 bytes here, a T=1 card has given them.
      send('GET RESPONSE of 30 bytes', '00C000001E', { status: '9000|6985|6D00|6CXX', data: '*' }),
      send('READ BINARY of 124 bytes', '00B000007C', { status: '9000|6282', data: '65*' }),
    ],
  }),
  define({
    id: 'VIT-006',
    standard: STANDARD,
    title: 'the walk along POINTERS begins: SELECT VITALE, SELECT 2001, READ BINARY gives E0',
    commands: ['SELECT', 'READ BINARY'],
    needs: { vitale: IS_VITALE },
    steps: () => [
      send('SELECT VITALE', `00A40400${field(VITALE)}00`, { status: '9000|61XX' }),
      send('SELECT 2001', '00A402000220 0100', { status: '9000|61XX' }),
      send('READ BINARY', '00B0000000', { status: '9000|6282', data: 'E0*' }),
    ],
  }),
  define({
    id: 'VIT-007',
    standard: STANDARD,
    title: 'every application that POINTERS names can be selected: a walk that fails at one loses its place',
    commands: ['SELECT'],
    needs: { f: POINTERS },
    steps: ({ f }) => {
      const names = [...new Set(pointed(f).map((each) => each.application))];
      if (names.length === 0) return 'POINTERS is declared empty';
      return names.map((name) => send(`SELECT ${name}`, `00A40400${field(name)}00`, { status: '9000|61XX' }));
    },
  }),
  define({
    id: 'VIT-008',
    standard: STANDARD,
    title: 'every file that POINTERS names is there, and gives data or says that it is closed',
    commands: ['SELECT', 'READ BINARY'],
    needs: { f: POINTERS },
    steps: ({ f }) =>
      pointed(f).flatMap(({ application, fid }) => [
        given(`SELECT ${application}`, `00A40400${field(application)}00`, '9000|61XX'),
        send(`SELECT ${fid}`, `00A4020002${fid}00`, { status: '9000|61XX|6283' }),
        send(`READ BINARY of ${fid}`, '00B0000000', { status: '9000|6282|6982|6981', data: '*' }),
      ]),
  }),
  define({
    id: 'VIT-009',
    standard: STANDARD,
    title: 'identity of a whole file is as declared, read in chunks of 256 bytes as the walk does',
    commands: ['READ BINARY'],
    needs: { f: IDENTITIES },
    steps: ({ f }) => {
      const steps: CommandStep[] = [];
      for (let at = 0; at < f.length; at += 256) {
        steps.push(
          send(`READ BINARY from ${at}`, `00B0${hex16(at)}00`, { status: '9000|6282', data: f.part(at, 256) }),
        );
      }
      return [
        given('SELECT MF_VITALE', `00A40400${field(MF_VITALE)}00`, '9000|61XX'),
        given('SELECT D001', '00A4020002D00100', '9000|61XX'),
        steps,
      ];
    },
  }),
  define({
    id: 'VIT-010',
    standard: STANDARD,
    title: 'D001 by identifier is what SFI 2 of the MF gives',
    commands: ['READ BINARY'],
    needs: { f: IDENTITIES },
    steps: ({ f }) => {
      if (f.length > 256) return 'it is longer than one read';
      return [
        given('SELECT 3F00', '00A40000023F00', '9000|61XX'),
        send('READ BINARY of SFI 2', '00B0820000', { status: '9000|6282', data: f.content }),
        given('SELECT MF_VITALE', `00A40400${field(MF_VITALE)}00`, '9000|61XX'),
        given('SELECT D001', '00A4020002D00100', '9000|61XX'),
        send('READ BINARY', '00B0000000', { status: '9000|6282', data: f.content }),
      ];
    },
  }),
];

/** What limits of programs in the field ask of the free files. */
const LIMITS: readonly ConformanceCase[] = (
  [
    ['1', 'identities', IDENTITIES, MF_VITALE],
    ['2', 'NIRs', NIRS, VITALE],
  ] as const
).flatMap(([id, words, need, application]) => {
  const select = (f: LocatedFile): readonly CommandStep[] => [
    given('SELECT the application', `00A40400${field(application)}00`, '9000|61XX'),
    given(`SELECT ${f.fid}`, `00A4020002${f.fid}00`, '9000|61XX'),
  ];
  return [
    define({
      id: `VIT-1${id}1`,
      standard: STANDARD,
      title: `the ${words} fit one read of 256 bytes, and end without padding`,
      commands: ['READ BINARY'],
      needs: { f: need },
      steps: ({ f }) => [
        select(f),
        send('READ BINARY with Le 00 gives the whole', '00B0000000', {
          status: '9000|6282',
          length: [1, 256],
          data: f.content,
        }),
        send('there is nothing behind it', `00B0${hex16(f.length)}00`, refused('6B00|6282')),
      ],
    }),
    define({
      id: `VIT-1${id}2`,
      standard: STANDARD,
      title: `the ${words} of each person have lengths of one byte: 127 bytes or fewer`,
      commands: ['READ BINARY'],
      needs: { f: need },
      steps: ({ f }) => {
        let at = 0;
        const steps: CommandStep[] = [];
        templates(f).forEach(({ length }, i) => {
          steps.push(
            send(`READ BINARY of the head of person ${i + 1}`, `00B0${hex16(at)}02`, {
              status: '9000',
              data: `65${hex(Math.min(length, 127))}`,
            }),
          );
          at += length + (length < 128 ? 2 : 3);
        });
        return [select(f), steps];
      },
    }),
  ];
});

const PAIRING: readonly ConformanceCase[] = [
  define({
    id: 'VIT-131',
    standard: STANDARD,
    title: 'there are as many NIRs as identities: programs pair them by their place',
    commands: ['READ BINARY'],
    needs: { identities: IDENTITIES, nirs: NIRS },
    steps: ({ identities, nirs }) => {
      if (templates(identities).length !== templates(nirs).length) return 'they are declared in different numbers';
      return [
        given('SELECT 3F00', '00A40000023F00', '9000|61XX'),
        send('READ BINARY of the identities', '00B0820000', { status: '9000|6282', data: identities.content }),
        given('SELECT VITALE', `00A40400${field(VITALE)}`, '9000|61XX'),
        send('READ BINARY of the NIRs', '00B0820000', { status: '9000|6282', data: nirs.content }),
      ];
    },
  }),
  define({
    id: 'VIT-132',
    standard: STANDARD,
    title: 'nothing that is free to read can be written by a reader',
    commands: ['UPDATE BINARY'],
    statusWords: ['6982'],
    destructive: true,
    needs: { f: IDENTITIES },
    steps: ({ f }) => [
      f.select,
      send('UPDATE BINARY', '00D6000001FF', refused('6982|6985|6D00')),
      send('READ BINARY', '00B0000001', ok(f.part(0, 1))),
    ],
  }),
];

/** Our own application: what is behind the code stays there. */
function guardedFiles(application: LocatedDirectory): readonly LocatedFile[] {
  return application.files.filter((each) => each.access.read !== undefined && each.access.read !== 'free');
}

const read = (f: LocatedFile): string => (f.structure === 'transparent' ? `00B0${f.p1}0000` : `00B201${f.p2(4)}00`);

const OWN_APPLICATION: readonly ConformanceCase[] = [
  define({
    id: 'VIT-201',
    standard: STANDARD,
    title: 'before the code nothing personal of the own application can be read',
    commands: ['READ RECORD', 'READ BINARY'],
    statusWords: ['6982'],
    needs: { own: HAS_OWN },
    steps: ({ own }) => {
      const files = guardedFiles(own);
      if (files.length === 0) return 'every file there is free to read';
      return [own.select, files.map((each) => send(`read ${each.fid}`, read(each), refused('6982')))];
    },
  }),
  define({
    id: 'VIT-202',
    standard: STANDARD,
    title: 'after the code all of it can be read, and is as declared',
    commands: ['VERIFY', 'READ RECORD', 'READ BINARY'],
    needs: { own: HAS_OWN },
    steps: ({ own }) => {
      const code = codeIn(own);
      if (code === null) return 'its code cannot be presented in the clear on this interface';
      return [
        own.select,
        given('VERIFY', code.verify(code.right)),
        guardedFiles(own).map((each) =>
          send(`read ${each.fid}`, read(each), {
            status: '9000|6282',
            data: each.structure === 'transparent' ? each.part(0, 256) : each.record(1),
          }),
        ),
      ];
    },
  }),
  define({
    id: 'VIT-203',
    standard: STANDARD,
    title: 'leaving the own application closes it again',
    commands: ['VERIFY', 'SELECT', 'READ RECORD'],
    statusWords: ['6982'],
    needs: { own: HAS_OWN },
    steps: ({ own }) => {
      const code = codeIn(own);
      const first = guardedFiles(own)[0];
      if (code === null || first === undefined) return 'its code cannot be presented in the clear on this interface';
      return [
        own.select,
        given('VERIFY', code.verify(code.right)),
        send('SELECT 3F00', '00A4000C023F00', ok('')),
        own.select,
        send(`read ${first.fid}`, read(first), refused('6982')),
      ];
    },
  }),
  define({
    id: 'VIT-204',
    standard: STANDARD,
    title: 'a wrong code opens nothing',
    commands: ['VERIFY', 'READ RECORD'],
    statusWords: ['63CX', '6982'],
    destructive: true,
    needs: { own: HAS_OWN },
    steps: ({ own }) => {
      const code = codeIn(own);
      const first = guardedFiles(own)[0];
      if (code === null || first === undefined) return 'its code cannot be presented in the clear on this interface';
      return [
        own.select,
        send('VERIFY a wrong code', code.verify(code.wrong), refused('63CX')),
        send(`read ${first.fid}`, read(first), refused('6982')),
      ];
    },
  }),
  define({
    id: 'VIT-205',
    standard: STANDARD,
    title: 'invoices come newest first',
    commands: ['VERIFY', 'READ RECORD'],
    needs: { own: HAS_OWN },
    steps: ({ own }) => {
      const code = codeIn(own);
      const invoices = own.files.find((each) => each.structure === 'cyclic' && each.count > 1);
      if (code === null || invoices === undefined) return 'there are no invoices that this interface can read';
      return [
        own.select,
        given('VERIFY', code.verify(code.right)),
        Array.from({ length: invoices.count }, (_, i) =>
          send(`READ RECORD ${i + 1}`, `00B2${hex(i + 1)}${invoices.p2(4)}00`, ok(invoices.record(i + 1))),
        ),
      ];
    },
  }),
  define({
    id: 'VIT-206',
    standard: STANDARD,
    title: 'where the holder unlocks on the phone, the code in the clear is refused',
    commands: ['VERIFY', 'READ RECORD'],
    statusWords: ['6982'],
    needs: {
      own: HAS_OWN,
      contactless: trait('a contactless interface', (card) => card.interface === 'contactless'),
      clear: IN_CLEAR,
    },
    steps: ({ own }) => {
      const code = own.declaration.codes.find((each) => !each.presentable);
      const first = guardedFiles(own)[0];
      if (code === undefined || first === undefined) return 'its code can be presented in the clear';
      const located = new LocatedCode(code, own);
      return [
        own.select,
        send('VERIFY the right code, in the clear', located.verify(located.right), refused('6982')),
        send(`read ${first.fid}`, read(first), refused('6982')),
      ];
    },
  }),
];

/** The code that opens the application, if it can be presented here. */
function codeIn(own: LocatedDirectory): LocatedCode | null {
  const conditions = guardedFiles(own).map((each) => each.access.read);
  const found = own.declaration.codes.find(
    (each) =>
      each.presentable &&
      conditions.every((one) => typeof one === 'object' && 'code' in one && one.code === each.reference),
  );
  return found === undefined ? null : new LocatedCode(found, own);
}

export const VITALE_SUITE: Suite = {
  ...SUITE_ABOUT.vitale,
  cases: [...FIELD, ...LIMITS, ...PAIRING, ...OWN_APPLICATION],
};
