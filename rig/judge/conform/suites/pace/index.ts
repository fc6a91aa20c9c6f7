import type { Suite } from '../../model.ts';
import { SUITE_ABOUT } from '../about.ts';
import { PASSWORDS } from './passwords.ts';
import { RUNS } from './runs.ts';
import { ACCESS, SELECTION } from './selection.ts';

/** Password authenticated connection establishment as BSI TR-03110 and ICAO Doc 9303 have it. */
export const PACE_SUITE: Suite = {
  ...SUITE_ABOUT.pace,
  cases: [...ACCESS, ...SELECTION, ...RUNS, ...PASSWORDS],
};
