import type { Suite } from '../../model.ts';
import { PASSWORDS } from './passwords.ts';
import { RUNS } from './runs.ts';
import { ACCESS, SELECTION } from './selection.ts';

/** Password authenticated connection establishment as BSI TR-03110 and ICAO Doc 9303 have it. */
export const PACE_SUITE: Suite = {
  name: 'pace',
  title: 'PACE: selection, order, points, tokens, passwords',
  groups: {
    PAC: 'EF.CardAccess',
    PMS: 'MSE:Set AT',
    POR: 'order of the steps',
    PFR: 'what must be fresh in each run',
    PPM: 'mapping keys that are no points',
    PPE: 'ephemeral keys that are no points',
    PEC: 'keys of another run',
    PTK: 'tokens',
    PPW: 'passwords and their tries',
  },
  complete: false,
  channel: true,
  cases: [...ACCESS, ...SELECTION, ...RUNS, ...PASSWORDS],
};
