import type { Suite } from '../../model.ts';
import { SUITE_ABOUT } from '../about.ts';
import { CERTIFICATES } from './certificates.ts';
import { PROTOCOLS } from './protocols.ts';
import { RIGHTS } from './rights.ts';

/** Extended access control, version 2, as BSI TR-03110 has it: PACE, terminal authentication, chip authentication. */
export const EAC_SUITE: Suite = {
  ...SUITE_ABOUT.eac,
  cases: [...RIGHTS, ...CERTIFICATES, ...PROTOCOLS],
};
