import type { Phase } from '../phase.ts';

export const rom: Phase = {
  id: 'rom',
  title: 'ROM',
  fatal: false,
  measurements: [{ id: 'rom-checksum', what: 'Checksum of the ROM is right', unit: '', limits: { equals: true } }],
  async run({ board, measure }) {
    measure('rom-checksum', await board.romIsSound());
  },
};

export const ram: Phase = {
  id: 'ram',
  title: 'RAM',
  fatal: false,
  measurements: [{ id: 'ram-test', what: 'RAM holds what is written', unit: '', limits: { equals: true } }],
  async run({ board, measure }) {
    measure('ram-test', await board.ramIsSound());
  },
};
