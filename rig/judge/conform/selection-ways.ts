import { type Ask, asker } from './card-questions.ts';
import type { CardUnderTest } from './card-under-test.ts';
import type { CardDeclaration, SelectionWays } from './declaration.ts';
import { directoriesOf, type LocatedDirectory } from './located.ts';

/** Forms of an answer, the shortest first: none, FCI, FCP, an FCI that was not asked for. */
const ANSWERS: readonly SelectionWays['answer'][] = [
  { p2: '0C', le: '' },
  { p2: '00', le: '00' },
  { p2: '04', le: '00' },
  { p2: '00', le: '' },
];
const EF_WAYS: readonly SelectionWays['ef'][] = ['02', '00', '09', '08'];
const DF_WAYS: readonly SelectionWays['df'][] = ['00', '01', '08'];

/**
 * Finds out how a card of another make lets its files be selected, by trying every form on what it is declared with.
 * @returns the declaration with the forms that it took; as it was when there is nothing to try, or none works: then
 * what needs a file cannot be judged
 */
export async function withSelectionWays(declaration: CardDeclaration, card: CardUnderTest): Promise<CardDeclaration> {
  const ask = asker(await card.begin(), declaration.protocol);
  const { files, inner } = samples(declaration);
  if (files === null && inner === null) return declaration;
  for (const answer of ANSWERS) {
    for (const df of inner === null ? DF_WAYS.slice(0, 1) : DF_WAYS) {
      for (const ef of files === null ? EF_WAYS.slice(0, 1) : EF_WAYS) {
        const tried = { ...declaration, ways: { ef, df, answer } };
        if (await takes(ask, tried)) return tried;
      }
    }
  }
  return declaration;
}

/** A DF with an EF in use, and a DF that has no name to be selected by. */
function samples(card: CardDeclaration): {
  readonly files: LocatedDirectory | null;
  readonly inner: LocatedDirectory | null;
} {
  const all = directoriesOf(card);
  // In the MF every card finds an EF by most ways; deeper down fewer do.
  const files = all.filter((each) => each.files.length > 0).at(-1) ?? null;
  const inner = all.find((each) => each.name === '' && !each.isMasterFile) ?? null;
  return { files, inner };
}

async function takes(ask: Ask, card: CardDeclaration): Promise<boolean> {
  const { files, inner } = samples(card);
  const commands = [
    ...(inner?.selection ?? []),
    ...(files === null ? [] : [...files.selection, files.files[0]?.selection ?? '']),
  ];
  for (const command of commands) {
    const { sw } = await ask(command);
    if (sw !== 0x9000 && sw >> 8 !== 0x62) return false;
  }
  return true;
}
