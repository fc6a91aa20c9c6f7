import { defineCase, extendedField, field, given, ok, refused, send, sweep } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { CHAINING, channels, EXTENDED_LENGTH, file, MASTER_FILE, trait } from '../../needs.ts';
import { openObjects } from './creation.ts';

const F = file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 });
const FREE = file({ structure: 'transparent', access: { read: 'free', update: 'free' }, bytes: 16 });
const OWN = trait("Vitap's decisions", (card) => card.decisions === 'vitap');
const T1 = trait('T=1 rules', (card) => card.protocol === 'T=1');
const chain = { chaining: CHAINING };

const filled = (f: { select: readonly CommandStep[] }, data: string): readonly CommandStep[] => [
  ...f.select,
  given('UPDATE BINARY', `00D60000${field(data)}`),
];

/** Command chaining: class bit 5. */
const CHAINS: readonly ConformanceCase[] = [
  defineCase({
    id: 'CHN-001',
    title: 'a chain of two commands is one command',
    commands: ['SELECT'],
    needs: { ...chain, mf: MASTER_FILE },
    steps: () => [
      send('SELECT, the first part', '10A4000C013F', ok('')),
      send('SELECT, the last part', '00A4000C0100', ok('')),
    ],
  }),
  defineCase({
    id: 'CHN-002',
    title: 'a chain of many parts of one byte is one command',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { ...chain, f: FREE },
    steps: ({ f }) => [
      filled(f, '0000000000000000'),
      Array.from({ length: 7 }, (_, i) => send(`part ${i + 1}`, `10D6000001${hex(0xa0 + i)}`, ok(''))),
      send('the last part', '00D6000001A7', ok('')),
      send('READ BINARY', '00B0000008', ok('A0A1A2A3A4A5A6A7')),
    ],
  }),
  defineCase({
    id: 'CHN-003',
    title: 'before its last part a chain has changed nothing',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { ...chain, f: FREE },
    steps: ({ f }) => [
      filled(f, '11223344'),
      send('the first part', '10D6000002AABB', ok('')),
      { kind: 'power', mode: 'cold' },
      f.select,
      send('READ BINARY', '00B0000004', ok('11223344')),
    ],
  }),
  defineCase({
    id: 'CHN-004',
    title: 'a reset forgets the parts that came before it',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { ...chain, f: FREE },
    steps: ({ f }) => [
      filled(f, '00000000'),
      send('the first part', '10D6000002AABB', ok('')),
      { kind: 'power', mode: 'warm' },
      f.select,
      send('a whole command', '00D6000001CC', ok('')),
      send('READ BINARY', '00B0000003', ok('CC0000')),
    ],
  }),
  ...(
    [
      ['1', 'another instruction', '00B0000001'],
      ['2', 'other P1-P2', '00D6000101CC'],
      ['3', 'another channel', '01D6000001CC'],
    ] as const
  ).map(([id, words, other]) =>
    defineCase({
      id: `CHN-01${id}`,
      title: `${words} in the middle of a chain ends it`,
      commands: ['UPDATE BINARY'],
      statusWords: ['6883'],
      destructive: true,
      needs: { ...chain, f: FREE, channels: channels(id === '3' ? 4 : 1) },
      steps: ({ f }) => [
        filled(f, '55555555'),
        id === '3' ? given('MANAGE CHANNEL: open 1', '00700001') : [],
        send('the first part', '10D6000002AABB', ok('')),
        send(words, other, {
          status: id === '3' ? '6883|6985|6986|6982|9000' : '6883|9000|6985',
          ...(id === '3' ? {} : { decided: '6883' }),
        }),
        send('a whole command does its work', '00D6000201CC', ok('')),
        send('nothing of the chain was written', '00B0000002', ok(id === '2' ? '55XX' : '5555')),
      ],
    }),
  ),
  defineCase({
    id: 'CHN-014',
    title: 'a chained command without a last part is not carried out by the command after it',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { ...chain, f: FREE },
    steps: ({ f }) => [
      filled(f, '66666666'),
      send('the first part', '10D6000002AABB', ok('')),
      send('READ BINARY', '00B0000004', { status: '6883|9000', decided: '6883' }),
      send('READ BINARY again', '00B0000004', ok('66666666')),
    ],
  }),
  defineCase({
    id: 'CHN-015',
    title: 'a command without a data field cannot be chained',
    commands: ['READ BINARY'],
    statusWords: ['6884'],
    needs: { ...chain, f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY with the chaining bit', '10B0000001', refused('6884|6700|6E00', '6884')),
    ],
  }),
  defineCase({
    id: 'CHN-016',
    title: 'an instruction that there is not is refused in a chain too',
    commands: [],
    statusWords: ['6D00'],
    needs: chain,
    steps: () => [send('the first part', '107E000001AA', refused('6D00|6884|6E00', '6D00'))],
  }),
  defineCase({
    id: 'CHN-017',
    title: 'a chain that never ends is refused in the end, and the card goes on',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    needs: { ...chain, f: FREE },
    destructive: true,
    steps: ({ f }) => [
      filled(f, '77777777'),
      sweep(
        'one part after the other',
        `10D60000FF${'AA'.repeat(255)}{value}`,
        Array.from({ length: 300 }, () => ''),
        refused('9000|6700|6A84|6883|6884|6B00|6F00'),
      ),
      { kind: 'power', mode: 'warm' },
      f.select,
      send('READ BINARY', '00B0000004', ok('77777777')),
    ],
  }),
  defineCase({
    id: 'CHN-018',
    title: 'a chained SELECT that is cut short leaves the selection as it was',
    commands: ['SELECT', 'READ BINARY'],
    needs: { ...chain, f: F },
    steps: ({ f }) => [
      f.select,
      send('SELECT MF, the first part', '10A4000C013F', ok('')),
      send('READ BINARY', '00B0000002', { status: '6883|9000', decided: '6883' }),
      send('READ BINARY again', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
];

/** Headers of commands with nothing behind them, for lengths that disagree. */
const HEADERS: readonly (readonly [name: string, header: string])[] = [
  ['SELECT', '00A4000C'],
  ['READ BINARY', '00B00000'],
  ['READ BINARY (odd INS)', '00B10000'],
  ['UPDATE BINARY', '00D60000'],
  ['UPDATE BINARY (odd INS)', '00D70000'],
  ['WRITE BINARY', '00D00000'],
  ['WRITE BINARY (odd INS)', '00D10000'],
  ['ERASE BINARY', '000E0000'],
  ['ERASE BINARY (odd INS)', '000F0000'],
  ['SEARCH BINARY', '00A00000'],
  ['SEARCH BINARY (odd INS)', '00A10000'],
  ['READ RECORD', '00B20104'],
  ['READ RECORD (odd INS)', '00B30104'],
  ['UPDATE RECORD', '00DC0104'],
  ['UPDATE RECORD (odd INS)', '00DD0104'],
  ['WRITE RECORD', '00D20104'],
  ['APPEND RECORD', '00E20000'],
  ['ERASE RECORD', '000C0104'],
  ['SEARCH RECORD', '00A20104'],
  ['GET DATA', '00CA00C1'],
  ['GET DATA (odd INS)', '00CB0000'],
  ['PUT DATA', '00DA00C1'],
  ['PUT DATA (odd INS)', '00DB0000'],
  ['VERIFY', '00200081'],
  ['VERIFY (odd INS)', '00210081'],
  ['CHANGE REFERENCE DATA', '00240081'],
  ['RESET RETRY COUNTER', '002C0081'],
  ['ENABLE VERIFICATION REQUIREMENT', '00280081'],
  ['DISABLE VERIFICATION REQUIREMENT', '00260081'],
  ['MANAGE CHANNEL', '00700000'],
  ['ENVELOPE', '00C20000'],
  ['GET RESPONSE', '00C00000'],
  ['CREATE FILE', '00E00000'],
  ['DELETE FILE', '00E40000'],
  ['ACTIVATE FILE', '00440000'],
  ['DEACTIVATE FILE', '00040000'],
  ['TERMINATE DF', '00E60000'],
  ['TERMINATE EF', '00E80000'],
  ['TERMINATE CARD USAGE', '00FE0000'],
];

/** Bodies whose Lc, Le and length disagree. */
const DISAGREEMENTS = [
  '02AA', // Lc 2, one byte
  '05AABBCC', // Lc 5, three bytes
  'FFAA', // Lc 255, one byte
  '01AABBCC', // Lc 1, three bytes behind it
  '02AABBCCDD', // Lc 2, two bytes and two more
  '0000', // neither Le nor an extended field
  '000000AA', // extended Lc 0 with a byte behind it
  '000000AABB',
  '000002AA', // extended Lc 2, one byte
  '000001AABB', // extended Lc 1, one byte and half an Le
  '000001AABBCCDD', // extended Lc 1, one byte and more than an Le
  '00FFFFAA', // extended Lc 65,535, one byte
];

const LENGTHS: readonly ConformanceCase[] = HEADERS.map(([name, header], i) =>
  defineCase({
    id: `LEN-${`${i + 1}`.padStart(3, '0')}`,
    title: `${name}: Lc, Le and length of the command that disagree`,
    commands: [name],
    statusWords: ['6700'],
    needs: { t1: T1 },
    // Were one of them taken for a whole command, something could be lost.
    destructive: true,
    steps: () => [sweep(name, `${header}{value}`, DISAGREEMENTS, refused('6700|6A80|6A87|6F00', '6700'))],
  }),
);

const EXTENDED: readonly ConformanceCase[] = [
  defineCase({
    id: 'EXT-001',
    title: 'an extended Lc of 0 with an extended Le is no encoding',
    commands: ['SELECT'],
    statusWords: ['6700'],
    needs: { extended: EXTENDED_LENGTH },
    steps: () => [send('SELECT, Lc 0000, Le 0000', '00A40000' + '0000000000', refused('6700|6A80|6A87|9000', '6700'))],
  }),
  defineCase({
    id: 'EXT-002',
    title: 'a command of 65,535 bytes of data gets a status word, and the card goes on',
    commands: ['SELECT', 'UPDATE BINARY'],
    destructive: true,
    needs: { extended: EXTENDED_LENGTH, f: FREE },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE BINARY of 65,535 bytes',
        `00D60000${extendedField('5A'.repeat(65_535))}`,
        refused('6700|6A84|6B00|6A80|6F00|6A87'),
      ),
      send('SELECT EF', f.selection, ok('')),
    ],
  }),
  defineCase({
    id: 'EXT-003',
    title: 'a command as long as a virtual reader carries gets a status word, and the card goes on',
    commands: ['SELECT', 'UPDATE BINARY'],
    destructive: true,
    needs: { extended: EXTENDED_LENGTH, f: FREE },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE BINARY of 65,528 bytes',
        `00D60000${extendedField('5A'.repeat(65_528))}`,
        refused('6700|6A84|6B00|6A80|6F00|6A87'),
      ),
      send('SELECT EF', f.selection, ok('')),
    ],
  }),
  defineCase({
    id: 'EXT-004',
    title: 'SELECT by a name of 300 bytes is refused',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { extended: EXTENDED_LENGTH },
    steps: () => [send('SELECT', `00A4040C${extendedField('E7'.repeat(300))}`, refused('6A82|6A80|6A87|6700'))],
  }),
];

const RESPONSES: readonly ConformanceCase[] = [
  defineCase({
    id: 'GRE-001',
    title: 'GET RESPONSE with nothing to fetch',
    commands: ['GET RESPONSE'],
    statusWords: ['6985'],
    steps: () => [send('GET RESPONSE', '00C0000000', refused('6985|6D00|6A88|6F00|6700', '6985'))],
  }),
  defineCase({
    id: 'GRE-002',
    title: 'GET RESPONSE after an answer that was whole',
    commands: ['GET RESPONSE', 'SELECT'],
    statusWords: ['6985'],
    needs: { mf: MASTER_FILE, t1: T1 },
    steps: () => [
      given('SELECT MF, FCP', '00A40004023F0000'),
      send('GET RESPONSE', '00C0000000', refused('6985|6D00|6A88|6F00', '6985')),
    ],
  }),
  defineCase({
    id: 'GRE-003',
    title: 'GET RESPONSE with P1-P2 that mean nothing',
    commands: ['GET RESPONSE'],
    statusWords: ['6A86'],
    steps: () => [send('GET RESPONSE', '00C0010100', refused('6A86|6985|6D00|6B00', '6A86'))],
  }),
  defineCase({
    id: 'GRE-011',
    title: 'an answer longer than a short response comes in parts: 61xx, then GET RESPONSE',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['61XX'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      const value = Array.from({ length: 300 }, (_, i) => hex(i & 0xff)).join('');
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField(value)}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '612C', data: value.slice(0, 512) }),
        send('GET RESPONSE', '00C000002C', ok(value.slice(512))),
        send('GET RESPONSE, once too often', '00C0000000', refused('6985')),
      ];
    },
  }),
  defineCase({
    id: 'GRE-012',
    title: '6100 while 256 bytes or more remain',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['6100', '61XX'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 700);
      if (typeof made === 'string') return made;
      const value = Array.from({ length: 600 }, (_, i) => hex((i * 7) & 0xff)).join('');
      return [
        made,
        given('PUT DATA of 600 bytes', `00DA00C8${extendedField(value)}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '6100', data: value.slice(0, 512) }),
        send('GET RESPONSE', '00C0000000', { status: '6158', data: value.slice(512, 1024) }),
        send('GET RESPONSE', '00C0000058', ok(value.slice(1024))),
      ];
    },
  }),
  defineCase({
    id: 'GRE-013',
    title: 'another command in between, and what was left is gone',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['6985'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField('A5'.repeat(300))}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '612C' }),
        send('SELECT MF', '00A4000C023F00', ok('')),
        send('GET RESPONSE', '00C000002C', refused('6985')),
      ];
    },
  }),
  defineCase({
    id: 'GRE-014',
    title: 'with an extended Le the whole answer comes at once',
    commands: ['GET DATA'],
    destructive: true,
    needs: { t1: T1, own: OWN, extended: EXTENDED_LENGTH },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField('5E'.repeat(300))}`),
        send('GET DATA, Le 0000', '00CA00C8000000', ok('5E'.repeat(300))),
      ];
    },
  }),
];

/** A whole command as the data of an ENVELOPE. */
const envelope = (inner: string, cla = '00'): string => `${cla}C20000${field(inner)}00`;

const ENVELOPES: readonly ConformanceCase[] = [
  defineCase({
    id: 'ENV-001',
    title: 'ENVELOPE carries a command, and its answer comes with its status word',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN },
    steps: () => [send('ENVELOPE of SELECT MF', envelope('00A4000C023F00'), ok('9000'))],
  }),
  defineCase({
    id: 'ENV-002',
    title: 'ENVELOPE of a command that answers data',
    commands: ['ENVELOPE', 'READ BINARY'],
    needs: { f: F, own: OWN },
    steps: ({ f }) => [f.select, send('ENVELOPE of READ BINARY', envelope('00B0000004'), ok(`${f.part(0, 4)}9000`))],
  }),
  defineCase({
    id: 'ENV-003',
    title: 'ENVELOPE of a command that is refused: the refusal is the data',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN },
    steps: ({ mf }) => [send('ENVELOPE of SELECT', envelope(`00A4020C02${mf.absentFid}`), ok('6A82'))],
  }),
  defineCase({
    id: 'ENV-004',
    title: 'a command in two envelopes, chained',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN, chaining: CHAINING },
    steps: () => [
      send('ENVELOPE, the first part', '10C2000004' + '00A4000C', ok('')),
      send('ENVELOPE, the last part', '00C2000003' + '023F00' + '00', ok('9000')),
    ],
  }),
  defineCase({
    id: 'ENV-005',
    title: 'what a command in an envelope selects is selected',
    commands: ['ENVELOPE', 'READ BINARY'],
    needs: { f: F, own: OWN },
    steps: ({ f }) => [
      f.reach,
      send('ENVELOPE of SELECT EF', envelope(f.selection), ok('9000')),
      send('READ BINARY', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'ENV-006',
    title: 'an envelope in an envelope is refused',
    commands: ['ENVELOPE'],
    statusWords: ['6A80'],
    needs: { own: OWN },
    steps: () => [send('ENVELOPE of ENVELOPE', envelope('00C200000500A4000C00'), refused('6A80|6985|6700'))],
  }),
  defineCase({
    id: 'ENV-007',
    title: 'ENVELOPE with P1-P2 that mean nothing',
    commands: ['ENVELOPE'],
    statusWords: ['6A86'],
    needs: { own: OWN },
    steps: () => [send('ENVELOPE', '00C2010007' + '00A4000C023F00' + '00', refused('6A86'))],
  }),
];

export const TRANSMISSION_CASES: readonly ConformanceCase[] = [
  ...CHAINS,
  ...LENGTHS,
  ...EXTENDED,
  ...RESPONSES,
  ...ENVELOPES,
];
