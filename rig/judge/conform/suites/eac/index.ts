import type { Suite } from '../../model.ts';
import { CERTIFICATES } from './certificates.ts';
import { PROTOCOLS } from './protocols.ts';
import { RIGHTS } from './rights.ts';

/** Extended access control, version 2, as BSI TR-03110 has it: PACE, terminal authentication, chip authentication. */
export const EAC_SUITE: Suite = {
  name: 'eac',
  title: 'Terminal and chip authentication, and what a terminal is granted',
  groups: {
    EAR: 'rights: what certificates and CHAT grant',
    ECC: 'certificates that were changed',
    ECN: 'names of keys',
    ECS: 'certificates that say what they may not',
    ECI: 'who issues what',
    EOR: 'order of the steps, challenges',
    ESG: 'signatures',
    ECH: 'chip authentication',
  },
  complete: false,
  channel: true,
  cases: [...RIGHTS, ...CERTIFICATES, ...PROTOCOLS],
};
