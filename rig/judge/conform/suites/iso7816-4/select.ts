import { clauseOf } from '../../clauses.ts';
import { defineCase, ok, refused, SELECTED, send } from '../../define.ts';
import type { LocatedDirectory } from '../../located.ts';
import type { CommandStep, ConformanceCase } from '../../model.ts';
import { MASTER_FILE } from '../../needs.ts';
import { NAMED, NAMED_WITH_FILE, select, TRANSPARENT, WITH_CHILD } from './selected-files.ts';

/** What SELECT answers for each kind of control information in b4b3 of P2. */
const KINDS = [
  { p2: '00', words: 'FCI', answer: { status: '9000', decidedData: '6F*' } },
  { p2: '04', words: 'FCP', answer: { status: '9000', data: '62*' } },
  // FMD may be without anything to say, and a card may know none.
  { p2: '08', words: 'FMD', answer: { status: '9000|6A86|6A81', decided: '9000', data: '*' } },
  { p2: '0C', words: 'no answer', answer: { status: '9000', data: '' } },
] as const;

/** One way of naming a file: its P1, from where, and what it names. */
interface Way {
  readonly name: string;
  readonly words: string;
  readonly steps: (by: (p1: string, data: string) => CommandStep) => ConformanceCase['bind'];
}

function way(
  name: string,
  words: string,
  steps: (
    card: Parameters<ConformanceCase['bind']>[0],
    by: (p1: string, data: string) => CommandStep,
  ) => ReturnType<ConformanceCase['bind']>,
): Way {
  return { name, words, steps: (by) => (card) => steps(card, by) };
}

const none = (words: string): string => `the card has not ${words}, as far as it is declared`;

const WAYS: readonly Way[] = [
  way('MF', 'the MF by its identifier', (card, by) => {
    const mf = MASTER_FILE.find(card);
    return mf === null ? none(MASTER_FILE.words) : [by('00', '3F00')];
  }),
  way('MF0', 'the MF by P1 00 without data', (card, by) => {
    const mf = MASTER_FILE.find(card);
    return mf === null ? none(MASTER_FILE.words) : [by('00', '')];
  }),
  way('DF', 'a child DF by its identifier', (card, by) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...(df.parent?.select ?? []), by('00', df.fid)];
  }),
  way('EF', 'a child EF by its identifier', (card, by) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [...ef.reach, by('00', ef.fid)];
  }),
  way('P1-01', 'a child DF by P1 01', (card, by) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...(df.parent?.select ?? []), by('01', df.fid)];
  }),
  way('P1-02', 'an EF under the current DF by P1 02', (card, by) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [...ef.reach, by('02', ef.fid)];
  }),
  way('P1-03', 'the parent DF by P1 03', (card, by) => {
    const df = NAMED_WITH_FILE.find(card);
    return df === null ? none(NAMED_WITH_FILE.words) : [...df.select, by('03', '')];
  }),
  way('P1-04', 'a DF by its name', (card, by) => {
    const df = NAMED.find(card);
    return df === null ? none(NAMED.words) : [by('04', df.name)];
  }),
  way('P1-08', 'an EF by its path from the MF', (card, by) => {
    const ef = TRANSPARENT.find(card);
    return ef === null ? none(TRANSPARENT.words) : [by('08', `${ef.directory.path}${ef.fid}`)];
  }),
  way('P1-08D', 'a DF by its path from the MF', (card, by) => {
    const df = WITH_CHILD.find(card)?.directories[0];
    return df === undefined ? none(WITH_CHILD.words) : [by('08', df.path)];
  }),
  way('P1-09', 'an EF by its path from the current DF', (card, by) => {
    const df = WITH_CHILD.find(card);
    const child = df?.directories.find((each) => each.files.length > 0);
    const ef = child?.files[0];
    if (df === null || child === undefined || ef === undefined) return none(WITH_CHILD.words);
    return [...df.select, by('09', `${child.fid}${ef.fid}`)];
  }),
];

/** Every way of naming a file, with every kind of answer. */
const WAYS_AND_KINDS: readonly ConformanceCase[] = WAYS.flatMap(({ name, words, steps }) =>
  KINDS.map(({ p2, words: kind, answer }) =>
    caseOf({
      id: `SEL-${name}-${p2}`,
      title: `${words}: ${kind}`,
      bind: steps((p1, data) => send(`SELECT, ${kind}`, select(p1, p2, data), answer)),
    }),
  ),
);

/** A SELECT case that finds its files itself. */
function caseOf(text: Pick<ConformanceCase, 'id' | 'title' | 'bind'>): ConformanceCase {
  const commands = ['SELECT'];
  return { ...text, ...clauseOf(text.id, commands), commands, statusWords: [], destructive: false, needs: [] };
}

/** File identifier that is nowhere, in each way of naming. */
const NOT_FOUND: readonly ConformanceCase[] = [
  ['1', '00', 'by identifier', (df: LocatedDirectory) => df.absentFid],
  ['2', '01', 'as a child DF', (df: LocatedDirectory) => df.absentFid],
  ['3', '02', 'as an EF under the current DF', (df: LocatedDirectory) => df.absentFid],
  ['4', '04', 'by name', () => 'F0DEADBEEF'],
  ['5', '08', 'by path from the MF', (df: LocatedDirectory) => `${df.path}${df.absentFid}`],
  ['6', '09', 'by path from the current DF', (df: LocatedDirectory) => df.absentFid],
].flatMap(([number, p1, words, data]) => {
  const absent = data as (df: LocatedDirectory) => string;
  return [
    defineCase({
      id: `SEL-20${number as string}`,
      title: `what is not there ${words as string} is not found`,
      commands: ['SELECT'],
      statusWords: ['6A82'],
      needs: { f: TRANSPARENT },
      steps: ({ f }) => [f.reach, send('SELECT', select(p1 as string, '00', absent(f.directory)), refused('6A82'))],
    }),
    defineCase({
      id: `SEL-21${number as string}`,
      title: `not found ${words as string}: the selection stays`,
      commands: ['SELECT', 'READ BINARY'],
      statusWords: ['6A82'],
      needs: { f: TRANSPARENT },
      steps: ({ f }) => [
        f.select,
        send('SELECT', select(p1 as string, '0C', absent(f.directory)), refused('6A82')),
        send('the EF is current still', '00B0000002', ok(f.part(0, 2))),
        send('and so is its DF', f.selection, SELECTED),
      ],
    }),
  ];
});

/** A length of the data field that P1 cannot mean. */
const WRONG_LENGTHS: readonly ConformanceCase[] = [
  ['1', '00', '3F', 'an identifier of one byte'],
  ['2', '00', '3F0000', 'an identifier of three bytes'],
  ['3', '01', '7F', 'a DF identifier of one byte'],
  ['4', '01', '7F1000', 'a DF identifier of three bytes'],
  ['5', '02', '2F', 'an EF identifier of one byte'],
  ['6', '02', '2F0000', 'an EF identifier of three bytes'],
  ['7', '03', '3F00', 'the parent DF with data'],
  ['8', '08', '3F002F', 'a path of three bytes'],
  ['9', '09', '2F', 'a path of one byte'],
].map(([number, p1, data, words]) =>
  defineCase({
    id: `SEL-22${number as string}`,
    title: `${words} is refused`,
    commands: ['SELECT'],
    statusWords: ['6A87'],
    steps: () => [
      send('SELECT', select(p1 as string, '0C', data as string), refused('6700|6A80|6A82|6A86|6A87', '6A87|6700')),
    ],
  }),
);

export const SELECT_CASES: readonly ConformanceCase[] = [...WAYS_AND_KINDS, ...NOT_FOUND, ...WRONG_LENGTHS];
