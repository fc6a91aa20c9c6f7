import type { CardDeclaration, Condition, Operation } from '../../declaration.ts';
import { defineCase, field, given, refused, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import { filesOf, type LocatedCode, type LocatedFile } from '../../located.ts';
import type { CommandStep, ConformanceCase, Need } from '../../model.ts';
import { codeOf, IN_CLEAR } from '../../needs.ts';

/** A file whose rule for reading is of a certain form, with the codes that it names. */
interface Ruled {
  readonly file: LocatedFile;
  readonly codes: readonly LocatedCode[];
}

function ruled(words: string, operation: Operation, is: (condition: Condition) => boolean): Need<Ruled> {
  return {
    words,
    find(card) {
      for (const file of filesOf(card)) {
        const condition = file.access[operation];
        if (file.structure !== 'transparent' || file.lifeCycle !== 'activated' || file.length === 0) continue;
        if (condition === undefined || !is(condition)) continue;
        const codes = [...new Set(referencesIn(condition))].map((reference) => codeOf(card, file.directory, reference));
        if (codes.every((each) => each?.declaration.presentable === true))
          return { file, codes: codes as LocatedCode[] };
      }
      return null;
    },
  };
}

/** Codes that a condition names, in its order. */
function referencesIn(condition: Condition): readonly number[] {
  if (typeof condition === 'string') return [];
  if ('code' in condition) return [condition.code];
  if ('not' in condition) return referencesIn(condition.not);
  return ('all' in condition ? condition.all : condition.any).flatMap(referencesIn);
}

/** Whether the condition holds when just these codes were presented. */
function holds(condition: Condition, presented: ReadonlySet<number>): boolean {
  if (typeof condition === 'string') return condition === 'free';
  if ('code' in condition) return presented.has(condition.code);
  if ('not' in condition) return !holds(condition.not, presented);
  return 'all' in condition
    ? condition.all.every((each) => holds(each, presented))
    : condition.any.some((each) => holds(each, presented));
}

const isAll = (condition: Condition): boolean =>
  typeof condition === 'object' && 'all' in condition && condition.all.length > 1 && condition.all.every(isCode);
const isAny = (condition: Condition): boolean =>
  typeof condition === 'object' && 'any' in condition && condition.any.length > 1 && condition.any.every(isCode);
const isNot = (condition: Condition): boolean => typeof condition === 'object' && 'not' in condition;
const isNested = (condition: Condition): boolean =>
  typeof condition === 'object' &&
  'any' in condition &&
  condition.any.some((each) => typeof each === 'object' && 'all' in each);
const isCode = (condition: Condition): boolean => typeof condition === 'object' && 'code' in condition;

/** Reads the file after just these codes were presented, and judges by the rule. */
function readAfter({ file }: Ruled, codes: readonly LocatedCode[]): readonly CommandStep[] {
  const condition = file.access.read as Condition;
  const presented = new Set(codes.map((each) => each.declaration.reference));
  const allowed = holds(condition, presented);
  return [
    ...file.select,
    ...codes.map((each) => given(`VERIFY ${each.reference}`, `002000${each.reference}${field(each.right)}`)),
    send(
      allowed ? 'READ BINARY' : 'READ BINARY is refused',
      '00B0000001',
      allowed ? { status: '9000', data: file.part(0, 1) } : refused('6982'),
    ),
  ];
}

const FORMS = [
  ['A', 'all of several codes', ruled('a transparent EF, read after all of several codes', 'read', isAll)],
  ['O', 'one of several codes', ruled('a transparent EF, read after one of several codes', 'read', isAny)],
  ['N', 'no code of one kind', ruled('a transparent EF, read unless a code was presented', 'read', isNot)],
  [
    'X',
    'one of several codes and not the others',
    ruled('a transparent EF with a rule of rules for reading', 'read', isNested),
  ],
] as const;

/** A file whose rules stand in a record of EF.ARR that can be changed after a code. */
const BY_REFERENCE: Need<{
  readonly file: LocatedFile;
  readonly arr: LocatedFile;
  readonly record: number;
  readonly code: LocatedCode;
}> = {
  words: 'a transparent EF, read after a code by a record of EF.ARR that can be updated after that code',
  find(card) {
    for (const file of filesOf(card)) {
      const { rulesIn } = file.declaration;
      const read = file.access.read;
      if (rulesIn === null || file.structure !== 'transparent' || typeof read !== 'object' || !('code' in read))
        continue;
      const arr = file.directory.files.find((each) => each.declaration.fid === rulesIn.fid);
      const update = arr?.access.update;
      const code = codeOf(card, file.directory, read.code);
      if (
        arr === undefined ||
        code === null ||
        typeof update !== 'object' ||
        !('code' in update) ||
        update.code !== read.code
      )
        continue;
      return { file, arr, record: rulesIn.record, code };
    }
    return null;
  },
};

/** Expanded format: access mode byte (80), then the condition: 90 always, 97 never. */
const READ_ALWAYS = '8001019000';
const READ_NEVER = '8001019700';

const EDITED: readonly ConformanceCase[] = (
  [
    ['1', 'always', READ_ALWAYS, true],
    ['2', 'never', READ_NEVER, false],
  ] as const
).map(([id, words, rule, open]) =>
  defineCase({
    id: `ACR-E${id}`,
    title: `the record of EF.ARR that a file refers to is changed to ${words}: the file's rule is changed`,
    commands: ['UPDATE RECORD', 'READ BINARY'],
    statusWords: open ? [] : ['6982'],
    destructive: true,
    needs: { r: BY_REFERENCE },
    steps: ({ r }) => [
      r.arr.select,
      given('VERIFY the code', r.code.verify(r.code.right)),
      send('UPDATE RECORD of EF.ARR', `00DC${hex(r.record)}${r.arr.p2(4, false)}${field(rule)}`, {
        status: '9000',
        data: '',
      }),
      { kind: 'power', mode: 'cold' },
      r.file.select,
      open ? [] : given('VERIFY the code', r.code.verify(r.code.right)),
      send('READ BINARY', '00B0000001', open ? { status: '9000', data: r.file.part(0, 1) } : refused('6982')),
    ],
  }),
);

const REFERENCED: readonly ConformanceCase[] = [
  defineCase({
    id: 'ACR-R1',
    title: 'a file behind keys that this bench has not is refused',
    commands: ['READ BINARY'],
    statusWords: ['6982'],
    needs: {
      r: ruled(
        'a transparent EF, read after an authentication or under secure messaging',
        'read',
        (condition) => condition === 'out-of-reach',
      ),
      clear: IN_CLEAR,
    },
    steps: ({ r }) => [r.file.select, send('READ BINARY', '00B0000001', refused('6982|6987|6988|6985', '6982'))],
  }),
  defineCase({
    id: 'ACR-R2',
    title: 'no file that is out of reach opens by presenting every code that there is',
    commands: ['READ BINARY', 'VERIFY'],
    statusWords: ['6982'],
    needs: { card: everyShut(), clear: IN_CLEAR },
    steps: ({ card }) => {
      const shut = filesOf(card).filter(
        (file) =>
          (file.access.read === 'out-of-reach' || file.access.read === 'never') &&
          file.structure === 'transparent' &&
          file.lifeCycle === 'activated',
      );
      return shut.flatMap((file) => [
        ...file.select,
        ...file.directory.declaration.codes
          .filter((each) => each.presentable)
          .flatMap((each) => {
            const found = codeOf(card, file.directory, each.reference);
            return found === null ? [] : [given(`VERIFY ${found.reference}`, found.verify(found.right))];
          }),
        send(`READ BINARY of ${file.fid}`, '00B0000001', refused('6982|6987|6988|6985', '6982')),
      ]);
    },
  }),
];

function everyShut(): Need<CardDeclaration> {
  return {
    words: 'an EF that nothing here can open',
    find: (card) =>
      filesOf(card).some(
        (file) =>
          (file.access.read === 'out-of-reach' || file.access.read === 'never') && file.structure === 'transparent',
      )
        ? card
        : null,
  };
}

export const ACCESS_RULE_CASES: readonly ConformanceCase[] = [
  ...FORMS.flatMap(([letter, words, need]) => [
    defineCase({
      id: `ACR-${letter}1`,
      title: `read after ${words}: none presented`,
      commands: ['READ BINARY'],
      needs: { r: need },
      steps: ({ r }) => readAfter(r, []),
    }),
    defineCase({
      id: `ACR-${letter}2`,
      title: `read after ${words}: the first one presented`,
      commands: ['READ BINARY', 'VERIFY'],
      needs: { r: need },
      steps: ({ r }) => readAfter(r, r.codes.slice(0, 1)),
    }),
    defineCase({
      id: `ACR-${letter}3`,
      title: `read after ${words}: the last one presented`,
      commands: ['READ BINARY', 'VERIFY'],
      needs: { r: need },
      steps: ({ r }) => readAfter(r, r.codes.slice(-1)),
    }),
    defineCase({
      id: `ACR-${letter}4`,
      title: `read after ${words}: every one presented`,
      commands: ['READ BINARY', 'VERIFY'],
      needs: { r: need },
      steps: ({ r }) => readAfter(r, r.codes),
    }),
  ]),
  ...REFERENCED,
  ...EDITED,
];
