import type { Command } from 'commander';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { cardSource, parseCount, parseShare } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addCardOptions, addJsonOption } from './shared-options.ts';

interface Typed {
  peer: string;
  profile?: string;
  image?: string;
  state?: PinState;
  count: number;
  taps: number;
  rounds: number;
  failIfSlower?: number;
  json?: boolean;
}

export function declareBenchPeer(bench: Command, perform: Perform): void {
  const peer = bench
    .command('peer')
    .description('measure our card and another in the two slots of vpcd, with the same commands to each in turn')
    .requiredOption(
      '--peer <peer>',
      'vpcd:COMMAND starts a program that puts a card into vpcd ({host} and {port} stand for its slot); echo is the floor: it only repeats known answers',
    )
    .option('--count <number>', 'commands of each kind to each card in a round', parseCount, 100)
    .option('--taps <number>', 'whole taps of each card in a round, 2 or more', parseCount, 20)
    .option('--rounds <number>', 'rounds; each starts both programs anew', parseCount, 10)
    .option(
      '--fail-if-slower <share>',
      'exit 1 when ours is slower by more than this in any command or tap',
      parseShare,
    );
  addJsonOption(addCardOptions(peer)).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { benchPeer } = await import('../../measure/compare/peer.ts');
      const card = cardSource(typed) ?? { kind: 'profile', name: 'reference' };
      const { count, taps, rounds, failIfSlower = null } = typed;
      if (taps < 2) throw new UsageError('--taps: 2 or more are needed, one of them the first');
      return benchPeer({ card, peer: peerOf(typed.peer), count, taps, rounds, failIfSlower }, io);
    }),
  );
}

/** `echo`, or the command after `vpcd:`. @throws {UsageError} */
function peerOf(text: string): string | null {
  if (text === 'echo') return null;
  const command = /^vpcd:(.*\S.*)$/s.exec(text)?.[1];
  if (command === undefined) {
    throw new UsageError(`--peer ${text}: a peer is vpcd:COMMAND, a program that speaks vpcd, or echo`);
  }
  return command;
}
