import { defineCase, field, given, ok, refused, send, sweep } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { CHAINING, channels, file, MASTER_FILE } from '../../needs.ts';

const F = file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 });
const FREE = file({ structure: 'transparent', access: { read: 'free', update: 'free' }, bytes: 16 });
const chain = { chaining: CHAINING };

const filled = (f: { select: readonly CommandStep[] }, data: string): readonly CommandStep[] => [
  ...f.select,
  given('UPDATE BINARY', `00D60000${field(data)}`),
];

/** Command chaining: class bit 5. */
export const CHAINING_CASES: readonly ConformanceCase[] = [
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
