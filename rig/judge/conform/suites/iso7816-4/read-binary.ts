import { bytesFrom, defineCase, ok, refused, send, sweep, tlv } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { ConformanceCase, Expectation } from '../../model.ts';
import { EXTENDED_LENGTH, file, OWN_DECISIONS as OWN, T1_RULES as T1 } from '../../needs.ts';

const F = file({ structure: 'transparent', access: { read: 'free' }, bytes: 16 });
const LONG = file({ structure: 'transparent', access: { read: 'free' }, bytes: 257 });
const BY_SFI = file({ structure: 'transparent', access: { read: 'free' }, bytes: 16, sfi: true });

/** READ BINARY of the current EF. @param le hex, of any form */
const read = (offset: number, le: string): string => `00B0${hex16(offset)}${le}`;

/** Where to read, and how much, of a file of n bytes. */
const PLACES: readonly (readonly [id: string, words: string, offset: (n: number) => number, count: number])[] = [
  ['1', 'the first byte', () => 0, 1],
  ['2', 'the first bytes', () => 0, 8],
  ['3', 'bytes from 1 on', () => 1, 4],
  ['4', 'bytes in the middle', (n) => n >> 1, 4],
  ['5', 'the last byte', (n) => n - 1, 1],
  ['6', 'the last bytes', (n) => n - 4, 4],
];

const EXACT: readonly ConformanceCase[] = PLACES.map(([id, words, offset, count]) =>
  defineCase({
    id: `RBI-00${id}`,
    title: `READ BINARY gives ${words}`,
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => {
      const at = offset(f.length);
      return [f.select, send('READ BINARY', read(at, hex(count)), ok(f.part(at, count)))];
    },
  }),
);

const SHORT_IDENTIFIER: readonly ConformanceCase[] = (
  [
    ['1', 0],
    ['2', 1],
    ['3', 12],
  ] as const
).map(([number, offset]) =>
  defineCase({
    id: `RBI-01${number}`,
    title: `READ BINARY by short identifier, offset ${offset}`,
    commands: ['READ BINARY'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [f.reach, send('READ BINARY', `00B0${f.p1}${hex(offset)}04`, ok(f.part(offset, 4)))],
  }),
);

const REST: readonly ConformanceCase[] = [
  defineCase({
    id: 'RBI-021',
    title: 'Le 00 gives the whole of a file of 256 bytes or fewer',
    commands: ['READ BINARY'],
    needs: { f: file({ structure: 'transparent', access: { read: 'free' }, bytes: 1 }) },
    steps: ({ f }) => {
      const short = [f, ...f.directory.files].find(
        (each) =>
          each.structure === 'transparent' && each.access.read === 'free' && each.length > 0 && each.length <= 256,
      );
      if (short === undefined) return 'every transparent EF that is free to read is longer than 256 bytes';
      return [
        short.select,
        send('READ BINARY, Le 00', read(0, '00'), { status: '9000|6282', decided: '9000', data: short.content }),
      ];
    },
  }),
  defineCase({
    id: 'RBI-022',
    title: 'Le 00 gives 256 bytes of a longer file',
    commands: ['READ BINARY'],
    needs: { f: LONG },
    steps: ({ f }) => [f.select, send('READ BINARY, Le 00', read(0, '00'), ok(f.part(0, 256)))],
  }),
  defineCase({
    id: 'RBI-023',
    title: 'Le 00 near the end gives what is left',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, Le 00', read(f.length - 3, '00'), {
        status: '9000|6282',
        decided: '9000',
        data: f.part(f.length - 3, 3),
      }),
    ],
  }),
  defineCase({
    id: 'RBI-024',
    title: 'more than is left: what there is, with the warning 6282',
    commands: ['READ BINARY'],
    statusWords: ['6282'],
    needs: { f: F, t1: T1 },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, one byte too many', read(f.length - 3, '04'), {
        status: '6282',
        data: f.part(f.length - 3, 3),
      }),
    ],
  }),
  defineCase({
    id: 'RBI-025',
    title: 'an offset that is the length of the file is outside it',
    commands: ['READ BINARY'],
    statusWords: ['6B00'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('READ BINARY', read(f.length, '01'), refused('6B00|6282|6A86', '6B00'))],
  }),
  defineCase({
    id: 'RBI-026',
    title: 'the largest offset is outside the file',
    commands: ['READ BINARY'],
    statusWords: ['6B00'],
    needs: { f: F },
    steps: ({ f }) => {
      if (f.length > 0x7fff) return 'the file reaches that far';
      return [f.select, send('READ BINARY', read(0x7fff, '01'), refused('6B00|6A86', '6B00'))];
    },
  }),
  defineCase({
    id: 'RBI-027',
    title: 'a read outside the file leaves it current',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY outside', read(f.length + 10, '01'), refused('6B00|6A86|6282')),
      send('READ BINARY inside', read(0, '02'), ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'RBI-028',
    title: 'every offset of 15 bits gets data or a refusal that the standard has',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      sweep(
        'READ BINARY, Le 01',
        '00B0{value}01',
        Array.from({ length: 0x8000 }, (_, i) => hex16(i)),
        {
          status: '9000|6B00|6A86|6282',
          length: [0, 1],
        },
      ),
      send('the EF is current still', read(0, '02'), ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'RBI-029',
    title: 'every P1-P2 with b8 of P1 set gets data or a refusal that the standard has',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      sweep(
        'READ BINARY, Le 01',
        '00B0{value}01',
        Array.from({ length: 0x8000 }, (_, i) => hex16(0x8000 + i)),
        {
          status: '9000|6282|6981|6982|6985|6A82|6A86|6B00',
          length: [0, 1],
        },
      ),
    ],
  }),
  defineCase({
    id: 'RBI-030',
    title: 'P1 A0 to FF: b8 asks for a short identifier and b7 b6 must be zero',
    commands: ['READ BINARY'],
    statusWords: ['6A86'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      sweep('READ BINARY', '00B0{value}0001', bytesFrom(0xa0, 0xff), refused('6A86|6B00|6A82', '6A86')),
    ],
  }),
  defineCase({
    id: 'RBI-031',
    title: 'short identifier 31 is none',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [f.reach, send('READ BINARY', '00B09F0001', refused('6A86|6A82', '6A86'))],
  }),
  defineCase({
    id: 'RBI-035',
    title: 'a short identifier of 0 means the current EF',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, P1 80', '00B0800104', {
        status: '9000|6A82|6A86|6B00',
        decided: '9000',
        data: `${f.part(1, 4)}|`,
      }),
      send('READ BINARY of the current EF', read(0, '02'), ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'RBI-036',
    title: 'a short identifier of 0 without a current EF',
    commands: ['READ BINARY'],
    statusWords: ['6986'],
    needs: { f: F },
    steps: ({ f }) => [f.reach, send('READ BINARY, P1 80', '00B0800001', refused('6986|6A82|6A86|6B00', '6986'))],
  }),
  defineCase({
    id: 'RBI-032',
    title: 'a read by short identifier that is not there leaves the current EF current',
    commands: ['READ BINARY'],
    statusWords: ['6A82'],
    needs: { f: F },
    steps: ({ f }) => {
      const sfi = f.directory.absentSfi;
      if (sfi === 0) return 'which short identifiers are free is not known';
      return [
        f.select,
        send('READ BINARY', `00B0${hex(0x80 | sfi)}0001`, refused('6A82')),
        send('READ BINARY of the current EF', read(0, '02'), ok(f.part(0, 2))),
      ];
    },
  }),
  defineCase({
    id: 'RBI-033',
    title: 'READ BINARY with a data field has a wrong length',
    commands: ['READ BINARY'],
    statusWords: ['6700'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('READ BINARY, case 4', '00B0000001AA01', refused('6700|6A80|6A86|6A87', '6700'))],
  }),
  defineCase({
    id: 'RBI-034',
    title: 'READ BINARY without Le asks for nothing',
    commands: ['READ BINARY'],
    statusWords: ['6700'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, case 1', '00B00000', { status: '6700|9000|6CXX|61XX', decided: '6700', data: '' }),
    ],
  }),
  defineCase({
    id: 'RBI-041',
    title: 'extended Le 0000 gives the whole of a file longer than 256 bytes',
    commands: ['READ BINARY'],
    needs: { f: LONG, extended: EXTENDED_LENGTH, t1: T1 },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, Le 0000', read(0, '000000'), { status: '9000|6282', decided: '9000', data: f.content }),
    ],
  }),
  defineCase({
    id: 'RBI-042',
    title: 'extended Le of 257 gives 257 bytes',
    commands: ['READ BINARY'],
    needs: { f: LONG, extended: EXTENDED_LENGTH, t1: T1 },
    steps: ({ f }) => [f.select, send('READ BINARY, Le 0101', read(0, '000101'), ok(f.part(0, 257)))],
  }),
  defineCase({
    id: 'RBI-043',
    title: 'a small extended Le is as good as a short one',
    commands: ['READ BINARY'],
    needs: { f: F, extended: EXTENDED_LENGTH },
    steps: ({ f }) => [f.select, send('READ BINARY, Le 0002', read(1, '000002'), ok(f.part(1, 2)))],
  }),
  defineCase({
    id: 'RBI-044',
    title: 'extended Le beyond the end: what there is, with the warning 6282',
    commands: ['READ BINARY'],
    statusWords: ['6282'],
    needs: { f: LONG, extended: EXTENDED_LENGTH, t1: T1 },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY, one byte too many', read(1, `00${hex16(f.length)}`), {
        status: '6282',
        data: f.part(1, f.length - 1),
      }),
    ],
  }),
  defineCase({
    id: 'RBI-045',
    title: 'the file read in pieces is the file',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => {
      const pieces: number[] = [];
      for (let at = 0; at < Math.min(f.length, 512); at += 64) pieces.push(at);
      return [
        f.select,
        ...pieces.map((at) => {
          const count = Math.min(64, f.length - at);
          return send(`READ BINARY from ${at}`, read(at, hex(count)), ok(f.part(at, count)));
        }),
      ];
    },
  }),
  defineCase({
    id: 'RBI-046',
    title: 'reading does not move anything: the same read twice gives the same',
    commands: ['READ BINARY'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY', read(3, '05'), ok(f.part(3, 5))),
      send('READ BINARY again', read(3, '05'), ok(f.part(3, 5))),
    ],
  }),
];

/** READ BINARY with odd INS: the offset in a data object 54, the data in 53. */
const odd = (p1p2: string, data: string, le: string): string => `00B1${p1p2}${hex(data.length / 2)}${data}${le}`;

const ODD = 'READ BINARY (odd INS)';

/** How the file is named in P1-P2. */
const ODD_NAMES: readonly (readonly [id: string, words: string, p1p2: (f: LocatedFile) => string, select: boolean])[] =
  [
    ['1', 'the current EF', () => '0000', true],
    ['2', 'an EF by its short identifier', (f) => hex(0, f.sfi), false],
    ['3', 'an EF by its identifier', (f) => f.fidInP1P2, false],
  ];

const ODD_CASES: readonly ConformanceCase[] = [
  ...ODD_NAMES.flatMap(([id, words, p1p2, select]) =>
    PLACES.map(([place, what, offset, count]) =>
      defineCase({
        id: `RBO-${id}0${place}`,
        title: `READ BINARY B1 of ${words}: ${what}`,
        commands: [ODD],
        needs: { f: BY_SFI },
        steps: ({ f }) => {
          const at = offset(f.length);
          const object = tlv('53', f.part(at, count));
          return [
            select ? f.select : f.reach,
            send('READ BINARY B1', odd(p1p2(f), tlv('54', hex16(at)), hex(object.length / 2)), ok(object)),
          ];
        },
      }),
    ),
  ),
  defineCase({
    id: 'RBO-401',
    title: 'B1, Le 00 near the end: what is left in a data object 53',
    commands: [ODD],
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY B1', odd('0000', tlv('54', hex16(f.length - 5)), '00'), {
        status: '9000|6282',
        decided: '9000',
        objects: { 53: f.part(f.length - 5, 5) },
      }),
    ],
  }),
  defineCase({
    id: 'RBO-402',
    title: 'B1, an offset outside the file',
    commands: [ODD],
    statusWords: ['6B00'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY B1', odd('0000', tlv('54', hex16(f.length)), '00'), refused('6B00|6A80|6282|6A84', '6B00')),
    ],
  }),
  defineCase({
    id: 'RBO-403',
    title: 'B1, an offset of one byte is as good as one of two',
    commands: [ODD],
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY B1', odd('0000', tlv('54', '02'), '04'), ok(tlv('53', f.part(2, 2)))),
    ],
  }),
  defineCase({
    id: 'RBO-404',
    title: 'B1, an offset of more than 15 bits is taken, and lies outside',
    commands: [ODD],
    statusWords: ['6B00'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY B1', odd('0000', tlv('54', '00FFFF'), '00'), refused('6B00|6A80|6282|6A84', '6B00')),
    ],
  }),
  defineCase({
    id: 'RBO-405',
    title: 'B1 with bytes that are no data object',
    commands: [ODD],
    statusWords: ['6A80', '6A85'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [
      f.select,
      send('READ BINARY B1', odd('0000', '5405AA', '00'), refused('6A80|6A85|6700', '6A80|6A85')),
    ],
  }),
  defineCase({
    id: 'RBO-406',
    title: 'B1 with another data object than an offset',
    commands: [ODD],
    statusWords: ['6A80'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [f.select, send('READ BINARY B1', odd('0000', '5C0100', '00'), refused('6A80', '6A80'))],
  }),
  defineCase({
    id: 'RBO-407',
    title: 'B1 by an identifier that is not there',
    commands: [ODD],
    statusWords: ['6A82'],
    needs: { f: BY_SFI },
    steps: ({ f }) => [f.reach, send('READ BINARY B1', odd(f.directory.absentFid, '540100', '00'), refused('6A82'))],
  }),
  defineCase({
    id: 'RBO-408',
    title: 'B1 by identifier makes the EF the current one',
    commands: [ODD, 'READ BINARY'],
    needs: { f: BY_SFI, own: OWN },
    steps: ({ f }) => [
      f.reach,
      send('READ BINARY B1', odd(f.fidInP1P2, '540100', '04'), ok(tlv('53', f.part(0, 2)))),
      send('READ BINARY B0 of the current EF', read(0, '02'), ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'RBO-409',
    title: 'B1 of more than 127 bytes: the length of the data object takes two',
    commands: [ODD],
    needs: { f: file({ structure: 'transparent', access: { read: 'free' }, bytes: 140 }) },
    steps: ({ f }) => [f.select, send('READ BINARY B1', odd('0000', '540100', hex(133)), even(f, 130))],
  }),
];

function even(f: LocatedFile, count: number): Expectation {
  return ok(`5381${hex(count)}${f.part(0, count)}`);
}

export const READ_BINARY_CASES: readonly ConformanceCase[] = [...EXACT, ...SHORT_IDENTIFIER, ...REST, ...ODD_CASES];
