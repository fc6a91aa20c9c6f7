import type { Phase } from '../phase.ts';

/** The last exchanges of a test are judged like all others: back to 115200 baud, InRelease, PowerDown. */
export const sleep: Phase = {
  id: 'sleep',
  title: 'Sleep',
  // It ends every test, whatever phases were asked for.
  fatal: true,
  measurements: [
    {
      id: 'sleep-time',
      what: 'Until the chip sleeps and the port is closed',
      unit: 'ms',
      limits: { max: 1000 },
      timed: true,
    },
  ],
  async run({ board, clock, measure }) {
    const startNs = clock.nowNs();
    await board.close();
    measure('sleep-time', (clock.nowNs() - startNs) / 1e6);
  },
};
