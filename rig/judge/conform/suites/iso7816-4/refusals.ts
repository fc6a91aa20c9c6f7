import type { Structure } from '../../declaration.ts';
import { defineCase, given, refused, send } from '../../define.ts';
import { directoriesOf } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { type AccessWish, file, guarded, trait } from '../../needs.ts';
import { PROTOTYPES, type Prototype } from './prototypes.ts';

/** For every command on EFs: each thing that can stand in its way, alone. */

type Numbered = readonly (readonly [number: string, structure: Structure])[];

/** Structures that a command does not work on, with the last digit of the case's id. */
const NOT_TRANSPARENT: Numbered = [
  ['1', 'linear-fixed'],
  ['2', 'linear-variable'],
  ['3', 'cyclic'],
  ['4', 'ber-tlv'],
];
/** Commands that some records admit are not tried on the other kinds of records: those are a matter of their own. */
const NO_RECORDS: Numbered = [
  ['1', 'transparent'],
  ['2', 'ber-tlv'],
];
const NO_OBJECTS: Numbered = [
  ['1', 'transparent'],
  ['2', 'linear-fixed'],
  ['3', 'linear-variable'],
  ['4', 'cyclic'],
];

function wrongFor({ structures }: Prototype): Numbered {
  if (structures.includes('transparent')) return NOT_TRANSPARENT;
  return structures.includes('ber-tlv') ? NO_OBJECTS : NO_RECORDS;
}

function noCurrentFile({ code, name, structures, build }: Prototype): ConformanceCase {
  return defineCase({
    id: `REF-${code}-1`,
    title: `${name} without a current EF`,
    commands: [name],
    statusWords: ['6986'],
    needs: { f: file({ structure: structures }) },
    steps: ({ f }) => [f.reach, send(name, build(f, 'current'), refused('6986'))],
  });
}

function noShortIdentifier({ code, name, structures, build }: Prototype): ConformanceCase {
  return defineCase({
    id: `REF-${code}-2`,
    title: `${name} by a short identifier that no EF here has`,
    commands: [name],
    statusWords: ['6A82'],
    needs: { f: file({ structure: structures }) },
    steps: ({ f }) => {
      const sfi = f.directory.absentSfi;
      if (sfi === 0) return 'which short identifiers are free is not known';
      return [f.select, send(name, build(f, 'sfi', sfi), refused('6A82'))];
    },
  });
}

function wrongStructure(
  { code, name, structures, build }: Prototype,
  wrong: Structure,
  number: string,
): ConformanceCase {
  return defineCase({
    id: `REF-${code}-3${number}`,
    title: `${name} on a ${wrong} EF`,
    commands: [name],
    statusWords: ['6981'],
    needs: { f: file({ structure: wrong }), right: file({ structure: structures }) },
    // What the data would be on a right file: the structure is judged before them.
    steps: ({ f, right }) => [f.select, send(name, build(right, 'current'), refused('6981'))],
  });
}

const ENDS = [
  { number: 4, words: 'deactivated', ins: '04', ending: 'DEACTIVATE FILE', operation: 'deactivate' },
  { number: 5, words: 'terminated', ins: 'E8', ending: 'TERMINATE EF', operation: 'terminate' },
] as const;

function outOfUse(prototype: Prototype, end: (typeof ENDS)[number]): ConformanceCase {
  const { code, name, structures, operation, build } = prototype;
  return defineCase({
    id: `REF-${code}-${end.number}`,
    title: `${name} on an EF that was ${end.words}`,
    commands: [name, end.ending],
    statusWords: ['6985'],
    destructive: true,
    needs: {
      f: file({
        structure: structures,
        access: { [operation]: 'free', [end.operation]: 'free' } as Record<string, AccessWish>,
      }),
    },
    steps: ({ f }) => [
      f.select,
      given(end.ending, `00${end.ins}0000`),
      send(name, build(f, 'current'), refused('6985|6A82|6986|6283|6285|6982', '6985')),
    ],
  });
}

function never({ code, name, structures, operation, build }: Prototype): ConformanceCase {
  return defineCase({
    id: `REF-${code}-6`,
    title: `${name} on an EF whose rule for it is never`,
    commands: [name],
    statusWords: ['6982'],
    needs: { f: file({ structure: structures, access: { [operation]: 'never' } as Record<string, AccessWish> }) },
    steps: ({ f }) => [f.select, send(name, build(f, 'current'), refused('6982'))],
  });
}

function behindCode(prototype: Prototype): readonly ConformanceCase[] {
  const { code, name, structures, operation, build, done, writes } = prototype;
  const needs = { g: guarded(operation, { structure: structures }) };
  return [
    defineCase({
      id: `REF-${code}-7`,
      title: `${name} behind a code that was not presented`,
      commands: [name],
      statusWords: ['6982'],
      needs,
      steps: ({ g }) => [g.file.select, send(name, build(g.file, 'current'), refused('6982'))],
    }),
    defineCase({
      id: `REF-${code}-8`,
      title: `${name} behind a code that was presented`,
      commands: [name, 'VERIFY'],
      destructive: writes,
      needs: { g: guarded(operation, { structure: structures, ...prototype.needs }) },
      steps: ({ g }) => [
        g.file.select,
        given('VERIFY', g.code.verify(g.code.right)),
        send(name, build(g.file, 'current'), done),
      ],
    }),
    defineCase({
      id: `REF-${code}-9`,
      title: `${name} behind a code that was presented before a reset`,
      commands: [name, 'VERIFY'],
      statusWords: ['6982'],
      needs,
      steps: ({ g }) => [
        g.file.select,
        given('VERIFY', g.code.verify(g.code.right)),
        { kind: 'power', mode: 'warm' },
        g.file.select,
        send(name, build(g.file, 'current'), refused('6982')),
      ],
    }),
  ];
}

function bySfi({ code, name, structures, operation, build, done, writes, needs }: Prototype): ConformanceCase {
  // The command is sent twice.
  const twice = needs.room === undefined ? needs : { ...needs, room: 2 * needs.room };
  return defineCase({
    id: `REF-${code}-A`,
    title: `${name} by short identifier, which makes the EF the current one`,
    commands: [name],
    destructive: writes,
    needs: {
      f: file({
        structure: structures,
        sfi: true,
        access: { [operation]: 'free' } as Record<string, AccessWish>,
        ...twice,
      }),
    },
    steps: ({ f }) => [
      f.reach,
      send(name, build(f, 'sfi'), done),
      send('the same on the current EF', build(f, 'current'), done),
    ],
  });
}

/** Commands with odd INS name an EF in P1-P2 by its identifier, too. */
function byIdentifier({
  code,
  name,
  structures,
  operation,
  build,
  done,
  writes,
}: Prototype): readonly ConformanceCase[] {
  if (!structures.includes('transparent') || (Number.parseInt(code, 16) & 1) === 0) return [];
  return [
    defineCase({
      id: `REF-${code}-B`,
      title: `${name} by identifier, which makes the EF the current one`,
      commands: [name],
      destructive: writes,
      needs: { f: file({ structure: structures, access: { [operation]: 'free' } as Record<string, AccessWish> }) },
      steps: ({ f }) => {
        const command = build(f, 'current');
        return [
          f.reach,
          send(name, `${command.slice(0, 4)}${f.fidInP1P2}${command.slice(8)}`, done),
          send('the same on the current EF', command, done),
        ];
      },
    }),
  ];
}

const IN_ORDER: readonly ConformanceCase[] = [
  defineCase({
    id: 'REF-001',
    title: 'a short identifier means an EF of the current DF and of no other',
    commands: ['READ BINARY'],
    statusWords: ['6A82'],
    needs: {
      f: file({ structure: 'transparent', sfi: true, access: { read: 'free' } }),
      card: trait('another DF', (card) => directoriesOf(card).length > 1),
    },
    steps: ({ f, card }) => {
      const other = directoriesOf(card).find((each) =>
        each.everyFile.every((one) => one.sfi !== f.sfi && (one.declaration.fid & 0x1f) !== f.sfi),
      );
      if (other === undefined) return 'every DF has an EF of that short identifier';
      return [other.select, send('READ BINARY by its short identifier', `00B0${f.p1}0001`, refused('6A82'))];
    },
  }),
  defineCase({
    id: 'REF-002',
    title: 'the structure is judged before the access rule',
    commands: ['UPDATE BINARY'],
    statusWords: ['6981'],
    needs: { f: file({ structure: ['linear-fixed', 'linear-variable', 'cyclic'], access: { update: 'code' } }) },
    steps: ({ f }) => [f.select, send('UPDATE BINARY', '00D6000001AA', refused('6981|6982', '6981'))],
  }),
  defineCase({
    id: 'REF-003',
    title: 'the access rule is judged before the offset',
    commands: ['UPDATE BINARY'],
    statusWords: ['6982'],
    needs: { f: file({ structure: 'transparent', access: { update: 'code' }, bytes: 1 }) },
    steps: ({ f }) => [f.select, send('UPDATE BINARY far outside', '00D67FFF01AA', refused('6982|6B00', '6982'))],
  }),
  defineCase({
    id: 'REF-004',
    title: 'the access rule is judged before the record number',
    commands: ['UPDATE RECORD'],
    statusWords: ['6982'],
    needs: { f: file({ structure: 'linear-fixed', access: { update: 'code' }, records: 1 }) },
    steps: ({ f }) => [
      f.select,
      send('UPDATE RECORD 254', `00DCFE04${'10'}${'00'.repeat(16)}`, refused('6982|6A83', '6982')),
    ],
  }),
  defineCase({
    id: 'REF-005',
    title: 'a refused UPDATE BINARY has changed nothing',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    statusWords: ['6982'],
    needs: { f: file({ structure: 'transparent', access: { read: 'free', update: 'code' }, bytes: 4 }) },
    steps: ({ f }) => [
      f.select,
      send('UPDATE BINARY', '00D6000004DEADBEEF', refused('6982')),
      send('READ BINARY', '00B0000004', { status: '9000', data: f.part(0, 4) }),
    ],
  }),
];

export const REFUSAL_CASES: readonly ConformanceCase[] = [
  ...IN_ORDER,
  ...PROTOTYPES.flatMap((prototype) => [
    noCurrentFile(prototype),
    noShortIdentifier(prototype),
    ...wrongFor(prototype).map(([number, wrong]) => wrongStructure(prototype, wrong, number)),
    ...ENDS.map((end) => outOfUse(prototype, end)),
    never(prototype),
    ...behindCode(prototype),
    bySfi(prototype),
    ...byIdentifier(prototype),
  ]),
];
