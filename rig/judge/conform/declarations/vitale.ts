import type { Rules } from '../declaration.ts';
import type { WrittenRules } from './lab.ts';

/**
 * The own application of the profiles vitale2 and apcv over an antenna, read from their words: the holder's code, or his
 * unlock on the phone, together with a terminal's certificates. A case has not both.
 */
const BEHIND_BOTH: Rules = {
  read: 'out-of-reach',
  update: 'never',
  append: 'never',
  deactivate: 'never',
  activate: 'never',
  terminate: 'never',
  delete: 'never',
};

const OVER_AN_ANTENNA: WrittenRules[number] = {
  // On contact and by wire the rules are compact, and speak for themselves.
  access: { contact: {}, contactless: BEHIND_BOTH, wired: {} },
  in: null,
};

export const OWN_APPLICATION_RULES: WrittenRules = {
  57345: OVER_AN_ANTENNA,
  57346: OVER_AN_ANTENNA,
  57347: OVER_AN_ANTENNA,
  57348: OVER_AN_ANTENNA,
  57359: OVER_AN_ANTENNA,
};
