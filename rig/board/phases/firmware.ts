import type { Phase } from '../phase.ts';

const PN532 = 0x32;
/** Type A and B, and ISO/IEC 18092. */
const ALL_PROTOCOLS = 0x07;

export const firmware: Phase = {
  id: 'firmware',
  title: 'Firmware',
  fatal: true,
  measurements: [
    { id: 'ic', what: 'Chip (32 is a PN532)', unit: '', limits: { equals: PN532 }, format: 'hex' },
    { id: 'firmware', what: 'Firmware version', unit: '', limits: { min: 1.6 } },
    { id: 'support', what: 'Protocols (7 is all of them)', unit: '', limits: { equals: ALL_PROTOCOLS }, format: 'hex' },
  ],
  async run({ board, measure }) {
    const { ic, version, revision, support } = await board.firmware();
    measure('ic', ic);
    measure('firmware', Number(`${version}.${revision}`));
    measure('support', support);
  },
};
