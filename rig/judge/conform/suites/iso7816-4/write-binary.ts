import { defineCase, extendedField, field, given, ok, refused, send, tlv } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { CHAINING, EXTENDED_LENGTH, file, WRITE_IS_OR as OR } from '../../needs.ts';

/** Every case writes what it goes on from, so that it says the same on a card that other cases have written before. */
const F = file({ structure: 'transparent', access: { read: 'free', update: 'free', append: 'free' }, bytes: 16 });
const LONG = file({ structure: 'transparent', access: { read: 'free', update: 'free', append: 'free' }, bytes: 260 });
const BY_SFI = file({
  structure: 'transparent',
  access: { read: 'free', update: 'free', append: 'free' },
  bytes: 16,
  sfi: true,
});

const update = (offset: number, data: string): string => `00D6${hex16(offset)}${field(data)}`;
const read = (offset: number, count: number): string => `00B0${hex16(offset)}${hex(count)}`;
/** An offset as SEARCH BINARY may answer it: in one byte, where that is enough, or in two. */
const place = (offset: number): string => (offset > 0xff ? hex16(offset) : `${hex(offset)}|${hex16(offset)}`);
const filled = (f: LocatedFile, offset: number, data: string): readonly CommandStep[] => [
  ...f.select,
  given('UPDATE BINARY', update(offset, data)),
];

const PLACES: readonly (readonly [id: string, words: string, offset: (n: number) => number, count: number])[] = [
  ['1', 'the first byte', () => 0, 1],
  ['2', 'the first bytes', () => 0, 8],
  ['3', 'bytes in the middle', (n) => n >> 1, 4],
  ['4', 'the last byte', (n) => n - 1, 1],
  ['5', 'the last bytes', (n) => n - 6, 6],
];

const UPDATE: readonly ConformanceCase[] = [
  ...PLACES.map(([id, words, offset, count]) =>
    defineCase({
      id: `UBI-00${id}`,
      title: `UPDATE BINARY replaces ${words}`,
      commands: ['UPDATE BINARY'],
      destructive: true,
      needs: { f: F },
      steps: ({ f }) => {
        const at = offset(f.length);
        const data = '5A'.repeat(count);
        return [
          filled(f, at, 'A5'.repeat(count)),
          send('UPDATE BINARY', update(at, data), ok('')),
          send('READ BINARY', read(at, count), ok(data)),
        ];
      },
    }),
  ),
  defineCase({
    id: 'UBI-011',
    title: 'UPDATE BINARY touches nothing before and nothing after',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, 0, '000102030405060708090A0B0C0D0E0F'),
      send('UPDATE BINARY from 4', update(4, 'AABBCC'), ok('')),
      send('READ BINARY', read(0, 16), ok('00010203AABBCC0708090A0B0C0D0E0F')),
    ],
  }),
  defineCase({
    id: 'UBI-012',
    title: 'UPDATE BINARY survives the power going off',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, 0, '11223344'),
      send('UPDATE BINARY', update(0, '99887766'), ok('')),
      { kind: 'power', mode: 'cold' },
      f.select,
      send('READ BINARY', read(0, 4), ok('99887766')),
    ],
  }),
  defineCase({
    id: 'UBI-013',
    title: 'UPDATE BINARY by short identifier, offset in P2',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      filled(f, 0, '0000000000'),
      f.reach,
      send('UPDATE BINARY', `00D6${f.p1}0302CAFE`, ok('')),
      send('READ BINARY', read(0, 5), ok('000000CAFE')),
    ],
  }),
  defineCase({
    id: 'UBI-014',
    title: 'UPDATE BINARY that begins outside the file',
    commands: ['UPDATE BINARY'],
    statusWords: ['6B00'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [f.select, send('UPDATE BINARY', update(f.length, 'AA'), refused('6B00|6A84|6700', '6B00'))],
  }),
  defineCase({
    id: 'UBI-015',
    title: 'UPDATE BINARY that would go over the end changes nothing',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, f.length - 2, '1234'),
      send('UPDATE BINARY, one byte too many', update(f.length - 2, 'AABBCC'), refused('6A84|6700|6B00')),
      send('READ BINARY', read(f.length - 2, 2), ok('1234')),
    ],
  }),
  defineCase({
    id: 'UBI-016',
    title: 'UPDATE BINARY without data has a wrong length',
    commands: ['UPDATE BINARY'],
    statusWords: ['6700'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('UPDATE BINARY', '00D60000', refused('6700|6A80|6A87', '6700'))],
  }),
  defineCase({
    id: 'UBI-017',
    title: 'UPDATE BINARY with an extended Lc of more than 255 bytes',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: LONG, extended: EXTENDED_LENGTH },
    steps: ({ f }) => [
      filled(f, 0, '00'),
      send('UPDATE BINARY of 258 bytes', `00D60000${extendedField('C3'.repeat(258))}`, ok('')),
      send('READ BINARY at the seam', read(254, 4), ok('C3C3C3C3')),
    ],
  }),
  defineCase({
    id: 'UBI-018',
    title: 'UPDATE BINARY in a chain of two commands',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: F, chaining: CHAINING },
    steps: ({ f }) => [
      filled(f, 0, '00000000'),
      send('the first part', '10D6000002AABB', ok('')),
      send('the last part', '00D6000002CCDD', ok('')),
      send('READ BINARY', read(0, 4), ok('AABBCCDD')),
    ],
  }),
  defineCase({
    id: 'UBI-019',
    title: 'UPDATE BINARY writes 256 different bytes and they come back',
    commands: ['UPDATE BINARY'],
    destructive: true,
    needs: { f: LONG },
    steps: ({ f }) => {
      const bytes = Array.from({ length: 255 }, (_, i) => hex(255 - i)).join('');
      return [f.select, send('UPDATE BINARY', update(0, bytes), ok('')), send('READ BINARY', read(0, 255), ok(bytes))];
    },
  }),
  ...(
    [
      ['UBI-021', 'UPDATE BINARY', 'D6', 'F00F', 'F00F'],
      ['WBI-006', 'WRITE BINARY', 'D0', '0F0F', '0F0F'],
      ['EBI-009', 'ERASE BINARY', '0E', '0003', '0000'],
    ] as const
  ).map(([id, name, ins, data, after]) =>
    defineCase({
      id,
      title: `${name}: a short identifier of 0 means the current EF`,
      commands: [name],
      destructive: true,
      needs: { f: F, own: OR },
      steps: ({ f }) => [
        filled(f, 0, '55000055'),
        given('UPDATE BINARY', update(1, ins === '0E' ? 'AAAA' : '0000')),
        send(name, `00${ins}8001${field(data)}`, { status: '9000|6A82|6A86|6B00', decided: '9000', data: '' }),
        send('READ BINARY', read(0, 4), ok(`55${after}55`)),
      ],
    }),
  ),
];

/** The odd forms: offset in 54, data in 53. */
const UPDATE_ODD: readonly ConformanceCase[] = [
  ...(
    [
      ['1', 'of the current EF', () => '0000', true],
      ['2', 'by short identifier', (f: LocatedFile) => hex(0, f.sfi), false],
      ['3', 'by identifier', (f: LocatedFile) => f.fidInP1P2, false],
    ] as const
  ).map(([id, words, p1p2, select]) =>
    defineCase({
      id: `UBO-00${id}`,
      title: `UPDATE BINARY D7 ${words}`,
      commands: ['UPDATE BINARY (odd INS)'],
      destructive: true,
      needs: { f: BY_SFI },
      steps: ({ f }) => [
        filled(f, 0, '0000000000'),
        select ? [] : f.reach,
        send('UPDATE BINARY D7', `00D7${p1p2(f)}${field(tlv('54', '0002') + tlv('53', 'BEEF'))}`, ok('')),
        f.select,
        send('READ BINARY', read(0, 5), ok('0000BEEF00')),
      ],
    }),
  ),
  defineCase({
    id: 'UBO-011',
    title: 'D7 that would go over the end changes nothing',
    commands: ['UPDATE BINARY (odd INS)'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, f.length - 2, '1234'),
      send(
        'UPDATE BINARY D7',
        `00D70000${field(tlv('54', hex16(f.length - 2)) + tlv('53', 'AABBCC'))}`,
        refused('6A84|6700|6B00|6A80'),
      ),
      send('READ BINARY', read(f.length - 2, 2), ok('1234')),
    ],
  }),
  defineCase({
    id: 'UBO-012',
    title: 'D7 without the data object of the data',
    commands: ['UPDATE BINARY (odd INS)'],
    statusWords: ['6A80'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('UPDATE BINARY D7', `00D70000${field(tlv('54', '00'))}`, refused('6A80|6700', '6A80')),
    ],
  }),
  defineCase({
    id: 'UBO-013',
    title: 'D7 whose data object is longer than the data field',
    commands: ['UPDATE BINARY (odd INS)'],
    statusWords: ['6A80', '6A85'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('UPDATE BINARY D7', '00D7000006540100530AAA', refused('6A80|6A85|6700', '6A80|6A85')),
    ],
  }),
];

const WRITE: readonly ConformanceCase[] = [
  defineCase({
    id: 'WBI-001',
    title: 'WRITE BINARY sets bits and clears none',
    commands: ['WRITE BINARY'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '00FF0FF055'),
      send('WRITE BINARY', '00D0000005F00000FFAA', ok('')),
      send('READ BINARY', read(0, 5), ok('F0FF0FFFFF')),
    ],
  }),
  defineCase({
    id: 'WBI-002',
    title: 'WRITE BINARY by short identifier, offset in P2',
    commands: ['WRITE BINARY'],
    destructive: true,
    needs: { f: BY_SFI, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '000000'),
      f.reach,
      send('WRITE BINARY', `00D0${f.p1}010181`, ok('')),
      send('READ BINARY', read(0, 3), ok('008100')),
    ],
  }),
  defineCase({
    id: 'WBI-003',
    title: 'WRITE BINARY over the end changes nothing',
    commands: ['WRITE BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, f.length - 1, '10'),
      send('WRITE BINARY', `00D0${hex16(f.length - 1)}020F0F`, refused('6A84|6700|6B00')),
      send('READ BINARY', read(f.length - 1, 1), ok('10')),
    ],
  }),
  defineCase({
    id: 'WBI-004',
    title: 'WRITE BINARY D1 sets bits and clears none',
    commands: ['WRITE BINARY (odd INS)'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '000F00'),
      send('WRITE BINARY D1', `00D10000${field(tlv('54', '01') + tlv('53', 'F001'))}`, ok('')),
      send('READ BINARY', read(0, 3), ok('00FF01')),
    ],
  }),
  defineCase({
    id: 'WBI-005',
    title: 'WRITE BINARY without data has a wrong length',
    commands: ['WRITE BINARY'],
    statusWords: ['6700'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('WRITE BINARY', '00D00000', refused('6700|6A80|6A87', '6700'))],
  }),
];

const ERASE: readonly ConformanceCase[] = [
  defineCase({
    id: 'EBI-001',
    title: 'ERASE BINARY without data erases from the offset to the end',
    commands: ['ERASE BINARY'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, 'AAAAAAAAAAAAAAAA'),
      given('UPDATE BINARY of the end', update(f.length - 2, 'BBBB')),
      send('ERASE BINARY from 4', '000E0004', ok('')),
      send('what is before stays', read(0, 4), ok('AAAAAAAA')),
      send('what is after is erased', read(4, 4), ok('00000000')),
      send('down to the end', read(f.length - 2, 2), ok('0000')),
    ],
  }),
  defineCase({
    id: 'EBI-002',
    title: 'ERASE BINARY with data: the first byte that is not to be erased',
    commands: ['ERASE BINARY'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '1111111111111111'),
      send('ERASE BINARY from 2 to before 5', '000E0002020005', ok('')),
      send('READ BINARY', read(0, 8), ok('1111000000111111')),
    ],
  }),
  defineCase({
    id: 'EBI-003',
    title: 'ERASE BINARY whose end is not after its beginning changes nothing',
    commands: ['ERASE BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, 0, '2222222222222222'),
      send('ERASE BINARY from 5 to before 2', '000E0005020002', refused('6A80|6B00|6A86|6A87|6A84')),
      send('READ BINARY', read(0, 8), ok('2222222222222222')),
    ],
  }),
  defineCase({
    id: 'EBI-004',
    title: 'ERASE BINARY from outside the file',
    commands: ['ERASE BINARY'],
    statusWords: ['6B00'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('ERASE BINARY', `000E${hex16(f.length)}`, refused('6B00|6A80|6A84', '6B00'))],
  }),
  defineCase({
    id: 'EBI-005',
    title: 'ERASE BINARY by short identifier, offset in P2',
    commands: ['ERASE BINARY'],
    destructive: true,
    needs: { f: BY_SFI, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '33333333'),
      f.reach,
      send('ERASE BINARY from 1 to before 3', `000E${f.p1}01020003`, ok('')),
      send('READ BINARY', read(0, 4), ok('33000033')),
    ],
  }),
  defineCase({
    id: 'EBI-006',
    title: 'ERASE BINARY 0F with one offset erases to the end',
    commands: ['ERASE BINARY (odd INS)'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '44444444'),
      send('ERASE BINARY 0F from 2', `000F0000${field(tlv('54', '02'))}`, ok('')),
      send('READ BINARY', read(0, 4), ok('44440000')),
    ],
  }),
  defineCase({
    id: 'EBI-007',
    title: 'ERASE BINARY 0F with two offsets: from the one to before the other',
    commands: ['ERASE BINARY (odd INS)'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, '5555555555'),
      send('ERASE BINARY 0F from 1 to before 3', `000F0000${field(tlv('54', '01') + tlv('54', '03'))}`, ok('')),
      send('READ BINARY', read(0, 5), ok('5500005555')),
    ],
  }),
  defineCase({
    id: 'EBI-008',
    title: 'what was erased takes bits by WRITE BINARY again',
    commands: ['ERASE BINARY', 'WRITE BINARY'],
    destructive: true,
    needs: { f: F, or: OR },
    steps: ({ f }) => [
      filled(f, 0, 'FFFF'),
      send('ERASE BINARY', '000E0000020002', ok('')),
      send('WRITE BINARY', '00D00000021234', ok('')),
      send('READ BINARY', read(0, 2), ok('1234')),
    ],
  }),
];

const SEARCH: readonly ConformanceCase[] = [
  defineCase({
    id: 'SBI-001',
    title: 'SEARCH BINARY finds a string and says where it begins',
    commands: ['SEARCH BINARY'],
    destructive: true,
    needs: { f: LONG },
    steps: ({ f }) => {
      if (f.part(0, 256).includes('C0FFEE')) return 'the string of the case stands earlier in the file, too';
      return [
        filled(f, 256, '00C0FFEE'),
        send(
          'SEARCH BINARY',
          '00A0000003C0FFEE00',
          { status: '9000', data: '0101' },
          { offset: { from: 0, length: 2 } },
        ),
        send('READ BINARY there', '00B0{offset}03', ok('C0FFEE')),
      ];
    },
  }),
  defineCase({
    id: 'SBI-002',
    title: 'SEARCH BINARY begins at its offset and finds the second place',
    commands: ['SEARCH BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, 0, 'D00D00D00D00'),
      send('SEARCH BINARY from 1', '00A0000102D00D00', { status: '9000', data: '03|0003' }),
    ],
  }),
  defineCase({
    id: 'SBI-003',
    title: 'SEARCH BINARY for what is not there warns 6282',
    commands: ['SEARCH BINARY'],
    statusWords: ['6282'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => {
      if (f.content.includes('FACEFEEDF00D')) return 'the string of the case stands in the file';
      return [
        filled(f, 0, '0000000000000000'),
        send('SEARCH BINARY for the string', '00A0000006FACEFEEDF00D00', { status: '6282', data: '' }),
      ];
    },
  }),
  defineCase({
    id: 'SBI-004',
    title: 'SEARCH BINARY finds a string at the very end',
    commands: ['SEARCH BINARY'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => {
      if (f.part(0, f.length - 4).includes('FE5AFE')) return 'the string of the case stands earlier in the file, too';
      return [
        filled(f, f.length - 4, '00FE5AFE'),
        send('SEARCH BINARY', '00A0000003FE5AFE00', { status: '9000', data: place(f.length - 3) }),
      ];
    },
  }),
  defineCase({
    id: 'SBI-005',
    title: 'SEARCH BINARY by short identifier',
    commands: ['SEARCH BINARY'],
    destructive: true,
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      filled(f, 0, '00ABCD'),
      f.reach,
      send('SEARCH BINARY', `00A0${f.p1}0002ABCD00`, { status: '9000', data: '01|0001' }),
    ],
  }),
  defineCase({
    id: 'SBI-009',
    title: 'SEARCH BINARY: a short identifier of 0 means the current EF',
    commands: ['SEARCH BINARY'],
    destructive: true,
    needs: { f: F, own: OR },
    steps: ({ f }) => [
      filled(f, 0, '0000ABCD'),
      send('SEARCH BINARY, P1 80', '00A0800102ABCD00', { status: '9000', data: place(2) }),
    ],
  }),
  defineCase({
    id: 'SBI-006',
    title: 'SEARCH BINARY from outside the file',
    commands: ['SEARCH BINARY'],
    statusWords: ['6B00'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('SEARCH BINARY', `00A0${hex16(f.length)}01AA00`, refused('6B00|6282|6A80', '6B00')),
    ],
  }),
  defineCase({
    id: 'SBI-007',
    title: 'SEARCH BINARY A1 takes offset and string as data objects',
    commands: ['SEARCH BINARY (odd INS)'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => [
      filled(f, 0, '00000000BADCAB1E'),
      send('SEARCH BINARY A1', `00A10000${field(tlv('54', '01') + tlv('53', 'BADCAB1E'))}00`, {
        status: '9000',
        data: 'X*',
      }),
    ],
  }),
  defineCase({
    id: 'SBI-008',
    title: 'SEARCH BINARY A1 for what is not there warns 6282',
    commands: ['SEARCH BINARY (odd INS)'],
    statusWords: ['6282'],
    destructive: true,
    needs: { f: F },
    steps: ({ f }) => {
      if (f.content.includes('FACEFEEDF00D')) return 'the string of the case stands in the file';
      return [
        filled(f, 0, '0000000000000000'),
        send('SEARCH BINARY A1', `00A10000${field(tlv('54', '00') + tlv('53', 'FACEFEEDF00D'))}00`, {
          status: '6282',
          data: '',
        }),
      ];
    },
  }),
];

export const WRITE_BINARY_CASES: readonly ConformanceCase[] = [...UPDATE, ...UPDATE_ODD, ...WRITE, ...ERASE, ...SEARCH];
