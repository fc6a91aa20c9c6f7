import type { Phase } from '../phase.ts';

/** CIU_TReloadVal, high and low: every bit can be written, and nothing else hangs on it while the timer rests. */
const RELOAD = [0x631c, 0x631d] as const;
const PATTERNS = [0x0000, 0xffff, 0x5555, 0xaaaa, 0x1234, 0xedcb];

export const registers: Phase = {
  id: 'registers',
  title: 'Registers and pins',
  fatal: false,
  measurements: [
    { id: 'register-errors', what: 'Patterns in CIU_TReloadVal read back wrong', unit: '', limits: { equals: 0 } },
    { id: 'register-bits', what: 'Bits that stuck', unit: '', limits: { equals: 0 }, format: 'hex' },
    { id: 'gpio-p3', what: 'Port 3', unit: '', limits: null, format: 'hex' },
    { id: 'gpio-p7', what: 'Port 7', unit: '', limits: null, format: 'hex' },
    {
      id: 'interface-pins',
      what: 'Interface selection I0 and I1 (0 is HSU)',
      unit: '',
      limits: { equals: 0 },
      format: 'hex',
    },
  ],
  async run({ board, measure, signal }) {
    const before = await board.readRegisters(RELOAD);
    let errors = 0;
    let stuck = 0;
    try {
      for (const pattern of PATTERNS) {
        signal.throwIfAborted();
        await board.writeRegisters([
          [RELOAD[0], pattern >> 8],
          [RELOAD[1], pattern & 0xff],
        ]);
        const [high, low] = (await board.readRegisters(RELOAD)) as [number, number];
        const wrong = ((high << 8) | low) ^ pattern;
        stuck |= wrong;
        if (wrong !== 0) errors++;
      }
    } finally {
      // Interrupted: the chip is put to sleep next.
      if (!signal.aborted) await board.writeRegisters(RELOAD.map((address, i) => [address, before[i] ?? 0] as const));
    }
    measure('register-errors', errors);
    measure('register-bits', stuck);
    const [p3, p7, selection] = (await board.readGpio()) as [number, number, number];
    measure('gpio-p3', p3);
    measure('gpio-p7', p7);
    measure('interface-pins', selection & 0x03);
  },
};
