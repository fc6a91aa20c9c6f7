import { bytesFrom, defineCase, ok, refused, send, sweep } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import { channels, file, MASTER_FILE, trait } from '../../needs.ts';

/** SELECT MF under a class byte. */
const select = (cla: string): string => `${cla}A4000C023F00`;

/** Every instruction byte that ISO/IEC 7816-4, -8 and -9 name, whether a card has it or not. */
const NAMED_INSTRUCTIONS = [
  0x04, 0x0c, 0x0e, 0x0f, 0x10, 0x12, 0x14, 0x16, 0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x28, 0x2a, 0x2b, 0x2c, 0x2d,
  0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x44, 0x46, 0x47, 0x48, 0x70, 0x72, 0x73, 0x74, 0x75, 0x76, 0x82, 0x84, 0x86,
  0x87, 0x88, 0x8d, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xb0, 0xb1, 0xb2, 0xb3, 0xc0, 0xc2, 0xc3, 0xca, 0xcb, 0xcc,
  0xcd, 0xd0, 0xd1, 0xd2, 0xd6, 0xd7, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xe0, 0xe1, 0xe2, 0xe4, 0xe6, 0xe8, 0xee, 0xfe,
];

const isInvalid = (ins: number): boolean => ins >> 4 === 0x6 || ins >> 4 === 0x9;

/** Class byte, instruction byte, and what the card says of those that it has not. */
export const CLASS_BYTE_CASES: readonly ConformanceCase[] = [
  defineCase({
    id: 'CLA-001',
    title: 'the first interindustry class byte 00 selects',
    commands: ['SELECT'],
    needs: { mf: MASTER_FILE },
    steps: () => [send('SELECT MF', select('00'), ok(''))],
  }),
  defineCase({
    id: 'CLA-002',
    title: 'class bytes 20 to 3F, kept for later, are refused',
    commands: ['SELECT'],
    statusWords: ['6E00'],
    steps: () => [
      sweep(
        'SELECT MF under a reserved class',
        select('{value}'),
        bytesFrom(0x20, 0x3f),
        refused('6E00|6881|6882', '6E00'),
      ),
    ],
  }),
  defineCase({
    id: 'CLA-003',
    title: 'class byte FF is invalid',
    commands: ['SELECT'],
    steps: () => [send('SELECT MF under FF', select('FF'), refused('6E00|6F00', '6E00'))],
  }),
  defineCase({
    id: 'CLA-004',
    title: 'proprietary class bytes 80 to FE without an application of theirs are refused',
    commands: ['SELECT'],
    needs: { own: trait('no proprietary classes', (card) => card.decisions === 'vitap') },
    steps: () => [
      sweep('SELECT MF under a proprietary class', select('{value}'), bytesFrom(0x80, 0xfe), refused('6E00')),
    ],
  }),
  ...(
    [
      ['1', '04'],
      ['2', '08'],
      ['3', '0C'],
    ] as const
  ).map(([number, cla]) =>
    defineCase({
      id: `CLA-01${number}`,
      title: `class byte ${cla} announces secure messaging, for which nothing was agreed`,
      commands: ['SELECT'],
      statusWords: ['6882'],
      needs: { mf: MASTER_FILE },
      steps: () => [
        send(`SELECT MF under ${cla}`, select(cla), refused('6882|6987|6988|6982|6E00', '6882')),
        send('SELECT MF in the clear still works', select('00'), ok('')),
      ],
    }),
  ),
  defineCase({
    id: 'CLA-014',
    title: 'class bytes 60 to 6F (secure messaging on channels 4 to 19) are refused',
    commands: ['SELECT'],
    steps: () => [
      sweep(
        'SELECT MF under secure messaging',
        select('{value}'),
        bytesFrom(0x60, 0x6f),
        refused('6881|6882|6E00|6987|6988'),
      ),
    ],
  }),
  defineCase({
    id: 'CLA-015',
    title: 'a closed channel goes before secure messaging in the order of refusals',
    commands: ['SELECT'],
    needs: { channels: channels(4) },
    steps: () => [
      send('SELECT MF on channel 1 under secure messaging', select('0D'), refused('6881|6882|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CLA-021',
    title: 'channels 1 to 3 are closed after a reset',
    commands: ['SELECT'],
    statusWords: ['6881'],
    steps: () => [
      sweep('SELECT MF on a closed channel', select('{value}'), bytesFrom(1, 3), refused('6881|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CLA-022',
    title: 'channels 4 to 19 are closed after a reset',
    commands: ['SELECT'],
    steps: () => [
      sweep('SELECT MF on a closed channel', select('{value}'), bytesFrom(0x40, 0x4f), refused('6881|6E00', '6881')),
    ],
  }),
  defineCase({
    id: 'CLA-031',
    title: 'the class is judged before the instruction',
    commands: [],
    statusWords: ['6E00'],
    steps: () => [send('an instruction that there is not, under FF', 'FF7E0000', refused('6E00|6D00|6F00', '6E00'))],
  }),
  defineCase({
    id: 'CLA-032',
    title: 'the instruction is judged before the length',
    commands: [],
    statusWords: ['6D00'],
    steps: () => [
      send('an instruction that there is not, Lc and data disagree', '007E000005AA', refused('6D00|6700', '6D00')),
    ],
  }),
  defineCase({
    id: 'CLA-033',
    title: 'the length is judged before P1-P2',
    commands: ['SELECT'],
    statusWords: ['6700'],
    steps: () => [send('SELECT with a wrong P1 and a wrong Lc', '00A4FFFF053F00', refused('6700|6A86|6A81', '6700'))],
  }),
  defineCase({
    id: 'INS-001',
    title: 'instructions 6X and 9X are invalid',
    commands: [],
    statusWords: ['6D00'],
    steps: () => [
      sweep(
        'an invalid instruction',
        '00{value}0000',
        [...bytesFrom(0x60, 0x6f), ...bytesFrom(0x90, 0x9f)],
        refused('6D00|6E00|6F00', '6D00'),
      ),
    ],
  }),
  defineCase({
    id: 'INS-002',
    title: 'instructions that no part of ISO/IEC 7816 names are not supported',
    commands: [],
    statusWords: ['6D00'],
    needs: { own: trait('no proprietary instructions', (card) => card.decisions === 'vitap') },
    steps: () => [
      sweep(
        'an unnamed instruction',
        '00{value}0000',
        bytesFrom(0, 0xff, NAMED_INSTRUCTIONS).filter((ins) => !isInvalid(Number.parseInt(ins, 16))),
        refused('6D00'),
      ),
    ],
  }),
  defineCase({
    id: 'INS-003',
    title: 'an instruction that there is not changes nothing that is selected',
    commands: ['READ BINARY'],
    needs: { f: file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 }) },
    steps: ({ f }) => [
      f.select,
      sweep('an invalid instruction', '00{value}0000', bytesFrom(0x90, 0x9f), refused('6D00|6E00|6F00')),
      send('the EF is current still', '00B0000004', ok(f.part(0, 4))),
    ],
  }),
  ...(
    [
      ['1', '00', '1 byte'],
      ['2', '00A4', '2 bytes'],
      ['3', '00A400', '3 bytes'],
    ] as const
  ).map(([number, command, size]) =>
    defineCase({
      id: `INS-01${number}`,
      title: `a command of ${size} has no header`,
      commands: [],
      statusWords: ['6700'],
      steps: () => [send('less than a header', command, refused('6700|6E00|6F00', '6700'))],
    }),
  ),
];
