import type { Phase } from '../phase.ts';

/** Bits of Andet_Control, as the parameter of the self-test has them. */
const ENABLE = 0x01;
const LOW_SHIFT = 4;
const HIGH_SHIFT = 1;
/** Thresholds of the transmitter's current, mA, and their codes. */
const LOW_MA = [
  [25, 0b10],
  [35, 0b11],
] as const;
const HIGH_MA = [45, 60, 75, 90, 105, 120, 130, 150] as const;

const WIDEST = ENABLE | (LOW_MA[0][1] << LOW_SHIFT) | ((HIGH_MA.length - 1) << HIGH_SHIFT);

/**
 * Is an antenna there, and between which thresholds does the transmitter's current lie. The chip compares only; the two
 * bounds come from asking at every threshold.
 */
export const antenna: Phase = {
  id: 'antenna',
  title: 'Antenna',
  fatal: false,
  measurements: [
    {
      id: 'antenna-self-test',
      what: 'Self-test at 25 to 150 mA (00: antenna detected)',
      unit: '',
      limits: { equals: 0 },
      format: 'hex',
    },
    { id: 'antenna-over', what: 'Highest lower threshold that passes', unit: 'mA', limits: null },
    { id: 'antenna-under', what: 'Lowest upper threshold that passes', unit: 'mA', limits: null },
  ],
  async run({ board, measure, keep, signal }) {
    measure('antenna-self-test', await board.antenna(WIDEST));
    let over = 0;
    const results: number[] = [];
    for (const [ma, code] of LOW_MA) {
      signal.throwIfAborted();
      const result = await board.antenna(ENABLE | (code << LOW_SHIFT) | ((HIGH_MA.length - 1) << HIGH_SHIFT));
      results.push(result);
      if (result === 0) over = ma;
    }
    let under = 0;
    for (const [code, ma] of HIGH_MA.entries()) {
      signal.throwIfAborted();
      const result = await board.antenna(ENABLE | (LOW_MA[0][1] << LOW_SHIFT) | (code << HIGH_SHIFT));
      results.push(result);
      if (result === 0 && under === 0) under = ma;
    }
    keep({
      id: 'antenna-results',
      what: 'Result bytes, lower thresholds 25 and 35 mA, then upper ones from 45 to 150 mA',
      unit: '',
      values: results,
    });
    measure('antenna-over', over === 0 ? 'none' : over);
    measure('antenna-under', under === 0 ? 'none' : under);
  },
};
