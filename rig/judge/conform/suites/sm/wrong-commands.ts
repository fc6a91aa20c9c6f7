import { COLD, defineCase, refused } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import { CHANNEL, EXTENDED_LENGTH } from '../../terminal/needs.ts';
import { type DataObject, DO, type Misbehaviour } from '../../terminal/seal.ts';
import { Terminal } from '../../terminal/terminal.ts';
import {
  INCORRECT,
  inChannel,
  isOver,
  MALFORMED,
  MISSING,
  NO_CHANNEL,
  readAccess,
  SM_STANDARD,
  stillFree,
  wrongCommand,
} from './channel-case.ts';

const SELECT_ACCESS = '00A4020C02011C';
const ODD_READ = '00B1001C0354010000';

type Objects = readonly DataObject[];
const without =
  (tag: number) =>
  (objects: Objects): Objects =>
    objects.filter((each) => each.tag !== tag);
const twice =
  (tag: number) =>
  (objects: Objects): Objects =>
    objects.flatMap((each) => (each.tag === tag ? [each, each] : [each]));
const first =
  (object: DataObject) =>
  (objects: Objects): Objects => [object, ...objects];
const replaced =
  (tag: number, change: (object: DataObject) => DataObject) =>
  (objects: Objects): Objects =>
    objects.map((each) => (each.tag === tag ? change(each) : each));
const length = (...bytes: number[]): Partial<DataObject> => ({ length: Uint8Array.of(...bytes) });
const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return changed;
};
/** The command with one byte of its header other than the MAC has it. */
const header =
  (at: number, value: number) =>
  (bytes: Uint8Array): Uint8Array => {
    const changed = Uint8Array.from(bytes);
    changed[at] = value;
    return changed;
  };

const OBJECTS: readonly ConformanceCase[] = [
  wrongCommand(
    'SMO-001',
    'a command without any object is refused',
    { sent: () => [] },
    { expect: refused('6987|6988|6700', '6987') },
  ),
  wrongCommand('SMO-002', 'a command without a MAC is refused', { sent: without(DO.mac) }, { expect: MISSING }),
  wrongCommand(
    'SMO-003',
    'a command with data and without a MAC is refused',
    { sent: without(DO.mac) },
    { command: SELECT_ACCESS, expect: MISSING, commands: ['SELECT'] },
  ),
  wrongCommand('SMO-004', 'a MAC without bytes is refused', { mac: () => new Uint8Array(0) }),
  wrongCommand('SMO-005', 'the MAC is the last object: in front of DO 97 it is refused', {
    sent: (objects) => [...objects].reverse(),
  }),
  wrongCommand('SMO-006', 'two MACs are refused', { sent: twice(DO.mac) }),
  wrongCommand('SMO-007', 'two objects DO 97 are refused', { objects: twice(DO.le) }),
  wrongCommand(
    'SMO-008',
    'two cryptograms are refused',
    { objects: twice(DO.cryptogram) },
    { command: SELECT_ACCESS, commands: ['SELECT'] },
  ),
  wrongCommand(
    'SMO-009',
    'DO 97 in front of the cryptogram is refused',
    { objects: (objects) => [...objects].reverse() },
    { command: '00A4020002011C00', commands: ['SELECT'] },
  ),
  wrongCommand(
    'SMO-010',
    'a cryptogram of odd instructions, DO 85, with an even one is refused',
    { objects: replaced(DO.cryptogram, ({ value }) => ({ tag: DO.cryptogramOdd, value: value.subarray(1) })) },
    { command: SELECT_ACCESS, commands: ['SELECT'] },
  ),
  wrongCommand(
    'SMO-011',
    'a cryptogram of even instructions, DO 87, with an odd one is refused',
    { objects: replaced(DO.cryptogramOdd, ({ value }) => ({ tag: DO.cryptogram, value: Uint8Array.of(1, ...value) })) },
    { command: ODD_READ, commands: ['READ BINARY (odd INS)'] },
  ),
  wrongCommand(
    'SMO-012',
    'plain data under the MAC, DO 81, are refused where data must be enciphered',
    { objects: first({ tag: 0x81, value: Uint8Array.of(0x01, 0x1c) }) },
    { command: '00A4020C', commands: ['SELECT'] },
  ),
  wrongCommand('SMO-013', 'a status word of a command, DO 99, is refused', {
    objects: first({ tag: 0x99, value: Uint8Array.of(0x90, 0x00) }),
  }),
  wrongCommand('SMO-014', 'DO 97 without bytes is refused', {
    objects: replaced(DO.le, ({ tag }) => ({ tag, value: new Uint8Array(0) })),
  }),
  wrongCommand('SMO-015', 'DO 97 of three bytes is refused', {
    objects: replaced(DO.le, ({ tag }) => ({ tag, value: Uint8Array.of(0, 0, 4) })),
  }),
  wrongCommand(
    'SMO-016',
    'bytes after the MAC are refused',
    { sent: (objects) => [...objects, { tag: 0x00, value: new Uint8Array(0) }] },
    { expect: MALFORMED },
  ),
  wrongCommand(
    'SMO-017',
    'an object that says 4 GB is refused',
    { sent: replaced(DO.le, (object) => ({ ...object, ...length(0x84, 0xff, 0xff, 0xff, 0xff) })) },
    { expect: MALFORMED },
  ),
  wrongCommand(
    'SMO-018',
    'a MAC that says more bytes than there are is refused',
    { sent: replaced(DO.mac, (object) => ({ ...object, ...length(0x09) })) },
    { expect: MALFORMED },
  ),
  wrongCommand(
    'SMO-019',
    'an object of indefinite length is refused',
    { sent: replaced(DO.le, (object) => ({ ...object, ...length(0x80) })) },
    { expect: MALFORMED },
  ),
  wrongCommand(
    'SMO-020',
    'an object cut off in its length is refused',
    { sent: replaced(DO.mac, (object) => ({ tag: object.tag, value: new Uint8Array(0), ...length(0x82, 0x00) })) },
    { expect: MALFORMED },
  ),
];

const CRYPTOGRAMS: readonly ConformanceCase[] = (
  [
    ['SMP-001', 'a padding-content indicator 00 is refused', { indicator: [0x00] }],
    ['SMP-002', 'a padding-content indicator 02 is refused', { indicator: [0x02] }],
    ['SMP-003', 'a cryptogram without its padding-content indicator is refused', { indicator: [] }],
    ['SMP-004', 'a cryptogram of no block is refused', { cryptogram: () => new Uint8Array(0) }],
    [
      'SMP-005',
      'a cryptogram that is not of whole blocks is refused',
      { cryptogram: (bytes) => bytes.subarray(0, 15) },
    ],
    [
      'SMP-006',
      'a cryptogram of one byte more than its blocks is refused',
      { cryptogram: (bytes) => Uint8Array.of(...bytes, 0) },
    ],
    ['SMP-007', 'data that are padded with zeros alone are refused', { padding: 'zeros' }],
    ['SMP-008', 'data whose padding deciphers to anything are refused', { cryptogram: (bytes) => flip(bytes, 5) }],
  ] as [string, string, Misbehaviour][]
).map(([id, title, wrong]) => wrongCommand(id, title, wrong, { command: SELECT_ACCESS, commands: ['SELECT'] }));

const MACS: readonly ConformanceCase[] = (
  [
    ['SMM-001', 'a MAC with its first bit wrong is refused', { mac: (mac) => flip(mac.subarray(0, 8), 0) }],
    ['SMM-002', 'a MAC with its last bit wrong is refused', { mac: (mac) => flip(mac.subarray(0, 8), 63) }],
    ['SMM-003', 'a MAC with its fourth byte wrong is refused', { mac: (mac) => flip(mac.subarray(0, 8), 28) }],
    ['SMM-004', 'the first four bytes of the MAC alone are refused', { mac: (mac) => mac.subarray(0, 4) }],
    ['SMM-005', 'seven bytes of the MAC are refused', { mac: (mac) => mac.subarray(0, 7) }],
    ['SMM-006', 'nine bytes of the MAC are refused', { mac: (mac) => mac.subarray(0, 9) }],
    ['SMM-007', 'the whole MAC of 16 bytes is refused', { mac: (mac) => mac }],
    ['SMM-008', 'the last eight bytes of the MAC are refused', { mac: (mac) => mac.subarray(8) }],
    ['SMM-009', 'a MAC of zeros is refused', { mac: () => new Uint8Array(8) }],
    [
      'SMM-010',
      'a MAC of other keys is refused',
      { keys: { enc: new Uint8Array(16), mac: new Uint8Array(16).fill(7) } },
    ],
    ['SMM-011', 'a MAC that leaves the counter out is refused', { authenticated: { without: 'counter' } }],
    ['SMM-012', 'a MAC that leaves the header out is refused', { authenticated: { without: 'header' } }],
    ['SMM-013', 'a MAC over objects that are not padded is refused', { authenticated: { without: 'padding' } }],
    [
      'SMM-014',
      'a MAC over the class byte of the plain command is refused',
      { authenticated: { header: Uint8Array.of(0x00, 0xb0, 0x9c, 0x00) } },
    ],
    ['SMM-020', 'another instruction than the MAC has is refused', { apdu: header(1, 0xa4) }],
    ['SMM-021', 'another P1 than the MAC has is refused', { apdu: header(2, 0x9d) }],
    ['SMM-022', 'another P2 than the MAC has is refused', { apdu: header(3, 0x01) }],
    [
      'SMM-023',
      'another Le than the MAC has is refused',
      { sent: replaced(DO.le, ({ tag }) => ({ tag, value: Uint8Array.of(5) })) },
    ],
    [
      'SMM-024',
      'a cryptogram with one bit other than the MAC has is refused',
      { sent: replaced(DO.cryptogram, ({ tag, value }) => ({ tag, value: flip(value, 20) })) },
    ],
    ['SMM-025', 'a cryptogram that was taken out of the command is refused', { sent: without(DO.cryptogram) }],
    [
      'SMM-026',
      'a DO 97 that was put into the command is refused',
      { sent: first({ tag: DO.le, value: Uint8Array.of(4) }) },
    ],
  ] as [string, string, Misbehaviour][]
).map(([id, title, wrong]) =>
  ['SMM-024', 'SMM-025', 'SMM-026'].includes(id)
    ? wrongCommand(id, title, wrong, { command: SELECT_ACCESS, commands: ['SELECT'] })
    : wrongCommand(id, title, wrong),
);

const COUNTERS: readonly ConformanceCase[] = [
  wrongCommand('SMS-001', 'a counter that was not raised is refused', { raise: 0 }),
  wrongCommand('SMS-002', 'a counter that skips a message is refused', { raise: 2 }),
  wrongCommand('SMS-003', 'a counter that goes back is refused', { raise: -1 }),
  wrongCommand('SMS-004', 'a counter that skips 256 messages is refused', { raise: 257 }),
  wrongCommand('SMS-005', 'a counter that skips 65,536 messages is refused', { raise: 65_537 }),
  inChannel({
    id: 'SMS-006',
    title: 'the same command once more is refused',
    statusWords: ['6988'],
    steps: (terminal) => [
      terminal.inside('READ BINARY', readAccess(4)),
      terminal.again('the same bytes again', INCORRECT),
      isOver(terminal),
    ],
  }),
  inChannel({
    id: 'SMS-007',
    title: 'a command of an earlier channel is refused in the next one',
    statusWords: ['6988'],
    steps: (terminal) => [
      terminal.inside('READ BINARY in the first channel', readAccess(4), { role: 'given' }),
      COLD,
      ...terminal.pace(),
      terminal.again('the same bytes in the second channel', INCORRECT),
    ],
  }),
];

const OTHERS: readonly ConformanceCase[] = [
  ...(
    [
      ['SMX-001', '04', 'proprietary secure messaging, class 04'],
      ['SMX-002', '08', 'secure messaging whose header is not authenticated, class 08'],
    ] as const
  ).map(([id, cla, what]) =>
    wrongCommand(
      id,
      `${what}, is refused in the channel`,
      { apdu: header(0, Number.parseInt(cla, 16)) },
      { expect: refused('6882|6982|6985|6987|6988|6E00', '6882') },
    ),
  ),
  wrongCommand(
    'SMX-003',
    'a class byte that announces chaining after the MAC was made is refused',
    { apdu: header(0, 0x1c) },
    { expect: refused('6882|6883|6884|6987|6988|6E00') },
  ),
  wrongCommand('SMX-004', 'an object that no command has, DO 80, is refused', {
    sent: first({ tag: 0x80, value: new Uint8Array(100) }),
  }),
  inChannel({
    id: 'SMX-005',
    title: 'an extended command with a wrong MAC is refused',
    needs: { extended: EXTENDED_LENGTH },
    statusWords: ['6988'],
    steps: (terminal) => [
      terminal.refused('READ BINARY, extended', '00B09C00000004', INCORRECT, {
        mac: (mac) => flip(mac.subarray(0, 8), 9),
      }),
      isOver(terminal),
    ],
  }),
  inChannel({
    id: 'SMX-006',
    title: 'after a wrong MAC a right command with the counter as it was is refused too',
    statusWords: ['6988'],
    steps: (terminal) => [
      terminal.refused('READ BINARY with a wrong MAC', readAccess(4), INCORRECT, {
        mac: (mac) => flip(mac.subarray(0, 8), 1),
      }),
      terminal.refused('READ BINARY, the counter not raised', readAccess(4), NO_CHANNEL, { raise: 0 }),
    ],
  }),
  inChannel({
    id: 'SMX-007',
    title: 'after a wrong MAC a new channel opens',
    statusWords: ['6988'],
    steps: (terminal) => [
      terminal.refused('READ BINARY with a wrong MAC', readAccess(4), INCORRECT, {
        mac: (mac) => flip(mac.subarray(0, 8), 1),
      }),
      ...terminal.pace({ role: 'judged' }),
      terminal.inside('READ BINARY', readAccess(4)),
    ],
  }),
  defineCase({
    id: 'SMX-010',
    title: 'a protected command before any channel is refused in clear',
    standard: SM_STANDARD,
    commands: ['READ BINARY'],
    needs: { channel: CHANNEL },
    steps: ({ channel }) => [
      new Terminal(channel).refused('READ BINARY under keys of nobody', readAccess(4), NO_CHANNEL),
      stillFree(channel),
    ],
  }),
];

export const WRONG_COMMANDS: readonly ConformanceCase[] = [...OBJECTS, ...CRYPTOGRAMS, ...MACS, ...COUNTERS, ...OTHERS];
