import type { CardInterface } from '../../src/hal/card-link.ts';
import type { CardSource } from '../card/card-source.ts';
import { UsageError } from '../console/failure.ts';
import { wordList } from './choice.ts';
import { READER_OF_A_CARD, READER_OF_OUR_CARD, READERS, type ReaderChoice, readerDriver } from './readers.ts';

/** `--reader` with `--profile` or `--image`, and `--interface`: which go together, and what is taken for those not given. */

export interface ReaderAndCard {
  readonly reader: ReaderChoice;
  /** Null for the card that is in the reader. */
  readonly card: CardSource | null;
  /** Null: as the card or its reader is. */
  readonly interface: CardInterface | null;
}

/** What a verb can do with a reader that has a card in it. */
export interface VerbHabits {
  /** Whether it puts a card of ours into vpcd's virtual reader. */
  readonly throughVpcd?: boolean;
  /** Whether `--profile` says which card is in the reader. */
  readonly profileDescribes?: boolean;
  /** Whether `--interface` says how a card that is not ours is reached. */
  readonly interfaceDescribes?: boolean;
  /** Whether it needs no card at all this time. */
  readonly withoutCard?: boolean;
}

/** @throws {UsageError} they do not go together */
export function readerAndCard(
  typed: {
    readonly reader?: ReaderChoice | undefined;
    readonly card: CardSource | null;
    readonly interface?: CardInterface | undefined;
  },
  habits: VerbHabits = {},
): ReaderAndCard {
  const { card } = typed;
  const reader = typed.reader ?? (card === null ? READER_OF_A_CARD : READER_OF_OUR_CARD);
  const chosen = { reader, card, interface: typed.interface ?? null };
  const { ourCards, words, interface: cardInterface } = readerDriver(reader);
  if (ourCards === 'in process') {
    if (card === null && habits.withoutCard !== true) throw needsCard(reader);
    return chosen;
  }
  const puts = habits.throughVpcd === true && ourCards === 'through vpcd';
  const mayDescribe = habits.profileDescribes === true || (habits.throughVpcd === true && ourCards === 'on the board');
  const describes = mayDescribe && card?.kind === 'profile';
  if (card !== null && !puts && !describes) {
    const readers = readersOfOurs(habits.throughVpcd === true);
    const rule = mayDescribe
      ? `--image goes with ${readers}; --profile says which card that is`
      : `--profile and --image go with ${readers}`;
    throw new UsageError(`${words} has its own card in it: ${rule}`);
  }
  const free = habits.interfaceDescribes === true || (card !== null && cardInterface === null);
  if (typed.interface !== undefined && !free) {
    throw new UsageError(`${words} has an interface of its own: --interface goes with a card of ours`);
  }
  return chosen;
}

/** `--reader loopback` */
function readersOfOurs(throughVpcd: boolean): string {
  const rows = Object.entries(READERS);
  const names = rows.filter(
    ([, { ourCards }]) => ourCards === 'in process' || (throughVpcd && ourCards === 'through vpcd'),
  );
  return `--reader ${wordList(names.map(([name]) => name))}`;
}

/** A reader for cards of ours was given none. */
export function needsCard(reader: ReaderChoice): UsageError {
  return new UsageError(`${readerDriver(reader).words} has no card of its own: name one with --profile or --image`);
}
