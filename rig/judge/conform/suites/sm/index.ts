import type { Suite } from '../../model.ts';
import { SUITE_ABOUT } from '../about.ts';
import { RIGHT_COMMANDS } from './right-commands.ts';
import { WRONG_COMMANDS } from './wrong-commands.ts';

/** Secure messaging as a terminal gets it right, and wrong in every way that a card must notice. */
export const SM_SUITE: Suite = {
  ...SUITE_ABOUT.sm,
  cases: [...RIGHT_COMMANDS, ...WRONG_COMMANDS],
};
