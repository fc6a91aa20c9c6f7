import type { PasswordName } from '../../../../src/secure-channel/index.ts';
import type { Need } from '../model.ts';
import type { ChannelDeclaration, ReadableFile, TerminalDeclaration } from './channel-declaration.ts';

/** PACE that this bench can do. */
export const CHANNEL: Need<ChannelDeclaration> = {
  words: 'PACE with a password that is known',
  find: ({ channel }) => channel ?? null,
};

export const EXTENDED_LENGTH: Need<true> = {
  words: 'extended length',
  find: ({ extendedLength }) => (extendedLength ? true : null),
};

/** A second logical channel beside the basic one. */
export const LOGICAL_CHANNELS: Need<true> = {
  words: 'two logical channels at once',
  find: ({ channels }) => (channels > 1 ? true : null),
};

/** A file that is read in the channel and not in clear. */
export const CONFINED: Need<ReadableFile> = {
  words: 'a file that is read inside any channel and never outside',
  find: ({ channel }) => channel?.confined ?? null,
};

export const TERMINAL: Need<TerminalDeclaration> = {
  words: 'a terminal that it trusts, with chip authentication version 2',
  find: ({ channel }) => channel?.terminal ?? null,
};

export const GRANTED: Need<NonNullable<TerminalDeclaration['granted']>> = {
  words: 'a file that one right of a terminal gives',
  find: ({ channel }) => channel?.terminal?.granted ?? null,
};

export const ISSUERS: Need<NonNullable<TerminalDeclaration['issuers']>> = {
  words: 'a hierarchy of certificates whose keys are known',
  find: ({ channel }) => channel?.terminal?.issuers ?? null,
};

/** A password that is counted, with this many tries or more. */
export function counted(name: PasswordName, least: number): Need<number> {
  return {
    words: `a ${name} that is known, with ${least} tries or more`,
    find: ({ channel }) => {
      const tries = channel?.tries[name] ?? 0;
      return channel?.passwords[name] !== undefined && tries >= least ? tries : null;
    },
  };
}
