import { TlvReader } from '../../../../../src/apdu/ber-tlv-reader.ts';
import { bytesFrom, defineCase, extendedField, field, given, ok, refused, send, sweep, tlv } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { CHAINING, EXTENDED_LENGTH, file, OWN_DECISIONS as OWN, T1_RULES as T1 } from '../../needs.ts';

const GET = 'GET DATA';
const GET_ODD = 'GET DATA (odd INS)';
const PUT = 'PUT DATA';
const PUT_ODD = 'PUT DATA (odd INS)';

const F = file({ structure: 'ber-tlv', access: { read: 'free' }, sfi: true });
/** Room for one more object, of any case but those that say how large theirs is. */
const FREE = file({ structure: 'ber-tlv', access: { read: 'free', update: 'free' }, sfi: true, room: 40 });

interface StoredObject {
  /** In hex, as all of these. */
  readonly tag: string;
  readonly value: string;
  readonly whole: string;
}

/** The data objects that the file is declared with. */
function objects(f: LocatedFile): readonly StoredObject[] {
  const bytes = f.declaration.content ?? new Uint8Array(0);
  const reader = new TlvReader(bytes);
  const found: StoredObject[] = [];
  while (reader.next()) {
    const tag = reader.tag.toString(16).toUpperCase();
    const value = hex(...reader.value());
    found.push({ tag: tag.length % 2 === 0 ? tag : `0${tag}`, value, whole: '' });
  }
  return found.map((each) => ({ ...each, whole: tlv(each.tag, each.value) }));
}

const p1p2 = (tag: string): string => tag.padStart(4, '0');
const get = (tag: string, le = '00'): string => `00CA${p1p2(tag)}${le}`;
const list = (name: string, tags: string, le = '00'): string => `00CB${name}${field(tlv('5C', tags))}${le}`;
const NONE = 'the file is declared without such data objects';

/** Tags of one byte and of two, primitive and constructed. */
const KINDS = [
  {
    id: '1',
    words: 'a primitive object with a tag of one byte',
    fits: (o: StoredObject) => o.tag.length === 2 && !isConstructed(o.tag),
  },
  { id: '2', words: 'an object with a tag of two bytes', fits: (o: StoredObject) => o.tag.length === 4 },
  { id: '3', words: 'a constructed object', fits: (o: StoredObject) => isConstructed(o.tag) },
] as const;

function isConstructed(tag: string): boolean {
  return (Number.parseInt(tag.slice(0, 2), 16) & 0x20) !== 0;
}

const READ: readonly ConformanceCase[] = [
  ...KINDS.flatMap(({ id, words, fits }) => [
    defineCase({
      id: `GDA-00${id}`,
      title: `GET DATA gives the value of ${words}`,
      commands: [GET],
      needs: { f: F },
      steps: ({ f }) => {
        const object = objects(f).find(fits);
        return object === undefined ? NONE : [f.select, send('GET DATA', get(object.tag), ok(object.value))];
      },
    }),
    defineCase({
      id: `GDO-00${id}`,
      title: `GET DATA CB gives ${words} whole`,
      commands: [GET_ODD],
      needs: { f: F },
      steps: ({ f }) => {
        const object = objects(f).find(fits);
        return object === undefined
          ? NONE
          : [f.select, send('GET DATA CB', list('0000', object.tag), ok(object.whole))];
      },
    }),
  ]),
  defineCase({
    id: 'GDA-011',
    title: 'GET DATA of a tag that is not there',
    commands: [GET],
    statusWords: ['6A88'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('GET DATA', get('DE'), refused('6A88|6A82', '6A88'))],
  }),
  defineCase({
    id: 'GDA-012',
    title: 'GET DATA of a two-byte tag that is not there',
    commands: [GET],
    statusWords: ['6A88'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('GET DATA', get('5F7F'), refused('6A88|6A82', '6A88'))],
  }),
  defineCase({
    id: 'GDA-013',
    title: 'GET DATA with P1-P2 0000 to 003F, kept for later',
    commands: [GET],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      sweep('GET DATA', '00CA00{value}00', bytesFrom(0x01, 0x3f), refused('6A86|6A88|6A81|6B00')),
    ],
  }),
  defineCase({
    id: 'GDA-014',
    title: 'GET DATA with an Le shorter than the value',
    commands: [GET],
    statusWords: ['6CXX'],
    needs: { f: F, t1: T1 },
    steps: ({ f }) => {
      const object = objects(f).find((each) => each.value.length > 2);
      if (object === undefined) return NONE;
      return [
        f.select,
        send('GET DATA, Le 01', get(object.tag, '01'), {
          status: '6CXX|61XX|6700',
          decided: `6C${hex(object.value.length / 2)}`,
        }),
      ];
    },
  }),
  defineCase({
    id: 'GDA-015',
    title: 'GET DATA does not look inside constructed objects',
    commands: [GET],
    statusWords: ['6A88'],
    needs: { f: F },
    steps: ({ f }) => {
      const inner = objects(f)
        .find((each) => isConstructed(each.tag))
        ?.value.slice(0, 2);
      if (inner === undefined || inner === '' || objects(f).some((each) => each.tag === inner)) return NONE;
      return [f.select, send(`GET DATA ${inner}`, get(inner), refused('6A88|6A82', '6A88'))];
    },
  }),
  defineCase({
    id: 'GDA-016',
    title: 'GET DATA without Le asks for nothing',
    commands: [GET],
    statusWords: ['6700'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('GET DATA, case 1', '00CA00C1', { status: '6700|9000|61XX|6CXX', decided: '6700', data: '' }),
    ],
  }),
  defineCase({
    id: 'GDA-017',
    title: 'GET DATA with P1-P2 00FF gives every object of the file, whole',
    commands: [GET],
    needs: { f: F, own: OWN },
    steps: ({ f }) => {
      const all = objects(f)
        .map(({ whole }) => whole)
        .join('');
      return all === '' || all.length > 512 ? NONE : [f.select, send('GET DATA', '00CA00FF00', ok(all))];
    },
  }),
  ...(
    [
      ['1', 'by short identifier', (f: LocatedFile) => hex(0, f.sfi)],
      ['2', 'by identifier', (f: LocatedFile) => f.fidInP1P2],
    ] as const
  ).map(([id, words, name]) =>
    defineCase({
      id: `GDO-01${id}`,
      title: `GET DATA CB from an EF ${words}, which makes it the current one`,
      commands: [GET_ODD],
      needs: { f: F },
      steps: ({ f }) => {
        const object = objects(f)[0];
        if (object === undefined) return NONE;
        return [
          f.reach,
          send('GET DATA CB', list(name(f), object.tag), ok(object.whole)),
          send('GET DATA CA of the EF that is current now', get(object.tag), ok(object.value)),
        ];
      },
    }),
  ),
  defineCase({
    id: 'GDO-013',
    title: 'GET DATA CB of two tags gives both objects in the order of the list',
    commands: [GET_ODD],
    needs: { f: F },
    steps: ({ f }) => {
      const [a, b] = objects(f);
      if (a === undefined || b === undefined) return NONE;
      return [
        f.select,
        send('GET DATA CB', list('0000', a.tag + b.tag), ok(a.whole + b.whole)),
        send('GET DATA CB, the other way round', list('0000', b.tag + a.tag), ok(b.whole + a.whole)),
      ];
    },
  }),
  defineCase({
    id: 'GDO-014',
    title: 'GET DATA CB of a tag that is not there',
    commands: [GET_ODD],
    statusWords: ['6A88'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('GET DATA CB', list('0000', 'DE'), { status: '6A88|6A82|9000', decided: '6A88', data: '' }),
    ],
  }),
  defineCase({
    id: 'GDO-015',
    title: 'GET DATA CB with a data field that is no tag list',
    commands: [GET_ODD],
    statusWords: ['6A80'],
    needs: { f: F },
    steps: ({ f }) => [f.select, send('GET DATA CB', '00CB000003C10101' + '00', refused('6A80|6A81|6A85', '6A80'))],
  }),
  defineCase({
    id: 'GDO-016',
    title: 'GET DATA CB with a tag list longer than the data field',
    commands: [GET_ODD],
    statusWords: ['6A80', '6A85'],
    needs: { f: F },
    steps: ({ f }) => [
      f.select,
      send('GET DATA CB', '00CB0000035C05C1' + '00', refused('6A80|6A85|6700', '6A80|6A85')),
    ],
  }),
  defineCase({
    id: 'GDO-017',
    title: 'GET DATA CB from an identifier that is not there',
    commands: [GET_ODD],
    statusWords: ['6A82'],
    needs: { f: F },
    steps: ({ f }) => [f.reach, send('GET DATA CB', list(f.directory.absentFid, 'C1'), refused('6A82'))],
  }),
];

const WRITE: readonly ConformanceCase[] = [
  ...(
    [
      ['1', 'a new object with a tag of one byte', 'C8', 'CAFE'],
      ['2', 'a new object with a tag of two bytes', '5F51', 'BEEF'],
      ['3', 'a new constructed object', 'E5', '80020102'],
    ] as const
  ).flatMap(([id, words, tag, value]) => [
    defineCase({
      id: `PDA-00${id}`,
      title: `PUT DATA stores ${words}`,
      commands: [PUT, GET],
      destructive: true,
      needs: { f: FREE },
      steps: ({ f }) => [
        f.select,
        send('PUT DATA', `00DA${p1p2(tag)}${field(value)}`, ok('')),
        send('GET DATA', get(tag), ok(value)),
      ],
    }),
    defineCase({
      id: `PDO-00${id}`,
      title: `PUT DATA DB stores ${words}`,
      commands: [PUT_ODD, GET],
      destructive: true,
      needs: { f: FREE },
      steps: ({ f }) => [
        f.select,
        send('PUT DATA DB', `00DB0000${field(tlv(tag, value))}`, ok('')),
        send('GET DATA', get(tag), ok(value)),
      ],
    }),
  ]),
  defineCase({
    id: 'PDA-011',
    title: 'PUT DATA of a tag that is there replaces its value, longer and shorter',
    commands: [PUT, GET],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA', '00DA00C801AA', ok('')),
      send('PUT DATA, longer', `00DA00C8${field('BB'.repeat(20))}`, ok('')),
      send('GET DATA', get('C8'), ok('BB'.repeat(20))),
      send('PUT DATA, shorter', '00DA00C802CCDD', ok('')),
      send('GET DATA', get('C8'), ok('CCDD')),
    ],
  }),
  defineCase({
    id: 'PDA-012',
    title: 'PUT DATA leaves the other objects as they were',
    commands: [PUT, GET],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => {
      const all = objects(f);
      if (all.length === 0) return NONE;
      return [
        f.select,
        send('PUT DATA', `00DA00C8${field('11'.repeat(30))}`, ok('')),
        all.map((object) => send(`GET DATA ${object.tag}`, get(object.tag), ok(object.value))),
      ];
    },
  }),
  defineCase({
    id: 'PDA-013',
    title: 'PUT DATA of more than there is room for changes nothing',
    commands: [PUT, GET],
    statusWords: ['6A84'],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => {
      const { size } = f.declaration;
      const first = objects(f)[0];
      if (size === null || first === undefined) return NONE;
      if (size > 255) {
        return [
          f.select,
          given('PUT DATA fills the file', `00DA00C8${field('22'.repeat(Math.min(200, size - 40)))}`),
          send('PUT DATA of more', `00DA00C9${field('33'.repeat(240))}`, refused('6A84')),
          send('GET DATA of what was there before', get(first.tag), ok(first.value)),
          send('GET DATA of what was refused', get('C9'), refused('6A88|6A82', '6A88')),
        ];
      }
      return [f.select, send('PUT DATA', `00DA00C8${field('22'.repeat(250))}`, refused('6A84'))];
    },
  }),
  defineCase({
    id: 'PDA-014',
    title: 'PUT DATA survives the power going off',
    commands: [PUT, GET],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA', '00DA00C80212AB', ok('')),
      { kind: 'power', mode: 'cold' },
      f.select,
      send('GET DATA', get('C8'), ok('12AB')),
    ],
  }),
  defineCase({
    id: 'PDA-015',
    title: 'PUT DATA in a chain',
    commands: [PUT, GET],
    destructive: true,
    needs: { f: FREE, chaining: CHAINING },
    steps: ({ f }) => [
      f.select,
      send('the first part', '10DA00C803010203', ok('')),
      send('the last part', '00DA00C8020405', ok('')),
      send('GET DATA', get('C8'), ok('0102030405')),
    ],
  }),
  defineCase({
    id: 'PDA-016',
    title: 'PUT DATA of more than 127 bytes: the length in the file takes two',
    commands: [PUT_ODD, GET_ODD],
    destructive: true,
    needs: { f: file({ structure: 'ber-tlv', access: { read: 'free', update: 'free' }, room: 160 }) },
    steps: ({ f }) => {
      const whole = tlv('C8', '77'.repeat(150));
      return [
        f.select,
        send('PUT DATA DB', `00DB0000${field(whole)}`, ok('')),
        send('GET DATA CB', list('0000', 'C8'), ok(whole)),
      ];
    },
  }),
  defineCase({
    id: 'PDA-017',
    title: 'PUT DATA with P1-P2 00FF stores whole objects',
    commands: [PUT, GET],
    destructive: true,
    needs: { f: FREE, own: OWN },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA', `00DA00FF${field(tlv('C8', '0C') + tlv('C9', '0D'))}`, ok('')),
      send('GET DATA C8', get('C8'), ok('0C')),
      send('GET DATA C9', get('C9'), ok('0D')),
    ],
  }),
  defineCase({
    id: 'PDO-011',
    title: 'PUT DATA DB of two objects stores both',
    commands: [PUT_ODD, GET],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA DB', `00DB0000${field(tlv('C8', '01') + tlv('C9', '02'))}`, ok('')),
      send('GET DATA C8', get('C8'), ok('01')),
      send('GET DATA C9', get('C9'), ok('02')),
    ],
  }),
  defineCase({
    id: 'PDO-012',
    title: 'PUT DATA DB of an object that is cut short changes nothing',
    commands: [PUT_ODD],
    statusWords: ['6A80', '6A85'],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA DB', '00DB000006C80101C905AA', refused('6A80|6A85|6700', '6A80|6A85')),
      send('GET DATA of the whole one before it', get('C8'), refused('6A88|6A82', '6A88')),
    ],
  }),
  defineCase({
    id: 'PDO-013',
    title: 'PUT DATA DB by identifier',
    commands: [PUT_ODD, GET],
    destructive: true,
    needs: { f: FREE },
    steps: ({ f }) => [
      f.reach,
      send('PUT DATA DB', `00DB${f.fidInP1P2}${field(tlv('C8', '0A0B'))}`, ok('')),
      f.select,
      send('GET DATA', get('C8'), ok('0A0B')),
    ],
  }),
  defineCase({
    id: 'PDO-014',
    title: 'PUT DATA DB with an extended Lc',
    commands: [PUT_ODD, GET],
    destructive: true,
    needs: { f: FREE, extended: EXTENDED_LENGTH },
    steps: ({ f }) => [
      f.select,
      send('PUT DATA DB', `00DB0000${extendedField(tlv('C8', '99'))}`, ok('')),
      send('GET DATA', get('C8'), ok('99')),
    ],
  }),
];

export const DATA_OBJECT_CASES: readonly ConformanceCase[] = [...READ, ...WRITE];
