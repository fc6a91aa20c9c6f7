import type { CardDeclaration } from '../../declaration.ts';
import { defineCase, given, refused, send, sweep } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { ConformanceCase } from '../../model.ts';
import { trait } from '../../needs.ts';
import { NAMED, select } from './selected-files.ts';

/** Names cut short on the right. */
const PARTIAL = trait('two DFs whose names begin alike', (card) => sharedStart(card) !== null);

function sharedStart(card: CardDeclaration): { readonly start: string; readonly names: readonly string[] } | null {
  const names = namesOf(card);
  for (const name of names) {
    const start = name.slice(0, -2);
    const alike = names.filter((each) => each.startsWith(start));
    if (start.length >= 10 && alike.length >= 2) return { start, names: alike };
  }
  return null;
}

function namesOf(card: CardDeclaration): readonly string[] {
  const names: string[] = [];
  const walk = (df: NonNullable<typeof card.masterFile>): void => {
    if (df.name !== null) names.push(hex(...df.name));
    for (const child of df.children) if (child.kind === 'directory') walk(child);
  };
  if (card.masterFile !== null) walk(card.masterFile);
  for (const application of card.applications) walk(application);
  return names.sort();
}

const isOneOf = (names: readonly string[]): string => names.join('|');

export const SELECT_BY_NAME_CASES: readonly ConformanceCase[] = [
  defineCase({
    id: 'SEL-301',
    title: 'a name cut short on the right selects a DF that begins like it',
    commands: ['SELECT'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        send(
          'SELECT first',
          select('04', '00', start),
          { status: '9000', objects: { '6F/84': commonPattern(names) } },
          { first: { object: '6F/84' } },
        ),
      ];
    },
  }),
  defineCase({
    id: 'SEL-302',
    title: 'next after the first is another DF that begins like it',
    commands: ['SELECT'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        given('SELECT first', select('04', '00', start)),
        send('SELECT next', select('04', '02', start), { status: '9000', objects: { '6F/84': commonPattern(names) } }),
      ];
    },
  }),
  defineCase({
    id: 'SEL-303',
    title: 'next goes through all that begin like it, and then finds no more',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        given('SELECT first', select('04', '00', start)),
        ...names.slice(1).map((_, i) => send(`SELECT next, ${i + 1}`, select('04', '02', start), '9000')),
        send('SELECT next, once too often', select('04', '02', start), refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'SEL-304',
    title: 'first and last are the ends of the same row: previous of last comes back to first',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { card: PARTIAL },
    steps: ({ card }) => {
      const { start, names } = sharedStart(card)!;
      return [
        send('SELECT first', select('04', '00', start), '9000', { first: { object: '6F/84' } }),
        send('SELECT last', select('04', '01', start), '9000'),
        ...names.slice(2).map((_, i) => send(`SELECT previous, ${i + 1}`, select('04', '03', start), '9000')),
        send('SELECT previous reaches the first', select('04', '03', start), {
          status: '9000',
          objects: { '6F/84': '{first}' },
        }),
        send('SELECT previous, once too often', select('04', '03', start), refused('6A82')),
      ];
    },
  }),
  defineCase({
    id: 'SEL-305',
    title: 'a whole name selects its DF and no longer one',
    commands: ['SELECT'],
    needs: { df: NAMED },
    steps: ({ df }) => [send('SELECT', select('04', '00', df.name), { status: '9000', objects: { '6F/84': df.name } })],
  }),
  defineCase({
    id: 'SEL-306',
    title: 'a name that goes on after the whole name of a DF is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { df: NAMED },
    steps: ({ df }) => [send('SELECT', select('04', '00', `${df.name}7E`), refused('6A82'))],
  }),
  defineCase({
    id: 'SEL-307',
    title: 'names of 1 to 255 bytes that no DF has are refused, whatever their length',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    steps: () => [
      sweep(
        'SELECT by a name of each length',
        '00A40400{value}00',
        Array.from({ length: 255 }, (_, i) => `${hex(i + 1)}${'E7'.repeat(i + 1)}`),
        refused('6A82|6A80|6A86|6A87|6700'),
      ),
    ],
  }),
];

/** Every name has the same length where this is used with two; otherwise only the start is looked at. */
function commonPattern(names: readonly string[]): string {
  const first = isOneOf(names).split('|')[0] as string;
  let shared = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, shared))) shared--;
  return `${first.slice(0, shared)}*`;
}
