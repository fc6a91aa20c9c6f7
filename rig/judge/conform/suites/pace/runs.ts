import { domainParameters } from '../../../../../src/secure-channel/index.ts';
import type { ChosenPace } from '../../../../channel/pace.ts';
import { COLD, refused, send } from '../../define.ts';
import type { ConformanceCase, Step } from '../../model.ts';
import { PACE_STEPS, type Terminal } from '../../terminal/terminal.ts';
import { readAccess } from '../sm/channel-case.ts';
import { BAD_POINT, FAILED, generalAuthenticate, NOT_NOW, ofPace, withValue, works } from './pace-case.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'));
const EMPTY = '1086000002 7C00 00';
/** A point of the curve that anyone knows: its generator. */
const point = ({ channel }: Terminal): Uint8Array =>
  domainParameters((channel.offers[0] as ChosenPace).curve).generator;

/** Commands out of their order; each is refused, and PACE runs after it. */
const ORDER: readonly ConformanceCase[] = [
  ...(
    [
      ['POR-001', 'GENERAL AUTHENTICATE before MSE:Set AT', 0, () => bytes(EMPTY)],
      [
        'POR-002',
        'a mapping key before MSE:Set AT',
        0,
        (terminal: Terminal) => generalAuthenticate(0x10, 0x81, point(terminal)),
      ],
      ['POR-003', 'a token before MSE:Set AT', 0, () => generalAuthenticate(0x00, 0x85, new Uint8Array(8))],
      [
        'POR-004',
        'a mapping key before the nonce was asked for',
        1,
        (terminal: Terminal) => generalAuthenticate(0x10, 0x81, point(terminal)),
      ],
      [
        'POR-005',
        'an ephemeral key before the nonce was asked for',
        1,
        (terminal: Terminal) => generalAuthenticate(0x10, 0x83, point(terminal)),
      ],
      [
        'POR-006',
        'a token before the nonce was asked for',
        1,
        () => generalAuthenticate(0x00, 0x85, new Uint8Array(8)),
      ],
      ['POR-007', 'the nonce a second time', 2, () => bytes(EMPTY)],
      [
        'POR-008',
        'an ephemeral key before the mapping',
        2,
        (terminal: Terminal) => generalAuthenticate(0x10, 0x83, point(terminal)),
      ],
      ['POR-009', 'a token before the mapping', 2, () => generalAuthenticate(0x00, 0x85, new Uint8Array(8))],
      ['POR-010', 'a second mapping key', 3, (terminal: Terminal) => generalAuthenticate(0x10, 0x81, point(terminal))],
      ['POR-011', 'a token before the key agreement', 3, () => generalAuthenticate(0x00, 0x85, new Uint8Array(8))],
      [
        'POR-012',
        'a second ephemeral key',
        4,
        (terminal: Terminal) => generalAuthenticate(0x10, 0x83, point(terminal)),
      ],
    ] as const
  ).map(([id, title, until, make]) =>
    ofPace({
      id,
      title: `${title} is refused`,
      statusWords: ['6985'],
      steps: (terminal) => [
        ...terminal.pace({ until }),
        terminal.bare('out of order', () => make(terminal), NOT_NOW),
        ...works(terminal),
      ],
    }),
  ),
  ofPace({
    id: 'POR-020',
    title: 'the last step with the chaining bit set is refused',
    statusWords: ['6883'],
    steps: (terminal) => [
      ...terminal.pace({
        until: 5,
        change: {
          command: (command) => Uint8Array.of(0x10, ...command.subarray(1)),
          expect: refused('6883|6985|6884|6A80', '6883'),
        },
      }),
      ...works(terminal),
    ],
  }),
  ofPace({
    id: 'POR-021',
    title: 'P1 01 of GENERAL AUTHENTICATE is refused',
    statusWords: ['6A86'],
    steps: (terminal) => [
      ...terminal.pace({ until: 1 }),
      send('GENERAL AUTHENTICATE', '1086010002 7C00 00', refused('6A86|6B00|6985|6A80|6A81', '6A86')),
      ...works(terminal),
    ],
  }),
  ...(
    [
      ['POR-022', 'an empty data field instead of template 7C', '1086000000', '6700|6A80|6985'],
      ['POR-023', 'data that are no template 7C', '1086000002 300000', '6A80|6985'],
      ['POR-024', 'a template 7C that is cut off', '1086000002 7C0500', '6A80|6700|6985'],
      ['POR-025', 'a template 7C that says 4 GB', '1086000006 7C84FFFFFFFF00', '6A80|6700|6985'],
      ['POR-026', 'an object of no step', '1086000005 7C03 8F0100 00', '6A80|6985'],
    ] as const
  ).map(([id, title, command, status]) =>
    ofPace({
      id,
      title: `GENERAL AUTHENTICATE with ${title} is refused`,
      statusWords: ['6A80'],
      steps: (terminal) => [
        ...terminal.pace({ until: 1 }),
        send('GENERAL AUTHENTICATE', command, refused(status)),
        ...works(terminal),
      ],
    }),
  ),
  ...[1, 2, 3, 4].map((until) =>
    ofPace({
      id: `POR-03${until}`,
      title: `a terminal that stops after ${PACE_STEPS[until - 1]} and begins again gets its channel`,
      steps: (terminal) => [...terminal.pace({ until }), ...works(terminal)],
    }),
  ),
  ...[2, 3, 4].map((until) =>
    ofPace({
      id: `POR-04${until}`,
      title: `power lost after ${PACE_STEPS[until - 1]}: nothing of the run is left`,
      steps: (terminal) => [
        // The next step is right, for a card that still knew the run.
        ...terminal
          .pace({ until: until + 1, change: { expect: NOT_NOW } })
          .flatMap((step, at): Step[] => (at === until ? [COLD, step] : [step])),
        ...works(terminal),
      ],
    }),
  ),
  ofPace({
    id: 'POR-050',
    title: 'another command between two steps, and PACE works when it begins again',
    steps: (terminal) => [
      ...terminal.pace({ until: 3 }),
      send('READ BINARY of EF.CardAccess', readAccess(4), { status: '9000' }),
      ...works(terminal),
    ],
  }),
];

/** Answers of two runs that must differ. */
const FRESH: readonly ConformanceCase[] = (
  [
    ['PFR-001', 'the nonce', 'nonce', 2],
    ['PFR-002', 'the mapping key of the chip', 'mapping', 3],
    ['PFR-003', 'the ephemeral key of the chip', 'key agreement', 4],
  ] as const
).map(([id, title, step, until]) =>
  ofPace({
    id,
    title: `${title} is another one in the next run`,
    steps: (terminal) => {
      let before = '';
      return [
        ...terminal.pace({ until, role: 'judged' }),
        ...terminal.pace({ until: 1 }).map((each) => ({
          ...each,
          take: (response: Uint8Array) => {
            before = terminal.seen.get(step) ?? '';
            each.take?.(response);
          },
        })),
        ...terminal.pace({ until, role: 'judged' }).map((each, at) => ({
          ...each,
          ...(at === until - 1 && {
            open: (response: Uint8Array) => {
              const same = Buffer.from(response).toString('hex').toUpperCase() === before;
              // 6F01 stands for what no status word says: the same bytes as before.
              return same ? Uint8Array.of(0x6f, 0x01) : response;
            },
          }),
        })),
      ];
    },
  }),
);

const flip =
  (at: number) =>
  (value: Uint8Array): Uint8Array => {
    const changed = Uint8Array.from(value);
    const index = at < 0 ? value.length + at : at;
    changed[index] = (changed[index] as number) ^ 0x01;
    return changed;
  };

const POINTS: readonly (readonly [title: string, change: (value: Uint8Array) => Uint8Array])[] = [
  ['the point at infinity', () => Uint8Array.of(0x00)],
  ['no point at all', () => new Uint8Array(0)],
  ['a point with one bit of x changed, which is on no curve', flip(5)],
  ['a point with one bit of y changed, which is on no curve', flip(-3)],
  ['a point whose coordinates are 0', (value) => Uint8Array.of(0x04, ...new Uint8Array(value.length - 1))],
  [
    'a point whose coordinates are FF throughout, more than the field has',
    (value) => Uint8Array.of(0x04, ...new Uint8Array(value.length - 1).fill(0xff)),
  ],
  ['a point of one byte less', (value) => value.subarray(0, -1)],
  ['a point of one byte more', (value) => Uint8Array.of(...value, 0x00)],
  ['a point with the first byte 06, the hybrid form', (value) => Uint8Array.of(0x06, ...value.subarray(1))],
  ['x alone', (value) => value.subarray(1, 1 + (value.length - 1) / 2)],
];

const BAD_POINTS: readonly ConformanceCase[] = (
  [
    ['mapping key', 3, 'PPM'],
    ['ephemeral key', 4, 'PPE'],
  ] as const
).flatMap(([what, until, group]) =>
  POINTS.map(([title, change], index) =>
    ofPace({
      id: `${group}-${String(index + 1).padStart(3, '0')}`,
      title: `${title} as ${what} is refused`,
      statusWords: ['6A80'],
      steps: (terminal) => [
        ...terminal.pace({ until, change: { command: withValue(change), expect: BAD_POINT } }),
        terminal.bare(
          'no channel comes of it',
          () => generalAuthenticate(0x00, 0x85, new Uint8Array(8)),
          refused('6985|6A80|6300|6A88|6982'),
        ),
        ...works(terminal),
      ],
    }),
  ),
);

/** Keys that are points and must not be taken: the chip's own, sent back. */
const ECHOES: readonly ConformanceCase[] = [
  ofPace({
    id: 'PEC-001',
    title: "PACE that takes back the terminal's ephemeral key of the run before opens no channel with its token",
    statusWords: ['6300'],
    steps: (terminal) => {
      let kept = new Uint8Array(0);
      return [
        ...terminal
          .pace({ until: 4 })
          .map((each, at) => (at === 3 ? keeping(each, (command) => (kept = command)) : each)),
        ...terminal
          .pace({ until: 4 })
          .map((each, at) => (at === 3 ? { ...each, make: () => kept, take: () => {} } : each)),
        terminal.bare('a token of zeros', () => generalAuthenticate(0x00, 0x85, new Uint8Array(8)), FAILED),
        ...works(terminal),
      ];
    },
  }),
];

function keeping(step: ReturnType<Terminal['pace']>[number], keep: (command: Uint8Array<ArrayBuffer>) => void) {
  return {
    ...step,
    make: () => {
      const command = step.make();
      if (command !== null) keep(Uint8Array.from(command));
      return command;
    },
  };
}

const TOKENS: readonly ConformanceCase[] = [
  ...(
    [
      ['PTK-001', 'a token with its first bit wrong', flip(0)],
      ['PTK-002', 'a token with its last bit wrong', flip(-1)],
      ['PTK-003', 'a token of zeros', () => new Uint8Array(8)],
      ['PTK-004', 'a token of seven bytes', (value: Uint8Array) => value.subarray(0, 7)],
      ['PTK-005', 'a token of nine bytes', (value: Uint8Array) => Uint8Array.of(...value, 0)],
      ['PTK-006', 'an empty token', () => new Uint8Array(0)],
      ['PTK-007', 'a token of one byte', (value: Uint8Array) => value.subarray(0, 1)],
    ] as const
  ).map(([id, title, change]) =>
    ofPace({
      id,
      title: `${title} is refused, and PACE works after it`,
      statusWords: ['6300'],
      steps: (terminal) => [
        ...terminal.pace({ until: 5, change: { command: withValue(change), expect: FAILED } }),
        ...works(terminal),
      ],
    }),
  ),
  ofPace({
    id: 'PTK-010',
    title: 'the token of the run before is refused',
    statusWords: ['6300'],
    steps: (terminal) => {
      let kept = new Uint8Array(0);
      return [
        ...terminal.pace().map((each, at) => (at === 4 ? keeping(each, (command) => (kept = command)) : each)),
        COLD,
        ...terminal.pace({ until: 4 }),
        terminal.bare('the token of the run before', () => kept, FAILED),
        ...works(terminal),
      ];
    },
  }),
  ofPace({
    id: 'PTK-011',
    title: 'a token is compared once: after a wrong one the right one comes too late',
    statusWords: ['6300', '6985'],
    steps: (terminal) => {
      let right = new Uint8Array(0);
      return [
        ...terminal.pace({
          until: 5,
          change: {
            command: (command) => {
              right = Uint8Array.from(command);
              return withValue(flip(3))(command);
            },
            expect: FAILED,
          },
        }),
        terminal.bare('the right token', () => right, NOT_NOW),
        ...works(terminal),
      ];
    },
  }),
];

export const RUNS: readonly ConformanceCase[] = [...ORDER, ...FRESH, ...BAD_POINTS, ...ECHOES, ...TOKENS];
