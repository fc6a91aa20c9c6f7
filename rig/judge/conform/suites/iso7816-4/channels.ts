import { classByte } from '../../../../../src/apdu/class-byte.ts';
import { bytesFrom, defineCase, given, ok, refused, SELECTED, send, sweep } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { channels, code, file, guarded, MASTER_FILE, OWN_DECISIONS as OWN, trait } from '../../needs.ts';

const COMMAND = 'MANAGE CHANNEL';
const TWO = channels(2);
const FOUR = channels(4);
const TWENTY = channels(20);
const F = file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 });

const open = (number: number): CommandStep => given(`MANAGE CHANNEL: open ${number}`, `007000${hex(number)}`);
/** A command that was written for the basic channel, on another one. */
const on = (number: number, command: string): string => hex(classByte(number)) + command.slice(2);
const selectOn = (number: number, f: LocatedFile): readonly CommandStep[] =>
  f.select.map((step) => ({ ...step, words: `${step.words} on channel ${number}`, command: on(number, step.command) }));

export const CHANNEL_CASES: readonly ConformanceCase[] = [
  defineCase({
    id: 'CHA-001',
    title: 'the card opens a channel of its choice and says which',
    commands: [COMMAND],
    needs: { two: TWO },
    steps: () => [
      send(
        'MANAGE CHANNEL: open',
        '0070000001',
        { status: '9000', data: '0X|1X', length: 1 },
        { number: { from: 0, length: 1 } },
      ),
    ],
  }),
  defineCase({
    id: 'CHA-002',
    title: 'the first channel that the card opens of its choice works',
    commands: [COMMAND, 'SELECT'],
    needs: { four: FOUR, mf: MASTER_FILE },
    steps: () => [
      send(
        'MANAGE CHANNEL: open',
        '0070000001',
        { status: '9000', data: '01|02|03' },
        { number: { from: 0, length: 1 } },
      ),
      send('SELECT MF on it', '{number}A4000C023F00', ok('')),
    ],
  }),
  defineCase({
    id: 'CHA-003',
    title: 'every channel from 1 to 19 can be opened by its number and then works',
    commands: [COMMAND, 'SELECT'],
    needs: { twenty: TWENTY, mf: MASTER_FILE },
    steps: () =>
      Array.from({ length: 19 }, (_, i) => [
        send(`MANAGE CHANNEL: open ${i + 1}`, `007000${hex(i + 1)}`, ok('')),
        send(`SELECT MF on channel ${i + 1}`, on(i + 1, '00A4000C023F00'), ok('')),
      ]),
  }),
  defineCase({
    id: 'CHA-004',
    title: 'when every channel is open there is none left to open',
    commands: [COMMAND],
    statusWords: ['6A81'],
    needs: { twenty: TWENTY },
    steps: () => [
      Array.from({ length: 19 }, (_, i) => given(`MANAGE CHANNEL: open, ${i + 1}`, '0070000001')),
      send('MANAGE CHANNEL: open, once too often', '0070000001', refused('6A81|6881|6A84|6985|6200', '6A81')),
    ],
  }),
  defineCase({
    id: 'CHA-005',
    title: 'a channel that is open cannot be opened',
    commands: [COMMAND],
    needs: { two: TWO },
    steps: () => [open(1), send('MANAGE CHANNEL: open 1', '00700001', refused('6A86|6A81|6985|6881|6A80|6200'))],
  }),
  defineCase({
    id: 'CHA-006',
    title: 'a closed channel is closed to every command',
    commands: [COMMAND],
    statusWords: ['6881'],
    needs: { two: TWO },
    steps: () => [
      open(1),
      send('MANAGE CHANNEL: close 1', '00708001', ok('')),
      send('SELECT MF on channel 1', '01A4000C023F00', refused('6881|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CHA-007',
    title: 'a channel closes itself',
    commands: [COMMAND],
    statusWords: ['6881'],
    needs: { two: TWO },
    steps: () => [
      open(1),
      send('MANAGE CHANNEL on channel 1: close', '01708000', ok('')),
      send('SELECT MF on channel 1', '01A4000C023F00', refused('6881|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CHA-008',
    title: 'the basic channel cannot be closed',
    commands: [COMMAND],
    needs: { two: TWO, mf: MASTER_FILE },
    steps: () => [
      send('MANAGE CHANNEL: close 0', '00708000', refused('6A81|6A86|6985|6881|6A80|6200')),
      send('SELECT MF on the basic channel', '00A4000C023F00', ok('')),
    ],
  }),
  defineCase({
    id: 'CHA-009',
    title: 'a channel that was closed can be opened again',
    commands: [COMMAND, 'SELECT'],
    needs: { two: TWO, mf: MASTER_FILE },
    steps: () => [
      open(1),
      send('MANAGE CHANNEL: close 1', '00708001', ok('')),
      send('MANAGE CHANNEL: open 1', '00700001', ok('')),
      send('SELECT MF on channel 1', '01A4000C023F00', ok('')),
    ],
  }),
  defineCase({
    id: 'CHA-010',
    title: 'a reset closes all channels but the basic one',
    commands: [COMMAND],
    statusWords: ['6881'],
    needs: { four: FOUR },
    steps: () => [
      open(1),
      open(3),
      { kind: 'power', mode: 'warm' },
      send('SELECT MF on channel 1', '01A4000C023F00', refused('6881|6E00', '6881')),
      send('SELECT MF on channel 3', '03A4000C023F00', refused('6881|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CHA-011',
    title: 'what is selected on one channel is not selected on another',
    commands: ['READ BINARY', COMMAND],
    statusWords: ['6986'],
    needs: { two: TWO, f: F },
    steps: ({ f }) => [
      f.select,
      open(1),
      send('READ BINARY on channel 1', '01B0000002', refused('6986')),
      send('READ BINARY on the basic channel', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'CHA-012',
    title: 'a selection on another channel leaves that of the basic one',
    commands: ['READ BINARY', COMMAND],
    needs: { two: TWO, f: F, mf: MASTER_FILE },
    steps: ({ f }) => [
      f.select,
      open(1),
      send('SELECT MF on channel 1', '01A4000C023F00', ok('')),
      send('READ BINARY on the basic channel', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'CHA-013',
    title: 'two channels read the same EF',
    commands: ['READ BINARY', COMMAND],
    needs: { two: TWO, f: F },
    steps: ({ f }) => [
      f.select,
      open(1),
      selectOn(1, f),
      send('READ BINARY on channel 1', '01B0000002', ok(f.part(0, 2))),
      send('READ BINARY on the basic channel', '00B0000104', {
        status: '9000|6282',
        data: f.part(1, Math.min(4, f.length - 1)),
      }),
    ],
  }),
  defineCase({
    id: 'CHA-014',
    title: 'each channel has a current record of its own',
    commands: ['READ RECORD', COMMAND],
    needs: {
      two: TWO,
      f: file({ structure: ['linear-fixed', 'linear-variable'], access: { read: 'free' }, records: 3 }),
    },
    steps: ({ f }) => [
      f.select,
      open(1),
      selectOn(1, f),
      send('READ RECORD next on the basic channel', '00B2000200', ok(f.record(1))),
      send('READ RECORD next on the basic channel', '00B2000200', ok(f.record(2))),
      send('READ RECORD next on channel 1', '01B2000200', ok(f.record(1))),
      send('READ RECORD next on the basic channel', '00B2000200', ok(f.record(3))),
    ],
  }),
  defineCase({
    id: 'CHA-015',
    title: 'a code of an application counts on the channel that presented it',
    commands: ['VERIFY', 'UPDATE BINARY', COMMAND],
    statusWords: ['6982'],
    destructive: true,
    needs: { two: TWO, g: guarded('update', { structure: 'transparent', bytes: 4 }) },
    steps: ({ g }) => {
      if (g.code.declaration.reference < 0x80) return 'the code counts for the whole card';
      return [
        g.file.select,
        given('VERIFY on the basic channel', g.code.verify(g.code.right)),
        open(1),
        selectOn(1, g.file),
        send('UPDATE BINARY on channel 1', '01D6000001AA', refused('6982')),
        send('UPDATE BINARY on the basic channel', '00D6000001AA', ok('')),
      ];
    },
  }),
  defineCase({
    id: 'CHA-016',
    title: 'what was proven on a channel is gone when it was closed and opened again',
    commands: ['VERIFY', COMMAND],
    needs: { two: TWO, c: code({ cardWide: false }) },
    steps: ({ c }) => [
      open(1),
      c.directory.selection.map((command) => given('SELECT on channel 1', on(1, command), '9000|61XX')),
      given('VERIFY on channel 1', on(1, c.verify(c.right))),
      send('MANAGE CHANNEL: close 1', '00708001', ok('')),
      send('MANAGE CHANNEL: open 1', '00700001', ok('')),
      c.directory.selection.map((command) => given('SELECT on channel 1', on(1, command), '9000|61XX')),
      send('VERIFY without data on channel 1', on(1, c.query), refused('63CX')),
    ],
  }),
  defineCase({
    id: 'CHA-017',
    title: 'a code of the whole card counts on every channel',
    commands: ['VERIFY', COMMAND],
    needs: { two: TWO, c: code({ cardWide: true }), own: OWN },
    steps: ({ c }) => [
      given('VERIFY on the basic channel', c.verify(c.right)),
      open(1),
      send('VERIFY without data on channel 1', on(1, c.query), ok('')),
    ],
  }),
  defineCase({
    id: 'CHA-018',
    title: 'a channel opened from the basic one begins in the MF',
    commands: [COMMAND, 'SELECT'],
    needs: { two: TWO, f: F, mf: MASTER_FILE },
    steps: ({ f, mf }) => {
      const child = mf.files[0];
      if (child === undefined) return 'the MF is declared without an EF in use';
      return [f.reach, open(1), send('SELECT an EF of the MF on channel 1', on(1, child.selection), SELECTED)];
    },
  }),
  defineCase({
    id: 'CHA-019',
    title: 'a channel opened from another one begins in the DF that is current there',
    commands: [COMMAND, 'SELECT'],
    needs: { four: FOUR, f: file({ structure: 'transparent', inDirectory: true }) },
    steps: ({ f }) => [
      open(1),
      selectOn(1, f),
      send('MANAGE CHANNEL on channel 1: open 2', '01700002', ok('')),
      send('SELECT the EF on channel 2', on(2, f.selection), SELECTED),
    ],
  }),
  defineCase({
    id: 'CHA-020',
    title: 'MANAGE CHANNEL with a P1 that means nothing',
    commands: [COMMAND],
    statusWords: ['6A86'],
    needs: { two: TWO },
    steps: () => [
      sweep(
        'MANAGE CHANNEL',
        '0070{value}01',
        bytesFrom(0x01, 0xff, [0x40, 0x80]),
        refused('6A86|6A81|6B00|6700', '6A86'),
      ),
    ],
  }),
  defineCase({
    id: 'CHA-021',
    title: 'MANAGE CHANNEL to open a channel above 19',
    commands: [COMMAND],
    statusWords: ['6A86'],
    needs: { two: TWO },
    steps: () => [
      sweep('MANAGE CHANNEL: open', '007000{value}', bytesFrom(20, 0xff), refused('6A86|6A81|6881|6B00', '6A86')),
    ],
  }),
  defineCase({
    id: 'CHA-022',
    title: 'closing a channel that is not open',
    commands: [COMMAND],
    needs: { four: FOUR },
    steps: () => [send('MANAGE CHANNEL: close 3', '00708003', refused('6200|6881|6985|6A86|6A81|9000'))],
  }),
  defineCase({
    id: 'CHA-023',
    title: 'EF.ATR/INFO announces logical channels where the card has them',
    commands: ['READ BINARY'],
    needs: {
      two: TWO,
      info: trait('EF.ATR/INFO with card capabilities (47)', (card) => capabilities(card) !== null),
    },
    steps: ({ info }) => {
      const f = capabilities(info);
      if (f === null) return 'no EF.ATR/INFO';
      // Third byte: b5 b4 say who chooses the number of a channel; both 0 is no channel but the basic one.
      return [f.select, send('READ BINARY', '00B0000000', { status: '9000|6282', objects: { 47: ANNOUNCED } })];
    },
  }),
];

/** Third software function byte of the card capabilities with b5 or b4 set. */
const ANNOUNCED: string = [...'13579BDF']
  .map((high) => `XXXX${high}X`)
  .concat([...'89ABCDEF'].map((low) => `XXXXX${low}`))
  .join('|');

/** EF.ATR/INFO of the MF, when it has a data object 47. */
function capabilities(card: Parameters<typeof TWO.find>[0]): LocatedFile | null {
  return INFO.find(card)?.files.find((each) => each.fid === '2F01' && /47(02|03)/.test(each.content)) ?? null;
}

const INFO = MASTER_FILE;
