import type { CardSource } from '../card/card-source.ts';
import { CannotRun } from '../console/failure.ts';
import { linkDriver } from '../endpoint/links.ts';
import type { EmulateOptions } from './options.ts';

/** The card to be: the one that is named, or the one that was flashed onto the board. @throws {CannotRun} neither */
export async function cardToEmulate(
  { card, link }: Pick<EmulateOptions, 'card' | 'link'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CardSource> {
  if (card !== null) return card;
  const board = linkDriver(link).serialPort?.(link);
  if (board !== undefined) {
    const { storedCardOf } = await import('../board/store.ts');
    const image = await storedCardOf(board, env);
    if (image !== null) return { kind: 'image', fileOrName: image };
    const words = 'no card was flashed onto this board: name one with --profile or --image, or use `vitap board flash`';
    throw new CannotRun(words);
  }
  throw new CannotRun('which card? name one with --profile or --image');
}
