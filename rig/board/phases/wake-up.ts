import type { Phase } from '../phase.ts';

export const wakeUp: Phase = {
  id: 'wake-up',
  title: 'Wake-up',
  fatal: true,
  measurements: [
    {
      id: 'wake-up-time',
      what: 'From the opened port to the answered SAMConfiguration',
      unit: 'ms',
      // The chip answers within 15 ms; what is over that is the opening of the port and a USB bridge.
      limits: { max: 1000 },
      timed: true,
    },
  ],
  async run({ board, clock, measure, instruct }) {
    await instruct('Connect the board, and take every card and phone away from its antenna.');
    const startNs = clock.nowNs();
    await board.wakeUp();
    measure('wake-up-time', (clock.nowNs() - startNs) / 1e6);
  },
};
