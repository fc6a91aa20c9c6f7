import { type CaseText, defineCase, type Found, refused, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { CommandStep, ConformanceCase, Expectation, Need, Step } from '../../model.ts';
import type { ChannelDeclaration } from '../../terminal/channel-declaration.ts';
import { CHANNEL } from '../../terminal/needs.ts';
import type { Misbehaviour } from '../../terminal/seal.ts';
import { Terminal } from '../../terminal/terminal.ts';

export const SM_STANDARD = 'ISO/IEC 7816-4; ICAO Doc 9303-11';

/** An object that is missing, or one that is incorrect; which of both is not always told apart. */
export const MISSING: Expectation = refused('6987|6988', '6987');
export const INCORRECT: Expectation = refused('6987|6988', '6988');
/** The length of an object is already a fault of the command's data. */
export const MALFORMED: Expectation = refused('6987|6988|6700|6A80', '6988');
/** There are no keys any more: no secure messaging, or not with these conditions. */
export const NO_CHANNEL: Expectation = refused('6882|6982|6985|6987|6988|6E00', '6882');

/** EF.CardAccess by its short identifier: read by everybody, inside and outside. */
export function readAccess(length: number, offset = 0): string {
  return `00B09C${hex(offset)}${hex(length & 0xff)}`;
}

export const bytesHex = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('hex').toUpperCase();

/** In clear, as long as the card says that everybody may. */
export function stillFree(channel: ChannelDeclaration): CommandStep {
  return send('EF.CardAccess is still free to read', readAccess(4), {
    status: '9000',
    data: bytesHex(channel.cardAccess, 0, 4),
  });
}

/**
 * After this a right command of the channel finds no channel: neither where the card counted the command before, nor
 * where it did not.
 */
export function isOver(terminal: Terminal): readonly Step[] {
  return [
    terminal.refused('the channel is over: a right command finds none', readAccess(4), NO_CHANNEL),
    terminal.refused('nor one with the counter before', readAccess(4), NO_CHANNEL, { raise: -1 }),
  ];
}

type Needs = Readonly<Record<string, Need<unknown>>>;

export type ChannelCaseText<N extends Needs> = Omit<CaseText<N>, 'needs' | 'steps' | 'commands' | 'standard'> & {
  readonly commands?: readonly string[];
  readonly standard?: string;
  readonly needs?: N;
  readonly steps: (terminal: Terminal, found: Found<N>) => ReturnType<CaseText<N>['steps']>;
};

/** A case inside an open channel: its steps come after PACE with the CAN. */
export function inChannel<const N extends Needs>(text: ChannelCaseText<N>): ConformanceCase {
  const { commands = ['READ BINARY'], standard = SM_STANDARD, needs, steps, ...rest } = text;
  return defineCase({
    ...rest,
    commands,
    standard,
    needs: { ...needs, channel: CHANNEL } as N & { readonly channel: typeof CHANNEL },
    steps: (found) => {
      const terminal = new Terminal((found as { readonly channel: ChannelDeclaration }).channel);
      const own = steps(terminal, found as unknown as Found<N>);
      return typeof own === 'string' ? own : [...terminal.pace(), ...own];
    },
  });
}

/** One thing wrong with a READ BINARY or another command: refused in clear, and the channel is over. */
export function wrongCommand(
  id: string,
  title: string,
  wrong: Misbehaviour,
  more: { readonly command?: string; readonly expect?: Expectation; readonly commands?: readonly string[] } = {},
): ConformanceCase {
  const { command = readAccess(4), expect = INCORRECT, commands } = more;
  return inChannel({
    id,
    title,
    ...(commands !== undefined && { commands }),
    statusWords: ['6987', '6988'],
    steps: (terminal) => [
      terminal.inside('a right command first', readAccess(4), { role: 'given' }),
      terminal.refused('the wrong command', command, expect, wrong),
      isOver(terminal),
      stillFree(terminal.channel),
    ],
  });
}
