import type { Suite } from '../../model.ts';
import { RIGHT_COMMANDS } from './right-commands.ts';
import { WRONG_COMMANDS } from './wrong-commands.ts';

/** Secure messaging as a terminal gets it right, and wrong in every way that a card must notice. */
export const SM_SUITE: Suite = {
  name: 'sm',
  title: 'Secure messaging with AES in a channel of PACE',
  groups: {
    SMC: 'commands that are right, and what ends the channel',
    SMO: 'data objects',
    SMP: 'padding and cryptogram',
    SMM: 'the MAC',
    SMS: 'the send sequence counter',
    SMX: 'class bytes, and what follows an error',
  },
  complete: false,
  channel: true,
  cases: [...RIGHT_COMMANDS, ...WRONG_COMMANDS],
};
