import type { CostClass } from './command-row.ts';

/**
 * What a command of each class may be expected to take, in microseconds, on a slow host: a flush waits for a disk, and
 * signatures are computed in JavaScript. Links ask the reader for that much time; too much costs one short exchange.
 */
export const EXPECTED_MICROSECONDS: Readonly<Record<CostClass, number>> = {
  ram: 200,
  memory: 20_000,
  symmetric: 20_000,
  asymmetric: 200_000,
};
